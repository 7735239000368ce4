//! Which names of models may stand in an address. A wildcard deployment takes them from clients.

use crate::providers::provider::TransformError;

/// The name, where each part between its slashes is plain.
///
/// # Errors
/// [`TransformError::Unsayable`]: it would lead elsewhere.
pub fn checked(model: &str) -> Result<&str, TransformError> {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.' | '@' | ':');
    let is_part = |part: &str| !part.is_empty() && !part.contains("..") && part != "." && part.chars().all(is_plain);
    if model.split('/').all(is_part) {
        return Ok(model);
    }
    Err(TransformError::Unsayable { reason: format!("`{model}` is no name of a model there.") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_lead_elsewhere_are_refused() {
        for model in ["gemini-2.5-flash", "claude-sonnet-4@20250514", "tunedModels/my-tune", "openai/gpt-oss-20b-maas"]
        {
            assert!(checked(model).is_ok(), "{model}");
        }
        for model in ["", "a/../b", "..", "a//b", "/a", "a?key=1", "a#b", "a%2f..", "a b", "a\\b", "ä"] {
            assert!(checked(model).is_err(), "{model}");
        }
    }
}
