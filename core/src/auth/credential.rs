//! What a request presents to say who it is. Reads headers; compares and stores nothing.

use crate::secret::Secret;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Headers that may carry a key, first found first taken: LiteLLM's order.
const KEY_HEADERS: [(&str, Form); 6] = [
    ("x-litellm-api-key", Form::BareOrBearer),
    ("authorization", Form::Bearer),
    ("api-key", Form::BareOrBearer),
    ("x-api-key", Form::BareOrBearer),
    ("x-goog-api-key", Form::BareOrBearer),
    ("ocp-apim-subscription-key", Form::BareOrBearer),
];

/// Whether keys may come in a header of this name.
pub fn carries_keys(name: &HeaderName) -> bool {
    KEY_HEADERS.iter().any(|(known, _)| name == known)
}

/// Longest key or token that is looked at. Longer text is none, and hashing it would only cost time.
const KEY_BYTES_MAX: usize = 16 << 10;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Bearer,
    BareOrBearer,
}

/// A key as a request presented it.
#[derive(Clone, Debug)]
pub struct Credential(Secret);

/// Why the headers hold no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// None of the headers is there.
    #[error("no header carries a key")]
    Missing,
    /// The header that decides is there, but holds no key: another scheme, nothing behind the scheme, or text that no
    /// key can be.
    #[error("a header is there but holds no key")]
    Malformed,
}

impl Credential {
    /// Takes a key that came by another way than a header.
    pub fn new(key: impl Into<String>) -> Self {
        Self(Secret::new(key))
    }

    /// Reads the key from the first header that may carry one. A header that is there decides, even where a later one
    /// would have held a better key: which key is meant must not depend on its being valid.
    ///
    /// # Errors
    /// [`CredentialError`] says whether a header is missing or wrong.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, CredentialError> {
        for (name, form) in KEY_HEADERS {
            if let Some(value) = headers.get(name) {
                return key_in(value, form).map(Self::new).ok_or(CredentialError::Malformed);
            }
        }
        Err(CredentialError::Missing)
    }

    /// The same, where the configuration names a header that goes before all others.
    ///
    /// # Errors
    /// As [`Credential::from_headers`].
    pub fn from_headers_after(first: &HeaderName, headers: &HeaderMap) -> Result<Self, CredentialError> {
        match headers.get(first) {
            Some(value) => key_in(value, Form::BareOrBearer).map(Self::new).ok_or(CredentialError::Malformed),
            None => Self::from_headers(headers),
        }
    }

    /// The key's text, for hashing and comparing.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

fn key_in(value: &HeaderValue, form: Form) -> Option<&str> {
    let text = value.to_str().ok()?.trim();
    let key = match text.split_once(' ') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") => rest.trim_start(),
        Some(_) => return None,
        None if form == Form::Bearer => return None,
        None => text,
    };
    (!key.is_empty() && key.len() <= KEY_BYTES_MAX).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&'static str, &'static str)]) -> Result<String, CredentialError> {
        let map =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect();
        Credential::from_headers(&map).map(|credential| credential.expose().to_owned())
    }

    #[test]
    fn a_key_is_found_in_every_header_that_clients_use() {
        for (name, value) in [
            ("authorization", "Bearer sk-1"),
            ("authorization", "bEARER  sk-1"),
            ("x-litellm-api-key", "sk-1"),
            ("x-litellm-api-key", "Bearer sk-1"),
            ("x-api-key", "sk-1"),
            ("api-key", "sk-1"),
            ("x-goog-api-key", "sk-1"),
        ] {
            assert_eq!(read(&[(name, value)]).as_deref(), Ok("sk-1"), "{name}: {value}");
        }
    }

    #[test]
    fn our_own_header_goes_before_authorization_and_that_before_the_others() {
        let all = [("x-api-key", "sk-3"), ("authorization", "Bearer sk-2"), ("x-litellm-api-key", "sk-1")];
        assert_eq!(read(&all).as_deref(), Ok("sk-1"));
        assert_eq!(read(&all[..2]).as_deref(), Ok("sk-2"));
    }

    #[test]
    fn a_header_of_the_operators_own_goes_before_all_others() {
        let own = HeaderName::from_static("x-gateway-key");
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static("Bearer sk-2"));
        let read = |headers: &HeaderMap| Credential::from_headers_after(&own, headers).map(|c| c.expose().to_owned());
        assert_eq!(read(&headers).as_deref(), Ok("sk-2"));
        headers.insert("x-gateway-key", HeaderValue::from_static("Bearer sk-1"));
        assert_eq!(read(&headers).as_deref(), Ok("sk-1"));
        headers.insert("x-gateway-key", HeaderValue::from_static(""));
        assert_eq!(read(&headers), Err(CredentialError::Malformed));
    }

    #[test]
    fn a_broken_header_is_not_passed_over_for_a_later_one() {
        let broken = [("authorization", "sk-1"), ("x-api-key", "sk-2")];
        assert_eq!(read(&broken), Err(CredentialError::Malformed));
        for value in ["", "Bearer", "Bearer ", "Basic c2s6MQ==", "sk-1\u{e9}"] {
            let mut headers = HeaderMap::new();
            headers.insert("authorization", HeaderValue::from_bytes(value.as_bytes()).unwrap());
            assert_eq!(Credential::from_headers(&headers).unwrap_err(), CredentialError::Malformed, "{value}");
        }
    }

    #[test]
    fn a_request_without_any_key_header_is_told_so() {
        assert_eq!(read(&[("content-type", "application/json")]), Err(CredentialError::Missing));
    }

    #[test]
    fn a_credential_does_not_show_itself() {
        assert!(!format!("{:?}", Credential::new("sk-secret")).contains("secret"));
    }
}
