//! Server-sent events, as bytes: cuts a stream into whole events however the network cut it. Nothing is decoded that
//! need not be, so that a chunk can be passed on as the bytes it came in.
//!
//! Format: <https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>

use bytes::{Bytes, BytesMut};
use memchr::{memchr2_iter, memrchr2};
use std::borrow::Cow;

/// The longest event taken, in bytes: a stream that never ends an event must not fill memory.
pub const EVENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// An event is longer than [`EVENT_BYTES_MAX`].
#[derive(Debug, thiserror::Error)]
#[error("an event of the stream is longer than {EVENT_BYTES_MAX} bytes")]
pub struct EventTooLong;

/// Collects bytes until an event is whole.
#[derive(Debug, Default)]
pub struct EventSplitter {
    held: BytesMut,
}

impl EventSplitter {
    /// Takes the next bytes and gives all events that are now whole, back to back (may be none).
    ///
    /// A chunk that ends with an event is given back as it is, without a copy.
    ///
    /// # Errors
    /// [`EventTooLong`]: the stream must be given up.
    pub fn push(&mut self, chunk: Bytes) -> Result<Bytes, EventTooLong> {
        if self.held.is_empty() {
            let end = end_of_last_event(&chunk);
            if end == chunk.len() {
                return Ok(chunk);
            }
            self.held.extend_from_slice(chunk.get(end..).unwrap_or_default());
            self.check()?;
            return Ok(chunk.slice(..end));
        }
        self.held.extend_from_slice(&chunk);
        let end = end_of_last_event(&self.held);
        let whole = self.held.split_to(end).freeze();
        self.check()?;
        Ok(whole)
    }

    /// What is left when the stream ends: an event without its closing blank line, or nothing.
    pub fn finish(&mut self) -> Bytes {
        self.held.split().freeze()
    }

    fn check(&self) -> Result<(), EventTooLong> {
        if self.held.len() > EVENT_BYTES_MAX { Err(EventTooLong) } else { Ok(()) }
    }
}

/// The events in `bytes`, each with its closing blank line. A rest without one is the last.
pub fn events(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (event, after) = rest.split_at_checked(end_of_first_event(rest)).unwrap_or((rest, &[]));
        rest = after;
        Some(event)
    })
}

/// The event's `data`: the values of its data lines, joined by line feeds. `None` for an event without any
/// (a comment, a lone `event:` line).
pub fn data(event: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut lines = lines(event).filter_map(|line| {
        let value = line.strip_prefix(b"data")?;
        match value.strip_prefix(b":") {
            Some(value) => Some(value.strip_prefix(b" ").unwrap_or(value)),
            None => value.is_empty().then_some(value),
        }
    });
    let first = lines.next()?;
    let Some(second) = lines.next() else { return Some(Cow::Borrowed(first)) };
    let mut joined = first.to_vec();
    for line in std::iter::once(second).chain(lines) {
        joined.push(b'\n');
        joined.extend_from_slice(line);
    }
    Some(Cow::Owned(joined))
}

fn lines(event: &[u8]) -> impl Iterator<Item = &[u8]> {
    event.split(|byte| matches!(byte, b'\n' | b'\r'))
}

/// Whether an empty line ends at `at` (the index of a line-ending byte).
fn blank_line_ends(bytes: &[u8], at: usize) -> bool {
    let byte = |back: usize| at.checked_sub(back).and_then(|i| bytes.get(i)).copied();
    match (byte(0), byte(1)) {
        (Some(b'\n'), Some(b'\n')) | (Some(b'\r'), Some(b'\r')) => true,
        // `\r\n` ends a line; the line is blank if another line ended right before it.
        (Some(b'\n'), Some(b'\r')) => matches!(byte(2), Some(b'\n' | b'\r')),
        _ => false,
    }
}

fn end_of_first_event(bytes: &[u8]) -> usize {
    memchr2_iter(b'\n', b'\r', bytes).find(|&at| blank_line_ends(bytes, at)).map_or(bytes.len(), |at| at + 1)
}

fn end_of_last_event(bytes: &[u8]) -> usize {
    let mut end = bytes.len();
    while let Some(at) = memrchr2(b'\n', b'\r', bytes.get(..end).unwrap_or_default()) {
        if blank_line_ends(bytes, at) {
            return at + 1;
        }
        end = at;
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(chunks: &[&[u8]]) -> (Vec<u8>, Vec<u8>) {
        let mut splitter = EventSplitter::default();
        let mut whole = Vec::new();
        for chunk in chunks {
            whole.extend_from_slice(&splitter.push(Bytes::copy_from_slice(chunk)).unwrap());
        }
        (whole, splitter.finish().to_vec())
    }

    #[test]
    fn a_chunk_that_ends_with_an_event_passes_as_it_is() {
        assert_eq!(split(&[b"data: 1\n\ndata: 2\n\n"]), (b"data: 1\n\ndata: 2\n\n".to_vec(), Vec::new()));
    }

    #[test]
    fn an_unfinished_event_is_held_until_it_is_whole() {
        assert_eq!(split(&[b"data: 1\n\nda", b"ta: 2\n"]), (b"data: 1\n\n".to_vec(), b"data: 2\n".to_vec()));
        assert_eq!(split(&[b"data: 1\n\nda", b"ta: 2\n", b"\n"]).0, b"data: 1\n\ndata: 2\n\n".to_vec());
    }

    #[test]
    fn all_line_endings_of_the_format_end_events() {
        for stream in [&b"data: a\r\n\r\ndata: b\r\n\r\n"[..], b"data: a\r\rdata: b\r\r", b"data: a\n\ndata: b\n\n"] {
            let found: Vec<_> = events(stream).filter_map(data).collect();
            assert_eq!(found, [&b"a"[..], b"b"], "{stream:?}");
        }
    }

    #[test]
    fn data_lines_are_joined_and_one_space_is_dropped() {
        assert_eq!(data(b"event: x\ndata:  a\ndata:b\n\n").unwrap().as_ref(), b" a\nb");
        assert_eq!(data(b": comment\n\n"), None);
    }

    proptest! {
        #[test]
        fn events_do_not_depend_on_how_the_bytes_are_cut(
            texts in proptest::collection::vec("[a-z\u{2028}{}\" ]{0,12}", 1..6),
            ending in prop_oneof![Just("\n"), Just("\r\n")],
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8),
        ) {
            let stream: String = texts.iter().map(|text| format!("data: {text}{ending}{ending}")).collect();
            let bytes = stream.as_bytes();
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
            at.extend([0, bytes.len()]);
            at.sort_unstable();
            let mut splitter = EventSplitter::default();
            let mut seen = Vec::new();
            for pair in at.windows(2) {
                let whole = splitter.push(Bytes::copy_from_slice(&bytes[pair[0]..pair[1]])).unwrap();
                seen.extend(events(&whole).filter_map(data).map(|data| String::from_utf8(data.to_vec()).unwrap()));
            }
            prop_assert_eq!(seen, texts);
            prop_assert!(splitter.finish().is_empty());
        }
    }
}
