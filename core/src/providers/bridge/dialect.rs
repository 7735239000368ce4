//! The seam of a client's dialect: its request as a chat, a chat's answer as its own.

use crate::api::completion::Completion;
use crate::api::members::Members;
use crate::providers::failure::ProviderFailure;
use crate::providers::provider::{Reply, TransformError};
use crate::providers::target::Target;
use crate::usage::Usage;
use bytes::Bytes;
use std::borrow::Cow;

/// A dialect that clients speak and that is not OpenAI's chat. Pure.
pub trait ClientDialect: Send + Sync {
    /// The members of the chat request that asks the same. What is not known is passed on under its name. Whether the
    /// answer is streamed is not said here.
    ///
    /// # Errors
    /// [`TransformError`]: the request cannot be said as a chat.
    fn ask<'a>(&self, asked: Asked<'_, 'a>) -> Result<Members<'a>, TransformError>;

    /// The body that tells a whole answer. `usage` is what was used, where the upstream told.
    ///
    /// # Errors
    /// Those of the serialiser; none for answers that were read from JSON.
    fn answer(
        &self,
        reply: Reply<'_>,
        answer: &Completion<'_>,
        usage: Option<&Usage>,
    ) -> Result<Vec<u8>, serde_json::Error>;

    /// A teller of one streamed answer.
    fn events(&self, reply: Reply<'_>) -> Box<dyn ClientEvents>;
}

/// A client's request.
#[derive(Debug)]
pub struct Asked<'c, 'a> {
    /// The body's members. Those that are said otherwise in a chat are taken out.
    pub members: &'c mut Members<'a>,
    /// The upstream that will be asked.
    pub target: &'c Target,
    /// Takes the names of what cannot be said in a chat.
    pub dropped: &'c mut Vec<Cow<'static, str>>,
}

/// Tells one streamed answer, event by event. Errors are not told here.
pub trait ClientEvents: Send {
    /// Tells what is new.
    ///
    /// # Errors
    /// It has no form in this dialect.
    fn chunk(&mut self, chunk: &Completion<'_>, out: &mut Vec<u8>) -> Result<(), ProviderFailure>;

    /// The upstream has said all: ends what is open.
    fn end(&mut self, out: &mut Vec<u8>);

    /// What goes out last, once the call is charged: what was used, and the end.
    fn terminal(&self, usage: &Usage) -> Bytes;

    /// What goes out last where the stream broke. `None`: an error in the dialect's common shape says enough.
    fn broken(&self, _code: &str, _message: &str) -> Option<Bytes> {
        None
    }
}
