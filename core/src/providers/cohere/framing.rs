//! Cohere streams server-sent events whose data is one line each, or the same data as bare lines of JSON.

use crate::wire::framing::{Framing, FramingError};
use crate::wire::json_lines::LineSplitter;
use bytes::Bytes;
use std::borrow::Cow;

/// Cuts either kind of stream into lines.
#[derive(Debug, Default)]
pub(super) struct CohereLines(LineSplitter);

impl Framing for CohereLines {
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, FramingError> {
        self.0.push(chunk)
    }

    fn finish(&mut self) -> Bytes {
        self.0.finish()
    }

    fn events(whole: &[u8]) -> impl Iterator<Item = Cow<'_, [u8]>> {
        whole.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter_map(data).map(Cow::Borrowed)
    }
}

/// The data of a line. The name of an event stands in its data too, so a line with the name alone says nothing.
fn data(line: &[u8]) -> Option<&[u8]> {
    let says_nothing = |line: &[u8]| {
        line.is_empty() || [&b":"[..], b"event:", b"id:", b"retry:"].iter().any(|field| line.starts_with(field))
    };
    match line.strip_prefix(b"data:") {
        Some(data) => Some(data.trim_ascii()).filter(|data| !data.is_empty() && *data != b"[DONE]"),
        None => Some(line).filter(|line| !says_nothing(line)),
    }
}
