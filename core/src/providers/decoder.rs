//! What a streamed answer is read by: fed the upstream's bytes as they come, it gives the client's bytes and keeps
//! count. Pure: it can be fed one byte at a time.

use super::failure::ProviderFailure;
use crate::usage::Usage;
use bytes::Bytes;

/// Reads one streamed answer.
pub trait StreamDecoder: Send {
    /// Takes the next bytes from the upstream and gives what the client may have now (may be nothing).
    ///
    /// The terminal event is never part of it: it goes out after the call is settled.
    ///
    /// # Errors
    /// The upstream's failure, where an event tells of one or breaks the dialect. Nothing more may be fed then.
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, ProviderFailure>;

    /// The upstream has closed the stream: gives the rest, without the terminal event.
    ///
    /// # Errors
    /// The stream was cut short.
    fn finish(&mut self) -> Result<Bytes, ProviderFailure>;

    /// Whether the upstream has said all: nothing that follows matters.
    fn is_complete(&self) -> bool;

    /// Whether its bytes tell where it ends. Else only the connection does, and one that breaks has cut it short.
    fn tells_its_end(&self) -> bool {
        true
    }

    /// The event that ends the stream for the client.
    fn terminal(&self) -> Bytes;

    /// The event that tells a client who asked for it what was used, where the upstream has told nothing and it was
    /// counted here. Goes out before the terminal event.
    fn counted(&self, _usage: &dyn Fn() -> Usage) -> Bytes {
        Bytes::new()
    }

    /// How the client is told that the stream broke, in a dialect whose last event speaks of the whole answer. `code` is a
    /// word for programs, `message` a sentence for people. `None`: an error in the common shape says enough.
    fn broken(&self, _code: &str, _message: &str) -> Option<Bytes> {
        None
    }

    /// What has been counted so far.
    fn seen(&self) -> &Seen;
}

/// What a decoder has counted.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The upstream's own count, where it has told one.
    pub usage: Option<Usage>,
    /// What the upstream has counted so far, where it counts along: what has come to more since is not in it.
    pub so_far: Option<Usage>,
    /// Events that carried a part of the answer: at many providers about as many as output tokens.
    pub content_events: u64,
    /// Bytes of text in them.
    pub content_bytes: u64,
}

/// Bytes of text that are taken for a token.
const TOKEN_BYTES: u64 = 4;

impl Seen {
    /// About how many output tokens have come: an event is one at least, and may be many.
    pub fn output_tokens(&self) -> u64 {
        self.content_events.max(self.content_bytes / TOKEN_BYTES)
    }
}
