//! Who speaks for an upstream to one kind of client: the upstream's own transform, or a bridge to it.

use super::over::Bridge;
use crate::api::form::Form;
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::ProviderFailure;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use bytes::Bytes;
use std::fmt;

/// Who speaks for an upstream.
#[derive(Clone, Copy)]
pub enum Speaker {
    /// A transform to and from the client's own dialect.
    Own(&'static dyn Provider),
    /// Another dialect of the client's over the transform.
    Bridged(Bridge),
}

impl fmt::Debug for Speaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own(_) => "Own",
            Self::Bridged(_) => "Bridged",
        })
    }
}

impl Speaker {
    fn provider(&self) -> &dyn Provider {
        match self {
            Self::Own(provider) => *provider,
            Self::Bridged(bridge) => bridge,
        }
    }
}

impl Provider for Speaker {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        self.provider().request(call, target)
    }

    fn form_request(
        &self,
        call: Call<'_, '_>,
        form: &Form,
        target: &Target,
    ) -> Result<http::Request<Bytes>, TransformError> {
        self.provider().form_request(call, form, target)
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        self.provider().answer(reply, body)
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        self.provider().decoder(reply)
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        self.provider().failure(status, body)
    }

    fn retry_after(&self, body: &[u8]) -> Option<u32> {
        self.provider().retry_after(body)
    }

    fn forwards(&self) -> &'static [&'static str] {
        self.provider().forwards()
    }

    fn forwarded(&self, request: &mut http::Request<Bytes>) {
        self.provider().forwarded(request);
    }
}
