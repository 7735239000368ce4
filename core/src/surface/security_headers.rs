//! What browsers are told about every answer: take it for what it says it is, show it in no frame, and, where it came by
//! HTTPS, come back by HTTPS only.

use crate::config::Environment;
use http::header::{STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use http::{HeaderMap, HeaderValue};

/// For how long browsers come back by HTTPS only where nothing else is set: a year, in seconds.
pub const HSTS_SECONDS: u32 = 31_536_000;

/// The variable that says so.
pub const HSTS_VARIABLE: &str = "POSTERN_HSTS_SECONDS";

/// The variable says something else.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("environment variable {HSTS_VARIABLE} must be a number of seconds (0: none), not `{0}`")]
pub struct NotSeconds(String);

/// What every answer of a process carries.
#[derive(Clone, Debug, Default)]
pub struct SecurityHeaders {
    hsts: Option<HeaderValue>,
}

impl SecurityHeaders {
    /// For answers that go out under TLS. 0 seconds says nothing of what comes after.
    pub fn by_https(hsts_seconds: u32) -> Self {
        let value = (hsts_seconds > 0).then(|| HeaderValue::try_from(format!("max-age={hsts_seconds}")).ok());
        Self { hsts: value.flatten() }
    }

    /// For answers of a function: it is reached by HTTPS only.
    ///
    /// # Errors
    /// [`NotSeconds`]: the variable is wrong.
    pub fn of_function(environment: &Environment) -> Result<Self, NotSeconds> {
        let seconds = environment.text(HSTS_VARIABLE).map(|text| text.parse().map_err(|_| NotSeconds(text.to_owned())));
        Ok(Self::by_https(seconds.transpose()?.unwrap_or(HSTS_SECONDS)))
    }

    /// Adds them. An upstream's own never pass to a client under these names.
    pub(super) fn add(&self, headers: &mut HeaderMap) {
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        if let Some(hsts) = &self.hsts {
            headers.insert(STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hsts(seconds: &str) -> Option<HeaderValue> {
        let environment = Environment::from_pairs([(HSTS_VARIABLE, seconds)]);
        let mut headers = HeaderMap::new();
        SecurityHeaders::of_function(&environment).unwrap().add(&mut headers);
        assert_eq!(headers.remove(X_CONTENT_TYPE_OPTIONS).unwrap(), "nosniff");
        assert_eq!(headers.remove(X_FRAME_OPTIONS).unwrap(), "DENY");
        headers.remove(STRICT_TRANSPORT_SECURITY)
    }

    #[test]
    fn browsers_are_told_to_come_back_by_https_for_as_long_as_is_set() {
        assert_eq!(hsts("").unwrap(), "max-age=31536000");
        assert_eq!(hsts("60").unwrap(), "max-age=60");
        assert_eq!(hsts("0"), None);
        let wrong = Environment::from_pairs([(HSTS_VARIABLE, "a year")]);
        let error = SecurityHeaders::of_function(&wrong).unwrap_err().to_string();
        assert_eq!(
            error,
            "environment variable POSTERN_HSTS_SECONDS must be a number of seconds (0: none), not `a year`"
        );
    }
}
