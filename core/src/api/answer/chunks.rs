//! Writes a streamed answer, piece by piece, as events. The head is the same bytes for every chunk, so it is written
//! once.

use super::delta::Delta;
use super::finish::Finish;
use super::head::Head;
use super::usage::UsageMember;
use crate::usage::Usage;
use bytes::Bytes;
use serde::Serialize;

/// The event that ends every stream.
pub const DONE_EVENT: &[u8] = b"data: [DONE]\n\n";

/// Collects chunks until they are taken.
#[derive(Debug)]
pub struct ChunkWriter {
    /// An event up to the list of choices.
    head: Vec<u8>,
    out: Vec<u8>,
    /// Choices that have told their role.
    begun: Vec<u32>,
    is_finished: bool,
    /// Pieces of answers so far.
    deltas: u64,
    /// Bytes of text in them.
    text_bytes: u64,
}

#[derive(Serialize)]
struct Piece<'p> {
    index: u32,
    delta: RoleDelta<'p>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_reason: Option<Finish>,
}

#[derive(Serialize)]
struct RoleDelta<'p> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    delta: Option<&'p Delta<'p>>,
}

impl ChunkWriter {
    /// A writer for one answer.
    pub fn new(head: Head<'_>) -> Self {
        let mut bytes = format!(
            r#"data: {{"id":"{}","object":"chat.completion.chunk","created":{},"model":"#,
            head.name(),
            head.created()
        )
        .into_bytes();
        put(&mut bytes, &head.model);
        bytes.extend_from_slice(br#","choices":["#);
        Self { head: bytes, out: Vec::new(), begun: Vec::new(), is_finished: false, deltas: 0, text_bytes: 0 }
    }

    /// A piece of an answer. The first of a choice also tells the role.
    pub fn delta(&mut self, choice: u32, delta: &Delta<'_>) {
        self.deltas += 1;
        self.text_bytes += delta.text_bytes();
        let is_first = !self.begun.contains(&choice);
        if is_first {
            self.begun.push(choice);
        }
        let role = is_first.then_some("assistant");
        self.piece(&Piece { index: choice, delta: RoleDelta { role, delta: Some(delta) }, finish_reason: None });
        self.out.extend_from_slice(b"]}\n\n");
    }

    /// Why a choice ended.
    pub fn finish(&mut self, choice: u32, finish: Finish) {
        self.is_finished = true;
        let delta = RoleDelta { role: None, delta: None };
        self.piece(&Piece { index: choice, delta, finish_reason: Some(finish) });
        self.out.extend_from_slice(b"]}\n\n");
    }

    /// What the answer used: the last chunk. The choice in it is empty, as LiteLLM's clients see it: some of them look
    /// into the first choice of every chunk.
    pub fn usage(&mut self, usage: &Usage) {
        self.piece(&Piece { index: 0, delta: RoleDelta { role: None, delta: None }, finish_reason: None });
        self.out.extend_from_slice(br#"],"usage":"#);
        put(&mut self.out, &UsageMember::from(usage));
        self.out.extend_from_slice(b"}\n\n");
    }

    /// Whether a choice has ended.
    pub fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// How many pieces of answers have been written: at many providers about as many as output tokens.
    pub fn deltas(&self) -> u64 {
        self.deltas
    }

    /// Bytes of text in all pieces.
    pub fn text_bytes(&self) -> u64 {
        self.text_bytes
    }

    /// The chunks since the last time.
    pub fn take(&mut self) -> Bytes {
        Bytes::from(std::mem::take(&mut self.out))
    }

    fn piece(&mut self, piece: &Piece<'_>) {
        self.out.extend_from_slice(&self.head);
        put(&mut self.out, piece);
    }
}

/// Writes JSON. It cannot fail: a vector takes every byte, and what is written here has JSON's own types.
fn put(out: &mut Vec<u8>, value: &impl Serialize) {
    let before = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(before);
        out.extend_from_slice(b"null");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::answer::delta::ToolDelta;
    use crate::clock::Timestamp;
    use crate::id::RequestId;
    use serde_json::{Value, json};

    fn written(write: impl FnOnce(&mut ChunkWriter)) -> Vec<Value> {
        let id = RequestId::at(Timestamp::from_seconds(1_700_000_000), &[7; 10]);
        let mut writer = ChunkWriter::new(Head { id, model: "my \"model\"" });
        write(&mut writer);
        let text = String::from_utf8(writer.take().to_vec()).unwrap();
        text.split_terminator("\n\n")
            .map(|event| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap())
            .collect()
    }

    #[test]
    fn every_chunk_has_the_same_head_and_only_the_first_of_a_choice_tells_the_role() {
        let chunks = written(|writer| {
            writer.delta(0, &Delta::text("a"));
            writer.delta(0, &Delta::text("b\u{2028}"));
            writer.delta(1, &Delta::text("c"));
            writer.finish(0, Finish::Length);
        });
        assert!(chunks.iter().all(|chunk| chunk["id"] == chunks[0]["id"] && chunk["created"] == json!(1_700_000_000)));
        assert_eq!(chunks[0]["model"], json!("my \"model\""));
        assert_eq!(chunks[0]["choices"], json!([{"index": 0, "delta": {"role": "assistant", "content": "a"}}]));
        assert_eq!(chunks[1]["choices"][0]["delta"], json!({"content": "b\u{2028}"}));
        assert_eq!(chunks[2]["choices"][0]["delta"]["role"], json!("assistant"));
        assert_eq!(chunks[3]["choices"], json!([{"index": 0, "delta": {}, "finish_reason": "length"}]));
    }

    #[test]
    fn a_tool_call_is_named_once() {
        let chunks = written(|writer| {
            writer.delta(0, &Delta { tool_calls: &[ToolDelta::begin(0, "t1", "f", "")], ..Delta::default() });
            writer.delta(0, &Delta { tool_calls: &[ToolDelta::more(0, "{}")], ..Delta::default() });
        });
        let calls = |at: usize| chunks[at]["choices"][0]["delta"]["tool_calls"].clone();
        let begun = json!({"index": 0, "id": "t1", "type": "function", "function": {"name": "f", "arguments": ""}});
        assert_eq!(calls(0), json!([begun]));
        assert_eq!(calls(1), json!([{"index": 0, "type": "function", "function": {"arguments": "{}"}}]));
    }

    #[test]
    fn the_usage_chunk_is_the_last_and_has_an_empty_choice() {
        let usage = Usage { prompt_tokens: 12, completion_tokens: 5, ..Usage::default() };
        let chunks = written(|writer| writer.usage(&usage));
        assert_eq!(chunks[0]["usage"]["total_tokens"], json!(17));
        assert_eq!(chunks[0]["choices"], json!([{"index": 0, "delta": {}}]));
    }
}
