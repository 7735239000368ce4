//! Secrets that are all fields of one: `primary_secret_name`.

use super::source::{SecretError, SecretSource, field_of};
use crate::secret::Secret;
use async_trait::async_trait;

/// Gives the fields of one secret, a JSON object, as secrets of their names. Several cost one fetch.
pub struct PrimarySecret<S> {
    source: S,
    name: String,
}

impl<S: SecretSource> PrimarySecret<S> {
    /// The fields of the secret `name` of `source`.
    pub fn new(source: S, name: impl Into<String>) -> Self {
        Self { source, name: name.into() }
    }

    async fn whole(&self) -> Result<Secret, SecretError> {
        // Everything depends on it, so that it is no secret among others that may be missing.
        self.source.fetch(&self.name).await?.ok_or_else(|| SecretError::Missing { name: self.name.clone() })
    }

    fn field(&self, whole: &Secret, field: &str) -> Result<Option<Secret>, SecretError> {
        match field_of(whole, &self.name, field) {
            Ok(secret) => Ok(Some(secret)),
            Err(SecretError::NoField { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl<S: SecretSource> SecretSource for PrimarySecret<S> {
    async fn fetch(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        self.field(&self.whole().await?, name)
    }

    async fn fetch_all(&self, names: &[String]) -> Vec<Result<Option<Secret>, SecretError>> {
        let whole = match self.whole().await {
            Ok(whole) => whole,
            Err(error) => {
                let text = error.to_string();
                let same = |name: &String| SecretError::Unavailable { name: name.clone(), cause: text.clone().into() };
                return std::iter::once(error).chain(names.iter().skip(1).map(same)).map(Err).collect();
            }
        };
        names.iter().map(|name| self.field(&whole, name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::FixedSecrets;

    #[tokio::test]
    async fn each_field_is_a_secret_of_its_name() {
        let fixed = FixedSecrets::default().with("all", r#"{"A":"sk-a","B":"sk-b"}"#);
        let primary = PrimarySecret::new(fixed, "all");
        let found = primary.fetch_all(&["A".to_owned(), "C".to_owned(), "B".to_owned()]).await;
        let found: Vec<_> = found.into_iter().map(|one| one.unwrap().map(|one| one.expose().to_owned())).collect();
        assert_eq!(found, [Some("sk-a".to_owned()), None, Some("sk-b".to_owned())]);
        assert_eq!(primary.fetch("B").await.unwrap().unwrap().expose(), "sk-b");
    }

    #[tokio::test]
    async fn a_primary_secret_that_is_not_there_is_an_error() {
        let primary = PrimarySecret::new(FixedSecrets::default(), "all");
        let told = primary.fetch_all(&["A".to_owned()]).await.remove(0).unwrap_err();
        assert_eq!(told.to_string(), "there is no secret `all`");
    }
}
