//! What a client asks of a model, as the surface hands it over: nothing is parsed yet.

use super::error::CallError;
use crate::api::form::Form;
use crate::providers::operation::Operation;
use crate::providers::passing::Passed;
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use std::net::IpAddr;
use tokio::time::Instant;

/// What a client asks.
#[derive(Clone, Debug)]
pub struct CallRequest {
    /// What is asked.
    pub operation: Operation,
    /// The route that was matched, as key permissions name it.
    pub route: &'static str,
    /// The model, where the path names it.
    pub path_model: Option<String>,
    /// The request's headers.
    pub headers: HeaderMap,
    /// The request's body; of a form, once it is read, its texts as a JSON object.
    pub body: Bytes,
    /// The body of an operation that takes a form, once it is read.
    pub form: Option<Form>,
    /// The address that the connection came from, for the spend row. Never what a header claims.
    pub client_address: Option<IpAddr>,
    /// The provider's own API that is called, where one is: the bytes pass as they are.
    pub passed: Option<Box<Passed>>,
    /// When the process may be stopped: the answer must have gone out before. `None`: it runs on.
    pub deadline: Option<Instant>,
}

impl CallRequest {
    /// The request with its form read, where the operation takes one.
    pub(super) fn with_form(mut self) -> Result<Self, CallError> {
        if self.operation.takes_form() {
            let content_type = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let form = Form::parse(content_type, self.body)?;
            self.body = form.to_json()?.into();
            self.form = Some(form);
        }
        Ok(self)
    }
}
