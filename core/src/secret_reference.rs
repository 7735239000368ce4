//! How a configuration names a secret: `aws_secret/NAME` or `aws_secret/NAME#field`. Reads text; fetches nothing.

use std::fmt;

/// What a reference begins with.
pub const FROM_AWS_SECRET: &str = "aws_secret/";

/// A secret of AWS Secrets Manager: the whole text, or one field of a JSON object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretReference {
    /// Name or ARN of the secret.
    pub name: String,
    /// The field of the JSON object that the secret holds; the whole text where unset.
    pub field: Option<String>,
}

impl SecretReference {
    /// Reads `aws_secret/NAME#field`; `None` for every other text.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(FROM_AWS_SECRET)?;
        let (name, field) = rest.split_once('#').map_or((rest, None), |(name, field)| (name, Some(field)));
        let field = field.filter(|field| !field.is_empty()).map(str::to_owned);
        (!name.is_empty()).then(|| Self { name: name.to_owned(), field })
    }
}

impl fmt::Display for SecretReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{FROM_AWS_SECRET}{}", self.name)?;
        self.field.as_ref().map_or(Ok(()), |field| write!(f, "#{field}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_name_and_perhaps_a_field() {
        let read = |text| SecretReference::parse(text).map(|found| (found.name, found.field));
        assert_eq!(read("aws_secret/a/b"), Some(("a/b".to_owned(), None)));
        assert_eq!(read("aws_secret/a#k"), Some(("a".to_owned(), Some("k".to_owned()))));
        assert_eq!(read("aws_secret/"), None);
        assert_eq!(read("sk-1"), None);
    }
}
