//! A streamed answer: its pieces pass as the bytes they came in. A piece that tells why the answer ends is held until the
//! next one comes, or the call is charged: it may be the last, which nothing else says.

use crate::providers::decoder::{Seen, StreamDecoder};
use crate::providers::failure::ProviderFailure;
use crate::providers::gemini::grounding::Queries;
use crate::providers::gemini::wire::{Counts, Part, Response};
use crate::wire::sse::{self, EventSplitter};
use bytes::{Bytes, BytesMut};

const BLANK: &[u8] = b"\r\n\r\n";

/// Reads one stream.
#[derive(Default)]
pub(super) struct PieceReader {
    splitter: EventSplitter,
    /// A piece that may be the last.
    held: Bytes,
    counts: Option<Counts>,
    queries: Queries,
    has_ended: bool,
    seen: Seen,
}

impl PieceReader {
    fn read(&mut self, whole: Bytes) -> Result<Bytes, ProviderFailure> {
        let mut passed = BytesMut::with_capacity(whole.len() + self.held.len());
        for event in sse::events(&whole) {
            passed.extend_from_slice(&std::mem::take(&mut self.held));
            let ends = sse::data(event).map(|data| self.piece(&data)).transpose()?.unwrap_or(false);
            if ends {
                self.held = whole.slice_ref(event);
            } else {
                passed.extend_from_slice(event);
            }
        }
        Ok(passed.freeze())
    }

    /// Takes note of a piece. Whether it tells why the answer ends.
    fn piece(&mut self, data: &[u8]) -> Result<bool, ProviderFailure> {
        let piece = Response::piece(data)?;
        let mut ends = piece.prompt_feedback.is_some_and(|feedback| feedback.block_reason.is_some());
        for mut candidate in piece.candidates.unwrap_or_default() {
            ends |= candidate.finish_reason.is_some();
            self.queries.add(candidate.grounding_metadata);
            let parts = candidate.take_parts();
            self.seen.content_events += parts.len() as u64;
            self.seen.content_bytes += parts.iter().map(Part::text_bytes).sum::<u64>();
        }
        self.counts = piece.usage_metadata.or(self.counts.take());
        self.has_ended |= ends;
        self.seen.so_far = self.counts.as_ref().map(|counts| counts.usage(&self.queries));
        if self.has_ended {
            self.seen.usage = self.seen.so_far;
        }
        Ok(ends)
    }
}

impl StreamDecoder for PieceReader {
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, ProviderFailure> {
        let whole = self.splitter.push(chunk).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
        self.read(whole)
    }

    fn finish(&mut self) -> Result<Bytes, ProviderFailure> {
        let rest = self.splitter.finish();
        let passed = self.read(rest)?;
        if !self.has_ended {
            let message = "the upstream ended its stream before the answer was complete";
            return Err(ProviderFailure::malformed(message));
        }
        if !self.held.is_empty() && !self.held.ends_with(b"\n\n") && !self.held.ends_with(BLANK) {
            self.held = [&self.held, BLANK].concat().into();
        }
        Ok(passed)
    }

    /// Only the end of the stream tells.
    fn is_complete(&self) -> bool {
        false
    }

    fn terminal(&self) -> Bytes {
        self.held.clone()
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str, finish: &str) -> String {
        let finish = if finish.is_empty() { String::new() } else { format!(r#","finishReason":"{finish}""#) };
        let candidate = format!(r#"{{"content":{{"parts":[{{"text":"{text}"}}]}}{finish}}}"#);
        format!(
            "data: {{\"candidates\":[{candidate}],\"usageMetadata\":{{\"promptTokenCount\":2,\"candidatesTokenCount\":3}}}}\r\n\r\n"
        )
    }

    fn told(stream: &str, bytes_at_once: usize) -> Result<(String, PieceReader), ProviderFailure> {
        let (mut reader, mut out) = (PieceReader::default(), Vec::new());
        for chunk in stream.as_bytes().chunks(bytes_at_once) {
            out.extend_from_slice(&reader.push(Bytes::copy_from_slice(chunk))?);
        }
        out.extend_from_slice(&reader.finish()?);
        Ok((String::from_utf8(out).unwrap(), reader))
    }

    #[test]
    fn pieces_pass_as_they_came_and_the_last_waits_for_the_charge() {
        let (first, last) = (piece("Hel", ""), piece("lo", "STOP"));
        for bytes_at_once in [1, 7, 1000] {
            let (passed, reader) = told(&format!("{first}{last}"), bytes_at_once).unwrap();
            assert_eq!((passed, reader.terminal()), (first.clone(), Bytes::from(last.clone())));
            assert_eq!(reader.seen().usage.unwrap().completion_tokens, 3);
        }
    }

    #[test]
    fn a_model_that_says_with_each_piece_why_it_would_end_is_not_cut_short() {
        let (first, last) = (piece("Hel", "STOP"), piece("lo", "STOP"));
        let (passed, reader) = told(&format!("{first}{last}"), 1000).unwrap();
        assert_eq!((passed, reader.terminal()), (first, Bytes::from(last)));
    }

    #[test]
    fn what_is_counted_along_is_known_before_the_end_and_so_is_the_text() {
        let (mut reader, call) = (PieceReader::default(), r#"{"functionCall":{"name":"f","args":{"a":1}}}"#);
        reader.push(Bytes::from(piece("Hello", ""))).unwrap();
        let Seen { usage, so_far, content_events, content_bytes } = reader.seen().clone();
        assert_eq!((usage, so_far.unwrap().completion_tokens), (None, 3));
        assert_eq!((content_events, content_bytes), (1, 5));
        let called = format!("data: {{\"candidates\":[{{\"content\":{{\"parts\":[{call}]}}}}]}}\r\n\r\n");
        reader.push(Bytes::from(called)).unwrap();
        assert_eq!((reader.seen().content_events, reader.seen().content_bytes), (2, 12));
        assert_eq!(reader.seen().so_far, so_far, "what was counted before stays");
    }

    #[test]
    fn a_stream_that_is_cut_short_or_tells_of_an_error_fails() {
        assert!(told(&piece("Hel", ""), 1000).is_err());
        assert!(told("", 1000).is_err());
        let error = "data: {\"error\":{\"code\":503,\"message\":\"overloaded\"}}\r\n\r\n";
        let failure = told(&format!("{}{error}", piece("Hel", "")), 1000).err().unwrap();
        assert_eq!((failure.status, failure.message.as_str()), (503, "overloaded"));
    }
}
