//! A streamed text of Hugging Face's server: a line for each token, as an event or as bare JSON.

use super::generated::{Details, Generated};
use crate::api::answer::chunks::ChunkWriter;
use crate::api::answer::delta::Delta;
use crate::api::answer::finish::Finish;
use crate::providers::failure::ProviderFailure;
use crate::providers::translation::ChatEvents;
use crate::usage::Usage;

/// There is one answer to a request.
const CHOICE: u32 = 0;

/// Reads the lines of one text.
#[derive(Debug, Default)]
pub(super) struct TokenEvents {
    usage: Option<Usage>,
    is_complete: bool,
}

impl ChatEvents for TokenEvents {
    fn event(&mut self, line: &[u8], out: &mut ChunkWriter) -> Result<(), ProviderFailure> {
        let Some(json) = data(line) else { return Ok(()) };
        let generated = Generated::read(json)?;
        if let Some(token) = generated.token.filter(|token| !token.special && !token.text.is_empty()) {
            out.delta(CHOICE, &Delta::text(&token.text));
        }
        if generated.generated_text.is_some() || generated.details.is_some() {
            self.usage = generated.details.as_ref().and_then(Details::usage);
            out.finish(CHOICE, generated.details.as_ref().map_or(Finish::Stop, Details::finish));
            self.is_complete = true;
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.is_complete
    }

    fn usage(&self) -> Option<Usage> {
        self.usage
    }
}

/// What a line carries. Nothing where it is a comment, or another field of an event.
fn data(line: &[u8]) -> Option<&[u8]> {
    match line.strip_prefix(b"data:") {
        Some(data) => Some(data.trim_ascii()).filter(|data| !data.is_empty() && *data != b"[DONE]"),
        None => {
            (![&b":"[..], b"event:", b"id:", b"retry:"].iter().any(|field| line.starts_with(field))).then_some(line)
        }
    }
}
