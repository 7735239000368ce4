//! An upstream that is asked in either of OpenAI's ways: as a chat, or, where the request asks for what only the newer API
//! has, as a response. Which of the two an answer is, it says itself.

use super::{OpenAi, OpenAiResponses};
use crate::api::members::Members;
use crate::providers::decoder::{Seen, StreamDecoder};
use crate::providers::failure::ProviderFailure;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use crate::usage::Usage;
use crate::wire::sse::EventSplitter;
use bytes::Bytes;
use memchr::memmem;

/// Begins the kind of every event of a response.
const OF_RESPONSE: &[u8] = b"\"response.";

/// An upstream that speaks both.
#[derive(Clone, Copy, Debug)]
pub struct OpenAiEither {
    /// Whether a chat is asked as a response.
    pub asks_response: fn(&Members<'_>) -> bool,
}

impl Provider for OpenAiEither {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        if (self.asks_response)(call.members) {
            return OpenAiResponses.request(call, target);
        }
        OpenAi.request(call, target)
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        let is_response = Members::parse(&body).is_ok_and(|answer| answer.has("output"));
        if is_response { OpenAiResponses.answer(reply, body) } else { OpenAi.answer(reply, body) }
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        Box::new(Either {
            splitter: EventSplitter::default(),
            chat: OpenAi.decoder(reply),
            response: OpenAiResponses.decoder(reply),
            is_response: None,
        })
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        OpenAi.failure(status, body)
    }
}

/// Reads a stream as what its first event says that it is.
struct Either {
    splitter: EventSplitter,
    chat: Box<dyn StreamDecoder>,
    response: Box<dyn StreamDecoder>,
    /// Not known before the first event is whole.
    is_response: Option<bool>,
}

impl Either {
    fn chosen(&mut self) -> &mut dyn StreamDecoder {
        if self.is_response == Some(true) { self.response.as_mut() } else { self.chat.as_mut() }
    }

    fn known(&self) -> &dyn StreamDecoder {
        if self.is_response == Some(true) { self.response.as_ref() } else { self.chat.as_ref() }
    }
}

impl StreamDecoder for Either {
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, ProviderFailure> {
        if self.is_response.is_some() {
            return self.chosen().push(chunk);
        }
        let whole = self.splitter.push(chunk).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
        if whole.is_empty() {
            return Ok(whole);
        }
        self.is_response = Some(memmem::find(&whole, OF_RESPONSE).is_some());
        let rest = self.splitter.finish();
        self.chosen().push([whole, rest].concat().into())
    }

    fn finish(&mut self) -> Result<Bytes, ProviderFailure> {
        let rest = self.splitter.finish();
        if rest.is_empty() {
            return self.chosen().finish();
        }
        let shown = self.chosen().push(rest)?;
        let last = self.chosen().finish()?;
        Ok([shown, last].concat().into())
    }

    fn is_complete(&self) -> bool {
        self.known().is_complete()
    }

    fn terminal(&self) -> Bytes {
        self.known().terminal()
    }

    fn counted(&self, usage: &dyn Fn() -> Usage) -> Bytes {
        self.known().counted(usage)
    }

    fn seen(&self) -> &Seen {
        self.known().seen()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::id::RequestId;
    use crate::providers::operation::Operation;

    const CHAT: &str =
        "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    const RESPONSE: &str = "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\"}\n\n\
        event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\",\"output\":[]}}\n\n";

    fn reply() -> Reply<'static> {
        let (operation, id) = (Operation::Chat, RequestId::at(Timestamp::from_seconds(1), &[0; 10]));
        Reply { operation, id, model: "m", deployment: "d", asked: &[], show_usage: false }
    }

    fn told(stream: &str, piece: usize) -> Result<String, ProviderFailure> {
        let mut reader = OpenAiEither { asks_response: |_| false }.decoder(reply());
        let mut all = Vec::new();
        for piece in stream.as_bytes().chunks(piece) {
            all.extend_from_slice(&reader.push(Bytes::copy_from_slice(piece))?);
        }
        all.extend_from_slice(&reader.finish()?);
        all.extend_from_slice(&reader.terminal());
        Ok(String::from_utf8(all).unwrap())
    }

    #[test]
    fn a_stream_is_read_as_what_it_is_however_it_is_cut() {
        for stream in [CHAT, RESPONSE] {
            let whole = told(stream, stream.len()).unwrap();
            assert!(
                whole.contains("\"choices\"") && whole.contains("Hi") && whole.ends_with("data: [DONE]\n\n"),
                "{whole}"
            );
            assert_eq!(told(stream, 1).unwrap(), whole);
        }
        assert!(told(RESPONSE.split_once("event: response.completed").unwrap().0, 7).is_err());
        assert!(told("", 1).is_err());
    }

    #[test]
    fn a_whole_answer_is_read_as_what_it_is() {
        let either = OpenAiEither { asks_response: |_| false };
        let read = |body: &'static str| either.answer(reply(), Bytes::from_static(body.as_bytes())).unwrap().body;
        let response =
            r#"{"output":[{"type":"message","content":[{"type":"output_text","text":"Hi"}]}],"status":"completed"}"#;
        assert!(std::str::from_utf8(&read(response)).unwrap().contains("\"choices\""));
        assert_eq!(read(r#"{"choices":[]}"#), r#"{"choices":[]}"#);
    }
}
