//! AWS's event streams (`application/vnd.amazon.eventstream`): binary messages of headers and a payload, each with its
//! length before it and checksums.
//!
//! Format: <https://smithy.io/2.0/aws/amazon-eventstream.html>

use super::framing::{Framing, FramingError};
use super::sse::{EVENT_BYTES_MAX, EventTooLong};
use bytes::{Bytes, BytesMut};
use std::borrow::Cow;

/// Two lengths and their checksum.
const PRELUDE_BYTES: usize = 12;
/// A checksum, of the prelude or at the end of a message.
const CHECKSUM_BYTES: usize = 4;

/// Collects bytes until a message is whole, and checks it.
#[derive(Debug, Default)]
pub struct MessageSplitter {
    held: BytesMut,
}

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// What happened: the type of the event, or of the exception.
    pub kind: &'a str,
    /// The stream ends with this message, as something went wrong.
    pub is_failure: bool,
    /// What it carries: JSON, in the streams of models.
    pub payload: &'a [u8],
}

impl Framing for MessageSplitter {
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, FramingError> {
        if self.held.is_empty() {
            let end = end_of_whole(&chunk)?;
            self.held.extend_from_slice(chunk.get(end..).unwrap_or_default());
            return Ok(chunk.slice(..end));
        }
        self.held.extend_from_slice(&chunk);
        let end = end_of_whole(&self.held)?;
        Ok(self.held.split_to(end).freeze())
    }

    /// Half a message is none.
    fn finish(&mut self) -> Bytes {
        self.held.clear();
        Bytes::new()
    }

    /// Each whole message; [`Message::read`] takes it apart.
    fn events(whole: &[u8]) -> impl Iterator<Item = Cow<'_, [u8]>> {
        let mut rest = whole;
        std::iter::from_fn(move || {
            let (message, after) = rest.split_at_checked(length(rest)?)?;
            rest = after;
            Some(Cow::Borrowed(message))
        })
    }
}

impl<'a> Message<'a> {
    /// Takes a whole message apart. `None` where its headers are not of the format.
    pub fn read(message: &'a [u8]) -> Option<Self> {
        let headers_bytes = usize::try_from(number(message, 4)?).ok()?;
        let (headers, rest) = message.get(PRELUDE_BYTES..)?.split_at_checked(headers_bytes)?;
        let payload = rest.get(..rest.len().checked_sub(CHECKSUM_BYTES)?)?;
        let mut read = Self { kind: "", is_failure: false, payload };
        let mut headers = headers;
        while !headers.is_empty() {
            let (name, value, after) = header(headers)?;
            match (name, value) {
                (":event-type" | ":exception-type" | ":error-code", Some(kind)) => read.kind = kind,
                (":message-type", Some(kind)) => read.is_failure = kind != "event",
                _ => {}
            }
            headers = after;
        }
        Some(read)
    }
}

/// The first header: its name, its value where that is text, and what follows it.
fn header(headers: &[u8]) -> Option<(&str, Option<&str>, &[u8])> {
    let (name, rest) = headers.get(1..)?.split_at_checked(usize::from(*headers.first()?))?;
    let (kind, rest) = rest.split_first()?;
    let (bytes, rest) = match kind {
        0 | 1 => (0, rest),
        2 => (1, rest),
        3 => (2, rest),
        4 => (4, rest),
        5 | 8 => (8, rest),
        6 | 7 => {
            let (bytes, rest) = rest.split_at_checked(2)?;
            (usize::from(u16::from_be_bytes(bytes.try_into().ok()?)), rest)
        }
        9 => (16, rest),
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(bytes)?;
    let text = if *kind == 7 { std::str::from_utf8(value).ok() } else { None };
    Some((std::str::from_utf8(name).ok()?, text, rest))
}

/// Where the last whole message ends. Each is checked.
fn end_of_whole(bytes: &[u8]) -> Result<usize, FramingError> {
    let mut end = 0;
    while let Some(rest) = bytes.get(end..) {
        match checked(rest)? {
            Some(length) => end += length,
            None => break,
        }
    }
    Ok(end)
}

/// The length of the first message; `None` while it is not whole.
fn checked(bytes: &[u8]) -> Result<Option<usize>, FramingError> {
    let (Some(length), Some(prelude)) = (length(bytes), bytes.get(..PRELUDE_BYTES)) else { return Ok(None) };
    let damaged = |what| FramingError::Damaged { what };
    let sum_of = |bytes: &[u8], at: usize| bytes.get(..at).map(crc32fast::hash);
    if sum_of(prelude, PRELUDE_BYTES - CHECKSUM_BYTES) != number(prelude, PRELUDE_BYTES - CHECKSUM_BYTES) {
        return Err(damaged("the checksum of a message's lengths is wrong"));
    }
    if length > EVENT_BYTES_MAX {
        return Err(EventTooLong.into());
    }
    if length < PRELUDE_BYTES + CHECKSUM_BYTES {
        return Err(damaged("a message is shorter than its frame"));
    }
    let Some(message) = bytes.get(..length) else { return Ok(None) };
    if sum_of(message, length - CHECKSUM_BYTES) != number(message, length - CHECKSUM_BYTES) {
        return Err(damaged("the checksum of a message is wrong"));
    }
    Ok(Some(length))
}

fn length(bytes: &[u8]) -> Option<usize> {
    usize::try_from(number(bytes, 0)?).ok()
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// A message with these headers, for tests of what reads them.
#[cfg(test)]
pub(crate) fn encoded(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut named = Vec::new();
    for (name, value) in headers {
        named.push(u8::try_from(name.len()).unwrap());
        named.extend_from_slice(name.as_bytes());
        named.push(7);
        named.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        named.extend_from_slice(value.as_bytes());
    }
    let length = PRELUDE_BYTES + named.len() + payload.len() + CHECKSUM_BYTES;
    let mut message = u32::try_from(length).unwrap().to_be_bytes().to_vec();
    message.extend_from_slice(&u32::try_from(named.len()).unwrap().to_be_bytes());
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message.extend_from_slice(&named);
    message.extend_from_slice(payload);
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message
}

/// An event of this type, for tests of what reads it.
#[cfg(test)]
pub(crate) fn encoded_event(kind: &str, payload: &[u8]) -> Vec<u8> {
    encoded(&[(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")], payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(pieces: &[&[u8]]) -> Result<Vec<(String, Vec<u8>)>, FramingError> {
        let (mut splitter, mut found) = (MessageSplitter::default(), Vec::new());
        for piece in pieces {
            let whole = splitter.push(Bytes::copy_from_slice(piece))?;
            for message in MessageSplitter::events(&whole) {
                let message = Message::read(&message).unwrap();
                found.push((message.kind.to_owned(), message.payload.to_vec()));
            }
        }
        Ok(found)
    }

    /// The worked example of the format: an empty message, and one with a header and a payload.
    #[test]
    fn the_examples_of_the_format_are_read() {
        let empty = hex::decode("000000100000000005c248eb7d98c8ff").unwrap();
        assert_eq!(read(&[&empty]).unwrap(), [(String::new(), Vec::new())]);
        let payload = "0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936";
        let payload = hex::decode(payload).unwrap();
        assert_eq!(read(&[&payload]).unwrap(), [(String::new(), b"{'foo':'bar'}".to_vec())]);
    }

    #[test]
    fn events_and_exceptions_are_told_apart() {
        let event = encoded_event("chunk", b"{}");
        assert_eq!(Message::read(&event), Some(Message { kind: "chunk", is_failure: false, payload: b"{}" }));
        let headers = [(":exception-type", "throttlingException"), (":message-type", "exception")];
        let exception = encoded(&headers, b"");
        let wanted = Message { kind: "throttlingException", is_failure: true, payload: b"" };
        assert_eq!(Message::read(&exception), Some(wanted));
    }

    #[test]
    fn a_damaged_message_ends_the_stream() {
        let whole = encoded_event("chunk", b"{\"a\":1}");
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            assert!(matches!(read(&[&damaged]), Err(FramingError::Damaged { .. })), "byte {at}");
        }
    }

    #[test]
    fn a_length_beyond_reason_is_not_waited_for() {
        let mut prelude = u32::MAX.to_be_bytes().to_vec();
        prelude.extend_from_slice(&[0; 4]);
        prelude.extend_from_slice(&crc32fast::hash(&prelude).to_be_bytes());
        assert!(matches!(read(&[&prelude]), Err(FramingError::TooLong(_))));
    }

    proptest! {
        #[test]
        fn messages_do_not_depend_on_how_the_bytes_are_cut(
            payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..5),
            cut in 1_usize..60,
        ) {
            let stream: Vec<u8> = payloads.iter().flat_map(|payload| encoded_event("e", payload)).collect();
            let pieces: Vec<&[u8]> = stream.chunks(cut).collect();
            let found: Vec<Vec<u8>> = read(&pieces).unwrap().into_iter().map(|(_, payload)| payload).collect();
            prop_assert_eq!(found, payloads);
        }

        #[test]
        fn any_bytes_as_headers_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            Message::read(&bytes);
        }
    }
}
