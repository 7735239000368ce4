//! Bytes whose meaning nobody here knows: answers of services that are no models. They pass, and their price is by the
//! call.

use super::decoder::StreamDecoder;
use super::failure::{FailureClass, ProviderFailure};
use super::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use super::target::Target;
use super::untold::Untold;
use crate::usage::Usage;
use bytes::Bytes;
use http::Request;

/// Passes everything on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Raw;

impl Provider for Raw {
    fn request(&self, _: Call<'_, '_>, target: &Target) -> Result<Request<Bytes>, TransformError> {
        Err(TransformError::Unsayable { reason: format!("`{}` takes requests as they are.", target.provider) })
    }

    fn answer(&self, _: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        Ok(WholeAnswer { body, usage: Some(Usage::default()) })
    }

    fn decoder(&self, _: Reply<'_>) -> Box<dyn StreamDecoder> {
        Box::new(Untold::default())
    }

    /// The body is the client's to read, and may hold what no log should.
    fn failure(&self, status: u16, _: &[u8]) -> ProviderFailure {
        let message = format!("the service answered with status {status}");
        ProviderFailure { class: FailureClass::of_status(status), status, message, param: None }
    }
}
