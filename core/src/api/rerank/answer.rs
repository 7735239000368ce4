//! What a rerank answers, for providers whose own answers are in another dialect: what they produce, and the one place
//! that writes it.

use crate::id::RequestId;
use crate::usage::Usage;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// An answer.
#[derive(Debug, Default)]
pub struct RerankAnswer<'a> {
    /// The provider's own id; `None`: the call's id stands in.
    pub id: Option<Cow<'a, str>>,
    /// The documents, the best first.
    pub results: Vec<Ranked<'a>>,
    /// What was billed.
    pub billed: Billed,
    /// Tokens, where they are told apart from what was billed.
    pub tokens: Option<Tokens>,
}

/// One document's place.
#[derive(Debug, Serialize)]
pub struct Ranked<'a> {
    /// Its place in the request.
    pub index: u64,
    /// How well it answers the query, as the provider wrote it.
    pub relevance_score: Cow<'a, RawValue>,
    /// The document, where results hold it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<Cow<'a, RawValue>>,
}

/// What was billed.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Billed {
    /// Searches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_units: Option<u64>,
    /// Tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_tokens: Option<u64>,
}

/// Tokens read and written.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Tokens {
    /// Of the query and the documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Of the answer: a reranker writes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
}

#[derive(Serialize)]
struct Body<'b> {
    id: Cow<'b, str>,
    results: &'b [Ranked<'b>],
    meta: Meta,
}

#[derive(Serialize)]
struct Meta {
    billed_units: Billed,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<Tokens>,
}

impl RerankAnswer<'_> {
    /// The answer's JSON.
    ///
    /// # Errors
    /// Those of the serialiser; none for answers that were read from JSON.
    pub fn write(&self, call: RequestId) -> Result<Vec<u8>, serde_json::Error> {
        let id = self.id.as_deref().map_or_else(|| Cow::Owned(call.to_string()), Cow::Borrowed);
        let meta = Meta { billed_units: self.billed, tokens: self.tokens };
        serde_json::to_vec(&Body { id, results: &self.results, meta })
    }

    /// What was used, where the provider told.
    pub fn usage(&self) -> Option<Usage> {
        self.billed.usage()
    }
}

impl Billed {
    /// What was used, as it is priced. `None` where nothing was told.
    pub fn usage(self) -> Option<Usage> {
        if self.search_units.is_none() && self.total_tokens.is_none() {
            return None;
        }
        let prompt_tokens = self.total_tokens.unwrap_or(0);
        Some(Usage { prompt_tokens, search_units: self.search_units, ..Usage::default() }.checked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use serde_json::{Value, json};

    #[test]
    fn an_answer_without_an_id_is_named_by_its_call() {
        let id = RequestId::at(Timestamp::from_seconds(1), &[1; 10]);
        let score = RawValue::from_string("0.50".to_owned()).unwrap();
        let ranked = Ranked { index: 1, relevance_score: Cow::Borrowed(&score), document: None };
        let billed = Billed { total_tokens: Some(9), ..Billed::default() };
        let answer = RerankAnswer { results: vec![ranked], billed, ..RerankAnswer::default() };
        let written: Value = serde_json::from_slice(&answer.write(id).unwrap()).unwrap();
        assert_eq!(written["id"], json!(id.to_string()));
        assert_eq!(written["results"], json!([{"index": 1, "relevance_score": 0.5}]));
        assert_eq!(written["meta"], json!({"billed_units": {"total_tokens": 9}}));
        assert_eq!(answer.usage().unwrap().prompt_tokens, 9);
    }
}
