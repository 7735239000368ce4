//! A streamed answer that is no stream of events: sound. Its bytes pass as they come.

use super::decoder::{Seen, StreamDecoder};
use super::failure::ProviderFailure;
use bytes::Bytes;

/// Passes an answer on. What it cost is told by its request.
#[derive(Debug, Default)]
pub struct Untold {
    seen: Seen,
}

impl StreamDecoder for Untold {
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, ProviderFailure> {
        Ok(chunk)
    }

    /// Whether all of it came is the connection's to say.
    fn finish(&mut self) -> Result<Bytes, ProviderFailure> {
        Ok(Bytes::new())
    }

    fn is_complete(&self) -> bool {
        false
    }

    fn tells_its_end(&self) -> bool {
        false
    }

    fn terminal(&self) -> Bytes {
        Bytes::new()
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}
