//! How a configuration names a secret: `aws_secret/NAME` or `aws_secret/NAME#field`. Reads text; fetches nothing.

use std::fmt;
use std::str::FromStr;

/// What a reference begins with.
const PREFIX: &str = "aws_secret/";

/// A secret's name, and the field of it where one is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SecretReference {
    name: String,
    field: Option<String>,
}

impl SecretReference {
    /// The secret's name or ARN. Never empty.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The field of its JSON object. Never empty.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// Whether the text means a secret, right or wrong.
    pub fn is_meant_by(text: &str) -> bool {
        text.starts_with(PREFIX)
    }
}

impl fmt::Display for SecretReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.name)?;
        self.field.as_ref().map_or(Ok(()), |field| write!(f, "#{field}"))
    }
}

/// The text is no reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no secret: write `aws_secret/NAME` or `aws_secret/NAME#field`")]
pub struct InvalidReference(String);

impl FromStr for SecretReference {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        let invalid = || InvalidReference(text.to_owned());
        let rest = text.strip_prefix(PREFIX).ok_or_else(invalid)?;
        let (name, field) = match rest.split_once('#') {
            Some((name, field)) => (name, Some(field.to_owned())),
            None => (rest, None),
        };
        if name.is_empty() || field.as_ref().is_some_and(String::is_empty) {
            return Err(invalid());
        }
        Ok(Self { name: name.to_owned(), field })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_field_are_told_apart() {
        let whole: SecretReference = "aws_secret/prod/openai".parse().expect("a reference");
        assert_eq!((whole.name(), whole.field()), ("prod/openai", None));
        let field: SecretReference = "aws_secret/prod/openai#api#key".parse().expect("a reference");
        assert_eq!((field.name(), field.field()), ("prod/openai", Some("api#key")));
        assert_eq!(field.to_string(), "aws_secret/prod/openai#api#key");
    }

    #[test]
    fn a_reference_without_a_name_or_an_empty_field_is_refused() {
        for text in ["prod/openai", "aws_secret/", "aws_secret/#key", "aws_secret/name#"] {
            assert!(text.parse::<SecretReference>().is_err(), "{text} was taken");
        }
    }
}
