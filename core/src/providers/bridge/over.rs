//! A client's dialect over a provider that chats: itself a provider.

use super::dialect::{Asked, ClientDialect};
use super::stream::Bridged;
use crate::api::completion::Completion;
use crate::api::members::raw;
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::ProviderFailure;
use crate::providers::operation::Operation;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use bytes::Bytes;
use std::fmt;

/// A client's dialect over a provider.
#[derive(Clone, Copy)]
pub struct Bridge {
    /// What the client speaks.
    pub dialect: &'static dyn ClientDialect,
    /// Who chats with the upstream.
    pub inner: &'static dyn Provider,
}

impl fmt::Debug for Bridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bridge")
    }
}

impl Provider for Bridge {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        let Call { members, stream, policy, dropped, .. } = call;
        let asked = Asked { members, target, dropped: &mut *dropped };
        let mut chat = self.dialect.ask(asked)?;
        let value = raw(&stream).map_err(|error| TransformError::Unsayable { reason: error.to_string() })?;
        chat.set("stream", value);
        let call = Call { operation: Operation::Chat, members: &mut chat, stream, policy, dropped };
        self.inner.request(call, target)
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        let WholeAnswer { body, usage } = self.inner.answer(chat(reply), body)?;
        let unreadable = |error: serde_json::Error| ProviderFailure::malformed(error.to_string());
        let answer = Completion::read(&body).map_err(unreadable)?;
        let told = self.dialect.answer(reply, &answer, usage.as_ref()).map_err(unreadable)?;
        Ok(WholeAnswer { body: Bytes::from(told), usage })
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        Box::new(Bridged::new(self.inner.decoder(chat(reply)), self.dialect.events(reply)))
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        self.inner.failure(status, body)
    }

    fn retry_after(&self, body: &[u8]) -> Option<u32> {
        self.inner.retry_after(body)
    }

    fn forwards(&self) -> &'static [&'static str] {
        self.inner.forwards()
    }

    fn forwarded(&self, request: &mut http::Request<Bytes>) {
        self.inner.forwarded(request);
    }
}

fn chat(reply: Reply<'_>) -> Reply<'_> {
    Reply { operation: Operation::Chat, show_usage: false, ..reply }
}
