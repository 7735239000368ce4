//! A streamed answer with images, sound or a transcript in the OpenAI dialect. Events pass as the bytes they came in; the
//! one that ends the answer tells what was used.
//!
//! Wire format: <https://platform.openai.com/docs/api-reference/audio/transcript-text-done-event>

use super::failure;
use super::media_answer::heard;
use crate::providers::decoder::{Seen, StreamDecoder};
use crate::providers::failure::ProviderFailure;
use crate::usage::{Media, Usage};
use crate::wire::openai_usage::usage_of_images;
use crate::wire::sse::{self, EventSplitter};
use bytes::Bytes;
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

const DONE: &[u8] = b"[DONE]";

/// Reads one stream.
#[derive(Default)]
pub(super) struct MediaEvents {
    splitter: EventSplitter,
    seen: Seen,
    /// Images that are whole.
    images: u64,
    /// The answer is whole.
    is_whole: bool,
}

/// The members of an event that matter here.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<&'a str>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

impl MediaEvents {
    /// Only events that tell of an end or an error are looked into.
    fn read(&mut self, whole: &[u8]) -> Result<(), ProviderFailure> {
        let may_tell = [&b".done\""[..], b".completed\"", b"\"error\"", DONE];
        for event in sse::events(whole).filter(|event| may_tell.iter().any(|word| memmem::find(event, word).is_some()))
        {
            let Some(data) = sse::data(event).filter(|data| data.trim_ascii() != DONE) else { continue };
            let event: Event<'_> = serde_json::from_slice(&data).map_err(|_| {
                let excerpt = failure::excerpt(&data);
                ProviderFailure::malformed(format!("an event of the upstream's stream is not JSON: {excerpt}"))
            })?;
            if let Some(error) = event.error.filter(|error| error.get() != "null") {
                return Err(failure::in_band(error.get().as_bytes()));
            }
            self.ends(event);
        }
        Ok(())
    }

    fn ends(&mut self, event: Event<'_>) {
        let kind = event.kind.unwrap_or_default();
        // A segment of a transcript that is done is not the whole of it.
        if !["speech.audio.done", "transcript.text.done"].contains(&kind) && !kind.ends_with(".completed") {
            return;
        }
        self.is_whole = true;
        let told = event.usage.map(|usage| usage.get().as_bytes());
        if kind.starts_with("image_") {
            self.images += 1;
            let media = Media { images: self.images, ..Media::default() };
            self.seen.usage = Some(Usage { media, ..told.and_then(usage_of_images).unwrap_or_default() });
        } else if let Some(mut usage) = told.and_then(heard) {
            if kind.starts_with("speech") {
                usage.audio_completion_tokens = usage.completion_tokens;
            }
            self.seen.usage = Some(usage);
        }
    }
}

impl StreamDecoder for MediaEvents {
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, ProviderFailure> {
        let whole = self.splitter.push(chunk).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
        self.read(&whole)?;
        Ok(whole)
    }

    fn finish(&mut self) -> Result<Bytes, ProviderFailure> {
        let rest = self.splitter.finish();
        self.read(&rest)?;
        if !self.is_whole {
            let message = "the upstream ended its stream before the answer was complete";
            return Err(ProviderFailure::malformed(message));
        }
        Ok(rest)
    }

    /// Several images end one by one, so that only the end of the stream is the end.
    fn is_complete(&self) -> bool {
        false
    }

    fn terminal(&self) -> Bytes {
        Bytes::new()
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRANSCRIPT: &str = "data: {\"type\":\"transcript.text.delta\",\"delta\":\"Hi\"}\n\n\
        data: {\"type\":\"transcript.text.done\",\"text\":\"Hi\",\"usage\":{\"type\":\"tokens\",\"input_tokens\":14,\
        \"output_tokens\":2,\"total_tokens\":16}}\n\n";

    fn fed(stream: &str, piece: usize) -> Result<(Vec<u8>, MediaEvents), ProviderFailure> {
        let (mut events, mut out) = (MediaEvents::default(), Vec::new());
        for chunk in stream.as_bytes().chunks(piece) {
            out.extend(events.push(Bytes::copy_from_slice(chunk))?);
        }
        out.extend(events.finish()?);
        Ok((out, events))
    }

    #[test]
    fn a_stream_fed_byte_by_byte_is_the_same_stream() {
        for piece in [1, 7, TRANSCRIPT.len()] {
            let (out, events) = fed(TRANSCRIPT, piece).unwrap();
            assert_eq!(out, TRANSCRIPT.as_bytes());
            assert_eq!(events.seen().usage.unwrap().prompt_tokens, 14);
        }
    }

    #[test]
    fn a_stream_that_is_cut_is_never_a_clean_end() {
        let end = TRANSCRIPT.find("data: {\"type\":\"transcript.text.done").unwrap();
        for cut in 0..=end {
            assert!(fed(&TRANSCRIPT[..cut], 64).is_err(), "{cut}");
        }
    }

    #[test]
    fn images_are_counted_as_they_are_completed() {
        let partial = "data: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"A\"}\n\n";
        let whole = "data: {\"type\":\"image_generation.completed\",\"b64_json\":\"A\",\"usage\":{\"input_tokens\":5,\
            \"output_tokens\":100,\"total_tokens\":105}}\n\n";
        let usage = fed(&[partial, whole].concat(), 9).unwrap().1.seen().usage.unwrap();
        assert_eq!((usage.media.images, usage.image_completion_tokens), (1, 100));
    }

    #[test]
    fn an_error_in_the_stream_is_an_error() {
        let failure = fed("data: {\"type\":\"error\",\"error\":{\"message\":\"no\",\"code\":429}}\n\n", 64);
        assert_eq!(failure.err().unwrap().status, 429);
    }
}
