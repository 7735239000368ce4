//! What is kept of a call beside its charge, where the operator asks for it: the request and the answer, bounded, and
//! sealed under the keys of those whose call it is. Sealed, or not at all: a call is answered either way.

use crate::accounting::spend_row::SpendRow;
use crate::accounting::subject_keys::content_subjects;
use crate::clock::Random;
use crate::crypto::subject::{SubjectKeys, seal_for};
use crate::tokens;
use crate::wire::sse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// Most bytes kept of a request, and of an answer.
const KEPT_BYTES_MAX: usize = 8 << 10;
/// Longest text that is kept whole; LiteLLM's own limit.
const TEXT_BYTES_MAX: usize = 2048;
/// Most bytes of a stream that are held until it has ended.
const HELD_BYTES_MAX: usize = 64 << 10;
/// Longest wait for the keys: the last byte of an answer waits as long.
const KEYS_WAIT: Duration = Duration::from_secs(1);

/// Keeps requests and answers.
pub struct KeptContents {
    /// The keys of those whose calls they are.
    pub keys: Arc<dyn SubjectKeys>,
    /// Chance, for the cipher.
    pub random: Arc<dyn Random>,
}

/// What a call has shown so far.
pub(super) struct Captured {
    kept: Arc<KeptContents>,
    asked: Bytes,
    pieces: Vec<Bytes>,
    bytes: usize,
    is_whole: bool,
}

impl Captured {
    /// Begins with a request, to be kept by `kept`.
    pub(super) fn begin(kept: &Arc<KeptContents>, asked: &Bytes) -> Box<Self> {
        let (kept, asked) = (Arc::clone(kept), asked.clone());
        Box::new(Self { kept, asked, pieces: Vec::new(), bytes: 0, is_whole: false })
    }

    /// A piece of a stream.
    pub(super) fn take(&mut self, piece: &Bytes) {
        if self.bytes < HELD_BYTES_MAX {
            self.bytes += piece.len();
            self.pieces.push(piece.clone());
        }
    }

    /// An answer in one piece.
    pub(super) fn whole(&mut self, answer: &[u8]) {
        self.is_whole = true;
        let end = answer.len().min(HELD_BYTES_MAX * 4);
        self.pieces = vec![Bytes::copy_from_slice(answer.get(..end).unwrap_or_default())];
    }

    /// Puts it into the row, sealed. What cannot be sealed is not kept.
    pub(super) async fn keep(&self, row: &mut SpendRow) {
        let kept = &self.kept;
        let subjects = content_subjects(row);
        let text = Zeroizing::new(json!({"request": self.request(), "response": self.response()}).to_string());
        let id = row.request_id.to_string();
        let sealing = seal_for(kept.keys.as_ref(), &subjects, (text.as_bytes(), &id), kept.random.as_ref());
        match tokio::time::timeout(KEYS_WAIT, Box::pin(sealing)).await {
            Ok(Ok(sealed)) => row.details.content = sealed.map(|sealed| STANDARD_NO_PAD.encode(sealed)),
            Ok(Err(error)) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(call = %row.request_id, error, "a request and its answer are not kept");
            }
            Err(_) => tracing::warn!(call = %row.request_id, "a request and its answer are not kept: no key in time"),
        }
    }

    fn request(&self) -> Value {
        bounded(&self.asked)
    }

    fn response(&self) -> Value {
        let bytes = self.pieces.concat();
        if self.is_whole {
            return bounded(&bytes);
        }
        let mut text = String::new();
        for data in sse::events(&bytes).filter_map(sse::data) {
            tokens::gather(&data, &mut text);
        }
        cut(&text, KEPT_BYTES_MAX).into()
    }
}

/// A document with its long texts shortened; where it is still too large, or none, the beginning of its text.
fn bounded(bytes: &[u8]) -> Value {
    let Ok(mut document) = serde_json::from_slice::<Value>(bytes) else {
        return cut(&String::from_utf8_lossy(bytes), TEXT_BYTES_MAX).into();
    };
    shorten(&mut document);
    let text = document.to_string();
    if text.len() <= KEPT_BYTES_MAX { document } else { cut(&text, KEPT_BYTES_MAX).into() }
}

fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > TEXT_BYTES_MAX => *text = cut(text, TEXT_BYTES_MAX),
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(members) => members.values_mut().for_each(shorten),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The beginning of a text, saying how much is left out.
fn cut(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let end = (0..=bytes_max).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}… ({} bytes left out)", text.get(..end).unwrap_or_default(), text.len() - end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandom;
    use crate::crypto::CipherKey;
    use crate::crypto::subject::{Subject, SubjectKeyError};

    #[test]
    fn what_is_kept_is_bounded_whatever_the_call_was() {
        let long = "é".repeat(1_000_000);
        let document = json!({"messages": [{"role": "user", "content": long}], "model": "m"});
        let kept = bounded(document.to_string().as_bytes());
        assert_eq!(kept["model"], "m");
        assert!(kept["messages"][0]["content"].as_str().unwrap().ends_with("bytes left out)"));
        let many = json!({"messages": vec!["x".repeat(2000); 1000]});
        assert!(bounded(many.to_string().as_bytes()).to_string().len() < 2 * KEPT_BYTES_MAX);
        assert!(bounded(&vec![0xff; 1 << 20]).to_string().len() < 2 * KEPT_BYTES_MAX);
    }

    fn kept() -> KeptContents {
        struct NoKeys;
        #[async_trait::async_trait]
        impl SubjectKeys for NoKeys {
            async fn key(&self, _: &Subject) -> Result<CipherKey, SubjectKeyError> {
                Err(SubjectKeyError::Destroyed)
            }

            async fn existing(&self, _: &Subject) -> Result<Option<CipherKey>, SubjectKeyError> {
                Ok(None)
            }
        }
        KeptContents { keys: Arc::new(NoKeys), random: Arc::new(SystemRandom) }
    }

    #[test]
    fn a_stream_is_kept_as_the_text_that_it_came_to() {
        let mut captured = Captured::begin(&Arc::new(kept()), &Bytes::new());
        for word in ["Hel", "lo"] {
            captured.take(&format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{word}\"}}}}]}}\n\n").into());
        }
        assert_eq!(captured.response(), "Hello");
        (0..10_000).for_each(|_| captured.take(&Bytes::from_static(&[b'x'; 100])));
        assert!(captured.pieces.concat().len() < HELD_BYTES_MAX + 200);
    }
}
