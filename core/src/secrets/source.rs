//! The seam: a place that knows secrets by name.

use crate::secret::Secret;
use crate::secret_reference::SecretReference;
use async_trait::async_trait;
use futures_util::StreamExt;
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

/// How many secrets are fetched at once: quick at start, and far below any service's limit.
const FETCHES_AT_ONCE: usize = 8;

/// A place that knows secrets by name.
#[async_trait]
pub trait SecretSource: Send + Sync {
    /// The whole secret of this name; `None` where there is none.
    ///
    /// # Errors
    /// [`SecretError`]; never [`SecretError::Missing`].
    async fn fetch(&self, name: &str) -> Result<Option<Secret>, SecretError>;

    /// Several at once, in the order asked for. A place that answers many in one call says so here.
    async fn fetch_all(&self, names: &[String]) -> Vec<Result<Option<Secret>, SecretError>> {
        let fetches: Vec<_> = names.iter().map(|name| self.fetch(name)).collect();
        futures_util::stream::iter(fetches).buffered(FETCHES_AT_ONCE).collect().await
    }
}

/// A place that keeps what it is given.
#[async_trait]
pub trait SecretKeeper: Send + Sync {
    /// Stores a secret under a name; one that is there already gets the new value.
    ///
    /// # Errors
    /// As [`SecretSource::fetch`].
    async fn write(&self, name: &str, value: &Secret) -> Result<(), SecretError>;

    /// Takes a secret away; none is no error.
    ///
    /// # Errors
    /// As [`SecretSource::fetch`].
    async fn delete(&self, name: &str) -> Result<(), SecretError>;
}

#[async_trait]
impl<S: SecretSource + ?Sized> SecretSource for Arc<S> {
    async fn fetch(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        self.as_ref().fetch(name).await
    }

    async fn fetch_all(&self, names: &[String]) -> Vec<Result<Option<Secret>, SecretError>> {
        self.as_ref().fetch_all(names).await
    }
}

/// Why a secret is not known. Names the secret; never holds its value.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is no such secret.
    #[error("there is no secret `{name}`")]
    Missing {
        /// The secret.
        name: String,
    },
    /// A field was asked of a secret that is no JSON object.
    #[error("the secret `{name}` is no JSON object, so it has no field `{field}`")]
    NotAnObject {
        /// The secret.
        name: String,
        /// The field asked for.
        field: String,
    },
    /// The secret lacks the field.
    #[error("the secret `{name}` has no field `{field}`")]
    NoField {
        /// The secret.
        name: String,
        /// The field asked for.
        field: String,
    },
    /// The field is there, but is no text, number or truth value.
    #[error("the field `{field}` of the secret `{name}` is no text")]
    NotText {
        /// The secret.
        name: String,
        /// The field asked for.
        field: String,
    },
    /// The secret is bytes that are no text.
    #[error("the secret `{name}` is no text")]
    Binary {
        /// The secret.
        name: String,
    },
    /// This process may not read it.
    #[error("the secret `{name}` is not ours to use: {advice}")]
    Denied {
        /// The secret.
        name: String,
        /// What to do.
        advice: String,
        /// The cause, for logs.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The source asks for less; try again later.
    #[error("the source of the secret `{name}` is throttling")]
    Throttled {
        /// The secret.
        name: String,
        /// The cause, for logs.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The name is none that the source can have.
    #[error("the secret `{name}` cannot be: {reason}")]
    Name {
        /// The secret.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// The source cannot be reached.
    #[error("the source of the secret `{name}` cannot be reached")]
    Unavailable {
        /// The secret.
        name: String,
        /// The cause, for logs.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

impl SecretError {
    /// Whether it may be otherwise a little later.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Unavailable { .. })
    }
}

/// What a reference means: the secret, or the field of it.
///
/// # Errors
/// [`SecretError`], where the secret or its field is not there as well.
pub async fn resolve(source: &dyn SecretSource, reference: &SecretReference) -> Result<Secret, SecretError> {
    let name = reference.name.as_str();
    let whole = source.fetch(name).await?.ok_or_else(|| SecretError::Missing { name: name.to_owned() })?;
    reference.field.as_deref().map_or(Ok(whole.clone()), |field| field_of(&whole, name, field))
}

/// What several references mean, in their order. One secret with ten fields is fetched once. Where several fail, the first is told.
///
/// # Errors
/// As [`resolve`].
pub async fn resolve_all(
    source: &dyn SecretSource,
    references: &[SecretReference],
) -> Result<Vec<Secret>, SecretError> {
    let mut names: Vec<String> = references.iter().map(|reference| reference.name.clone()).collect();
    names.sort_unstable();
    names.dedup();
    let mut found: HashMap<String, Result<Option<Secret>, SecretError>> =
        names.iter().cloned().zip(source.fetch_all(&names).await).collect();
    // The first failure in the order asked for is the one that is told.
    let failed = references.iter().find(|reference| matches!(found.get(&reference.name), Some(Err(_))));
    if let Some(Err(error)) = failed.and_then(|reference| found.remove(&reference.name)) {
        return Err(error);
    }
    references.iter().map(|reference| meant(found.get(&reference.name), reference)).collect()
}

fn meant(
    found: Option<&Result<Option<Secret>, SecretError>>,
    reference: &SecretReference,
) -> Result<Secret, SecretError> {
    let Some(Ok(Some(whole))) = found else { return Err(SecretError::Missing { name: reference.name.clone() }) };
    reference.field.as_deref().map_or(Ok(whole.clone()), |field| field_of(whole, &reference.name, field))
}

pub(super) fn field_of(whole: &Secret, name: &str, field: &str) -> Result<Secret, SecretError> {
    let (name, field) = (|| name.to_owned(), || field.to_owned());
    // The parser's own error would quote the secret, so it is dropped.
    let Ok(serde_json::Value::Object(mut fields)) = serde_json::from_str(whole.expose()) else {
        return Err(SecretError::NotAnObject { name: name(), field: field() });
    };
    match fields.remove(&field()) {
        None | Some(serde_json::Value::Null) => Err(SecretError::NoField { name: name(), field: field() }),
        Some(serde_json::Value::String(text)) => Ok(Secret::new(text)),
        Some(serde_json::Value::Number(number)) => Ok(Secret::new(number.to_string())),
        Some(serde_json::Value::Bool(truth)) => Ok(Secret::new(truth.to_string())),
        Some(_) => Err(SecretError::NotText { name: name(), field: field() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::FixedSecrets;

    async fn resolved(reference: &str) -> Result<Secret, SecretError> {
        let source = FixedSecrets::default()
            .with("plain", "sk-plain")
            .with("json", r#"{"key":"sk-json","port":5432,"nested":{"a":1},"none":null}"#);
        resolve(&source, &SecretReference::parse(reference).expect("a reference")).await
    }

    #[tokio::test]
    async fn a_reference_gives_the_secret_or_a_field_of_it() {
        assert_eq!(resolved("aws_secret/plain").await.expect("whole").expose(), "sk-plain");
        assert_eq!(resolved("aws_secret/json#key").await.expect("field").expose(), "sk-json");
        assert_eq!(resolved("aws_secret/json#port").await.expect("field").expose(), "5432");
    }

    #[tokio::test]
    async fn several_references_are_answered_in_their_order() {
        let source = FixedSecrets::default().with("a", "1").with("b", "2");
        let references = ["aws_secret/b", "aws_secret/a", "aws_secret/b"]
            .map(|text| SecretReference::parse(text).expect("a reference"));
        let secrets = resolve_all(&source, &references).await.expect("all known");
        assert_eq!(secrets.iter().map(Secret::expose).collect::<Vec<_>>(), ["2", "1", "2"]);
    }

    #[tokio::test]
    async fn errors_name_the_secret_and_never_its_value() {
        for (reference, wanted) in [
            ("aws_secret/other", "there is no secret `other`"),
            ("aws_secret/plain#key", "the secret `plain` is no JSON object, so it has no field `key`"),
            ("aws_secret/json#absent", "the secret `json` has no field `absent`"),
            ("aws_secret/json#none", "the secret `json` has no field `none`"),
            ("aws_secret/json#nested", "the field `nested` of the secret `json` is no text"),
        ] {
            let error = resolved(reference).await.expect_err("refused");
            assert_eq!(error.to_string(), wanted);
            assert!(!format!("{error:?}").contains("sk-"), "{error:?}");
        }
    }
}
