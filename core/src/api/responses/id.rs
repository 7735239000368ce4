//! Names of responses that lead back to the deployment which made them. Nothing is stored for it: the deployment, the
//! model's name as the client said it and the upstream's own id stand in the name. It grants nothing: whoever shows it
//! must be allowed to use that model.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How every name begins.
const PREFIX: &str = "resp_";
/// The form of what stands in a name. Another one would begin otherwise.
const FORM: &str = "1";
/// Stands between the parts. No model or deployment has it in its name.
const BETWEEN: char = '\n';

/// What a name leads back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseId {
    /// The deployment that made the response.
    pub deployment: String,
    /// The model's name as the client said it.
    pub model: String,
    /// What the upstream calls the response: letters, digits, `_`, `-`, `.`, `:`.
    pub upstream: String,
}

impl ResponseId {
    /// The name of a response for clients.
    pub fn name(deployment: &str, model: &str, upstream: &str) -> String {
        let said = [FORM, deployment, model, upstream].join("\n");
        let mut name = PREFIX.to_owned();
        URL_SAFE_NO_PAD.encode_string(said, &mut name);
        name
    }

    /// Reads a name. `None` for one that was not made here, such as an upstream's own.
    pub fn read(name: &str) -> Option<Self> {
        let said = URL_SAFE_NO_PAD.decode(name.strip_prefix(PREFIX)?).ok()?;
        let mut parts = std::str::from_utf8(&said).ok()?.split(BETWEEN);
        parts.next().filter(|form| *form == FORM)?;
        let mut part = || parts.next().filter(|part| !part.is_empty()).map(str::to_owned);
        let id = Self { deployment: part()?, model: part()?, upstream: part()? };
        (parts.next().is_none() && is_plain(&id.upstream)).then_some(id)
    }
}

/// Whether an id can stand in a path.
fn is_plain(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':');
    id.bytes().all(is_plain) && !id.bytes().all(|byte| byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_back_to_what_made_it() {
        let name = ResponseId::name("d-1", "openai/gpt 4", "resp_68a");
        let (deployment, model, upstream) = ("d-1".to_owned(), "openai/gpt 4".to_owned(), "resp_68a".to_owned());
        assert_eq!(ResponseId::read(&name), Some(ResponseId { deployment, model, upstream }));
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')), "{name}");
    }

    #[test]
    fn names_that_were_not_made_here_are_not_read() {
        for name in ["resp_68a1b2c3", "", "resp_", "msg_1"] {
            assert_eq!(ResponseId::read(name), None, "{name}");
        }
    }

    #[test]
    fn a_name_cannot_lead_to_another_path() {
        for upstream in ["../keys", "a/b", "a?x=1", "a%2fb", "..", "a\nb", ""] {
            assert_eq!(ResponseId::read(&ResponseId::name("d", "m", upstream)), None, "{upstream}");
        }
    }
}
