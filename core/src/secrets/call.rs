//! The seam to managers that are reached by HTTP: one request out, one whole answer back. Who sends them, and how they
//! show who we are, is decided above; and what answers mean that all such managers give.

use super::source::SecretError;
use crate::secret::Secret;
use async_trait::async_trait;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use serde::de::DeserializeOwned;
use std::error::Error;
use std::fmt::Write;

/// How much of a refusal is told.
const REASON_CHARACTERS_MAX: usize = 200;

/// Why there is no answer.
pub type CallError = Box<dyn Error + Send + Sync>;

/// Sends requests to a manager, each within a few seconds.
#[async_trait]
pub trait Calls: Send + Sync {
    /// Sends one request and gives the answer, whatever its status.
    ///
    /// # Errors
    /// [`CallError`]: nobody answered.
    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, CallError>;
}

/// A request with a JSON body, or with none.
pub(super) fn request(
    method: Method,
    address: &str,
    body: Option<serde_json::Value>,
) -> Result<Request<Bytes>, CallError> {
    let bytes = body.as_ref().map(|body| Bytes::from(body.to_string())).unwrap_or_default();
    let mut request = Request::new(bytes);
    *request.method_mut() = method;
    *request.uri_mut() = address.parse::<Uri>()?;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    if body.is_some() {
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(request)
}

/// A header's value that no log shows.
pub(super) fn sensitive(secret: &Secret) -> Result<HeaderValue, CallError> {
    let mut value = HeaderValue::from_str(secret.expose())?;
    value.set_sensitive(true);
    Ok(value)
}

/// `name` as a part of an address; slashes stay where the manager's names have steps.
pub(super) fn escaped(name: &str, keeps_slashes: bool) -> String {
    let mut escaped = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => escaped.push(char::from(byte)),
            b'/' if keeps_slashes => escaped.push('/'),
            // Writing to a text cannot fail.
            _ => drop(write!(escaped, "%{byte:02X}")),
        }
    }
    escaped
}

/// What a manager answered, with the secret's name for what is told of it.
pub(super) struct Answer<'a> {
    pub(super) name: &'a str,
    pub(super) response: Response<Bytes>,
    /// What to do where it refuses.
    pub(super) advice: &'a str,
}

impl Answer<'_> {
    /// The answer's document; `None` where there is no such secret.
    pub(super) fn document<T: DeserializeOwned>(&self) -> Result<Option<T>, SecretError> {
        if self.response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        self.done()?;
        // The parser's own error could quote the secret.
        let read = serde_json::from_slice(self.response.body());
        read.map(Some)
            .map_err(|_| unavailable(self.name, "the answer is not of the form that this manager gives".into()))
    }

    /// That what was asked for was done.
    pub(super) fn done(&self) -> Result<(), SecretError> {
        let status = self.response.status();
        if status.is_success() {
            return Ok(());
        }
        let body = String::from_utf8_lossy(self.response.body());
        let said: String = body.chars().take(REASON_CHARACTERS_MAX).collect();
        let cause = format!("status {}: {said}", status.as_u16()).into();
        let name = self.name.to_owned();
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                SecretError::Denied { name, advice: self.advice.to_owned(), cause }
            }
            StatusCode::TOO_MANY_REQUESTS => SecretError::Throttled { name, cause },
            _ => SecretError::Unavailable { name, cause },
        })
    }
}

pub(super) fn unavailable(name: &str, cause: CallError) -> SecretError {
    SecretError::Unavailable { name: name.to_owned(), cause }
}

#[cfg(test)]
pub(super) mod scripted {
    //! A manager that answers as it is told.

    use super::*;
    use std::collections::VecDeque;
    use std::sync::Mutex;

    /// What was asked: method, address, headers, body.
    #[derive(Clone, Debug)]
    pub(in crate::secrets) struct Asked {
        pub(in crate::secrets) line: String,
        pub(in crate::secrets) headers: http::HeaderMap,
        pub(in crate::secrets) body: serde_json::Value,
    }

    /// Gives its answers in turn; `None` is a manager that is down.
    #[derive(Default)]
    pub(in crate::secrets) struct Scripted {
        answers: Mutex<VecDeque<Option<(u16, String)>>>,
        pub(in crate::secrets) asked: Mutex<Vec<Asked>>,
    }

    impl Scripted {
        pub(in crate::secrets) fn of<const N: usize>(answers: [Option<(u16, &str)>; N]) -> std::sync::Arc<Self> {
            let answers = answers.map(|answer| answer.map(|(status, body)| (status, body.to_owned())));
            std::sync::Arc::new(Self { answers: Mutex::new(answers.into()), asked: Mutex::default() })
        }

        pub(in crate::secrets) fn lines(&self) -> Vec<String> {
            self.asked.lock().unwrap().iter().map(|asked| asked.line.clone()).collect()
        }

        pub(in crate::secrets) fn header(&self, at: usize, name: &str) -> Option<String> {
            let asked = self.asked.lock().unwrap();
            Some(asked[at].headers.get(name)?.to_str().unwrap().to_owned())
        }

        pub(in crate::secrets) fn body(&self, at: usize) -> serde_json::Value {
            self.asked.lock().unwrap()[at].body.clone()
        }
    }

    #[async_trait]
    impl Calls for Scripted {
        async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, CallError> {
            let body = request.body();
            let text = || serde_json::Value::from(String::from_utf8_lossy(body).into_owned());
            self.asked.lock().unwrap().push(Asked {
                line: format!("{} {}", request.method(), request.uri()),
                headers: request.headers().clone(),
                body: serde_json::from_slice(body).unwrap_or_else(|_| text()),
            });
            match self.answers.lock().unwrap().pop_front().flatten() {
                Some((status, body)) => Ok(Response::builder().status(status).body(Bytes::from(body)).unwrap()),
                None => Err("nobody answers".into()),
            }
        }
    }

    #[test]
    fn names_are_escaped_in_addresses() {
        assert_eq!(escaped("a b/c?d#e", true), "a%20b/c%3Fd%23e");
        assert_eq!(escaped("a/é", false), "a%2F%C3%A9");
    }
}
