//! Google's errors, with a status or inside a stream.
//!
//! <https://cloud.google.com/apis/design/errors>

pub(super) use crate::providers::failure::excerpt;
use crate::providers::failure::{FailureClass, ProviderFailure};
use serde::Deserialize;

/// Longest wait that is believed, in seconds: a day, after which quotas begin anew.
const RETRY_SECONDS_MAX: f64 = 86_400.0;

#[derive(Deserialize)]
struct Body {
    error: ErrorMember,
}

/// The member `error` of an answer or of a piece of a stream.
#[derive(Debug, Deserialize)]
pub(super) struct ErrorMember {
    #[serde(default)]
    code: Option<u16>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Detail {
    reason: Option<String>,
    retry_delay: Option<String>,
}

/// Reads an answer of an error status.
pub fn read(status: u16, body: &[u8]) -> ProviderFailure {
    match parse(body) {
        Some(error) => of(status, error),
        None => {
            let message = match excerpt(body) {
                text if text.is_empty() => format!("the upstream answered with status {status} and no body"),
                text => text,
            };
            ProviderFailure { class: FailureClass::of_status(status), status, message, param: None }
        }
    }
}

/// Reads an error that came with status 200, or in a stream.
pub(super) fn in_band(error: ErrorMember) -> ProviderFailure {
    let status = error.code.filter(|code| (400..600).contains(code)).unwrap_or(500);
    of(status, error)
}

/// After how many seconds the provider says to try again.
pub fn retry_after(body: &[u8]) -> Option<u32> {
    let told = parse(body)?.details.into_iter().find_map(|detail| detail.retry_delay)?;
    let seconds: f64 = told.strip_suffix('s')?.parse().ok()?;
    // A float-to-int cast saturates, and the range is checked.
    (0.0..=RETRY_SECONDS_MAX).contains(&seconds).then(|| seconds.ceil() as u32)
}

/// An error, or a list that begins with one, as some of Google's services answer.
fn parse(body: &[u8]) -> Option<ErrorMember> {
    // A struct can be read from a list too, member by member: so the list is looked for first.
    if body.trim_ascii_start().starts_with(b"[") {
        return serde_json::from_slice::<Vec<Body>>(body).ok()?.into_iter().next().map(|body| body.error);
    }
    serde_json::from_slice::<Body>(body).ok().map(|body| body.error)
}

fn of(status: u16, error: ErrorMember) -> ProviderFailure {
    let message = error.message.unwrap_or_else(|| "the upstream told of an error without words".to_owned());
    let is_about_key = message.contains("API key not valid")
        || message.contains("API key expired")
        || error.details.iter().any(|detail| detail.reason.as_deref() == Some("API_KEY_INVALID"));
    let (class, status) = match status {
        // A key that is none is no fault of the request's form.
        400 if is_about_key => (FailureClass::Authentication, 401),
        400 if is_too_long(&message) => (FailureClass::ContextWindow, 400),
        400 if is_policy(&message) => (FailureClass::ContentPolicy, 400),
        _ => (FailureClass::of_status(status), status),
    };
    ProviderFailure { class, status, message, param: None }
}

/// In Google's words, and in those of Claude behind it.
fn is_too_long(message: &str) -> bool {
    message.contains("input token count") && message.contains("exceeds")
        || message.contains("exceeds the maximum number of tokens")
        || message.contains("prompt is too long")
}

fn is_policy(message: &str) -> bool {
    message.contains("content filtering policy") || message.contains("safety") && message.contains("block")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_known_by_their_class() {
        let too_long = "The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).";
        for (status, message, wanted) in [
            (400, "Invalid value at 'generation_config.temperature'", (FailureClass::BadRequest, 400)),
            (400, "API key not valid. Please pass a valid API key.", (FailureClass::Authentication, 401)),
            (400, too_long, (FailureClass::ContextWindow, 400)),
            (403, "Permission denied on resource project p1.", (FailureClass::Permission, 403)),
            (404, "models/nope is not found for API version v1beta", (FailureClass::NotFound, 404)),
            (429, "Quota exceeded for quota metric", (FailureClass::RateLimited, 429)),
            (503, "The model is overloaded. Please try again later.", (FailureClass::Overloaded, 503)),
            (504, "Deadline expired before operation could complete.", (FailureClass::Timeout, 504)),
        ] {
            let body = format!(r#"{{"error":{{"code":{status},"message":"{message}","status":"X"}}}}"#);
            let failure = read(status, body.as_bytes());
            assert_eq!(((failure.class, failure.status), failure.message.as_str()), (wanted, message));
            let listed = read(status, format!("[{body}]").as_bytes());
            assert_eq!(listed, failure);
        }
        assert_eq!(read(502, b"<html>bad gateway</html>").message, "<html>bad gateway</html>");
    }

    #[test]
    fn the_wait_that_the_provider_asks_for_is_found_in_its_details() {
        let told = |delay: &str| {
            let body = format!(r#"{{"error":{{"code":429,"details":[{{"@type":"x"}},{{"retryDelay":"{delay}"}}]}}}}"#);
            retry_after(body.as_bytes())
        };
        assert_eq!(
            (told("17s"), told("0.5s"), told("soon"), told("-1s"), told("1e99s")),
            (Some(17), Some(1), None, None, None)
        );
        assert_eq!(retry_after(b"{}"), None);
    }
}
