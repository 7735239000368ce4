//! A stream of JSON texts, one a line. A line feed never stands inside of one.

use super::framing::{Framing, FramingError};
use super::sse::{EVENT_BYTES_MAX, EventTooLong};
use bytes::{Bytes, BytesMut};
use memchr::memrchr;
use std::borrow::Cow;

/// Collects bytes until a line is whole.
#[derive(Debug, Default)]
pub struct LineSplitter {
    held: BytesMut,
}

impl Framing for LineSplitter {
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, FramingError> {
        let end = memrchr(b'\n', &chunk).map_or(0, |at| at + 1);
        if self.held.is_empty() && end == chunk.len() {
            return Ok(chunk);
        }
        let (lines, rest) = chunk.split_at_checked(end).unwrap_or((&chunk, &[]));
        let whole = if end == 0 {
            Bytes::new()
        } else {
            self.held.extend_from_slice(lines);
            self.held.split().freeze()
        };
        self.held.extend_from_slice(rest);
        if self.held.len() > EVENT_BYTES_MAX { Err(EventTooLong.into()) } else { Ok(whole) }
    }

    fn finish(&mut self) -> Bytes {
        self.held.split().freeze()
    }

    fn events(whole: &[u8]) -> impl Iterator<Item = Cow<'_, [u8]>> {
        let lines = whole.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        lines.filter(|line| !line.is_empty()).map(Cow::Borrowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&str]) -> Vec<String> {
        let (mut splitter, mut found) = (LineSplitter::default(), Vec::new());
        let mut take = |whole: &[u8]| {
            found.extend(LineSplitter::events(whole).map(|line| String::from_utf8(line.to_vec()).unwrap()));
        };
        for piece in pieces {
            take(&splitter.push(Bytes::copy_from_slice(piece.as_bytes())).unwrap());
        }
        take(&splitter.finish());
        found
    }

    #[test]
    fn lines_do_not_depend_on_how_the_bytes_are_cut() {
        let stream = "{\"a\":\"\u{2028}\"}\r\n\n{\"b\":2}\n{\"c\":3}";
        let wanted = ["{\"a\":\"\u{2028}\"}", "{\"b\":2}", "{\"c\":3}"];
        for (at, _) in stream.char_indices() {
            assert_eq!(read(&[&stream[..at], &stream[at..]]), wanted, "cut at {at}");
        }
    }

    #[test]
    fn a_line_without_an_end_does_not_fill_memory() {
        let mut splitter = LineSplitter::default();
        let piece = Bytes::from(vec![b' '; EVENT_BYTES_MAX]);
        assert!(splitter.push(piece.clone()).is_ok());
        assert!(matches!(splitter.push(piece), Err(FramingError::TooLong(_))));
    }
}
