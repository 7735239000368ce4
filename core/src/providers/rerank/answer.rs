//! The answer of a reranker.

use super::row::{Dialect, Row, TokensTold};
use crate::api::chat::text::Text;
use crate::api::members::{Members, raw};
use crate::api::rerank::answer::{Billed, Ranked, RerankAnswer, Tokens};
use crate::api::rerank::request::{Document, RerankRequest};
use crate::providers::failure::ProviderFailure;
use crate::providers::openai::failure;
use crate::providers::provider::{Reply, WholeAnswer};
use crate::wire::openai_usage::usage_from_openai;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The members that matter, of every dialect.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    request_id: Option<Text<'a>>,
    #[serde(borrow, default, alias = "data", alias = "rankings")]
    results: Option<Vec<Entry<'a>>>,
    #[serde(borrow, default)]
    scores: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    input_tokens: Option<u64>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(default)]
    meta: Option<Meta>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    index: u64,
    #[serde(borrow, alias = "logit", alias = "score")]
    relevance_score: &'a RawValue,
    #[serde(borrow, default)]
    document: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    billed_units: Option<Units>,
}

#[derive(Deserialize)]
struct Units {
    /// Cohere writes it as a number that may have a fraction.
    #[serde(default)]
    search_units: Option<f64>,
    #[serde(default)]
    total_tokens: Option<u64>,
}

#[derive(Serialize)]
struct OfText<'a> {
    text: Text<'a>,
}

/// Reads an answer of status 200. One in the clients' own dialect passes as it is.
pub(super) fn read(row: &Row, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
    let malformed =
        |what: &str| ProviderFailure::malformed(format!("the upstream's answer {what}: {}", failure::excerpt(&body)));
    let mut told: Body<'_> = serde_json::from_slice(&body).map_err(|_| malformed("cannot be read"))?;
    if let Some(error) = told.error.filter(|error| error.get() != "null") {
        return Err(failure::in_band(error.get().as_bytes()));
    }
    if let (Some(meta), Some(_), Dialect::Cohere) = (&told.meta, &told.results, row.dialect) {
        let usage = meta.billed_units.as_ref().and_then(|units| units.billed().usage());
        return Ok(WholeAnswer { usage, body });
    }
    let asked = Members::parse(reply.asked).unwrap_or_default();
    let asked = RerankRequest::read(&asked).ok();
    let results = match (told.results.take(), told.scores.take()) {
        (Some(entries), _) => ranked(row, entries, asked.as_ref()),
        (None, Some(scores)) => by_score(scores, asked.as_ref()),
        (None, None) => return Err(malformed("has no results")),
    };
    let (billed, tokens) = counts(row, &told);
    let id = told.id.or(told.request_id).map(|id| id.0);
    let answer = RerankAnswer { id, results, billed, tokens };
    let written = answer.write(reply.id).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
    Ok(WholeAnswer { usage: answer.usage(), body: Bytes::from(written) })
}

impl Units {
    fn billed(&self) -> Billed {
        // A float-to-int cast saturates, and a part of a search is one.
        Billed { search_units: self.search_units.map(|units| units.ceil() as u64), total_tokens: self.total_tokens }
    }
}

/// Entries as the provider ordered them. NVIDIA's API never repeats a document: the client's own stands in.
fn ranked<'a>(row: &Row, entries: Vec<Entry<'a>>, asked: Option<&RerankRequest<'_>>) -> Vec<Ranked<'a>> {
    let repeats = row.dialect == Dialect::Nvidia && asked.is_some_and(|asked| asked.return_documents != Some(false));
    let entries = entries.into_iter().map(|entry| {
        let own = || asked.filter(|_| repeats)?.documents.get(usize::try_from(entry.index).ok()?).copied();
        let document = match entry.document.filter(|document| document.get() != "null") {
            Some(document) if document.get().starts_with('"') => as_object(Document { whole: document }),
            Some(document) => Some(Cow::Borrowed(document)),
            None => own().and_then(as_object),
        };
        Ranked { index: entry.index, relevance_score: Cow::Borrowed(entry.relevance_score), document }
    });
    entries.collect()
}

/// Documents by their scores, the best first, and no more than are wanted.
fn by_score<'a>(scores: Vec<&'a RawValue>, asked: Option<&RerankRequest<'_>>) -> Vec<Ranked<'a>> {
    let mut results: Vec<(f64, Ranked<'a>)> = scores
        .into_iter()
        .enumerate()
        .map(|(index, score)| {
            let relevance_score = Cow::Borrowed(score);
            (score.get().parse().unwrap_or(f64::MIN), Ranked { index: index as u64, relevance_score, document: None })
        })
        .collect();
    results.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let wanted = asked.and_then(|asked| asked.top_n).and_then(|top| usize::try_from(top).ok()).unwrap_or(usize::MAX);
    results.truncate(wanted);
    let repeats = asked.filter(|asked| asked.return_documents == Some(true));
    if let Some(asked) = repeats {
        for (_, ranked) in &mut results {
            let own = usize::try_from(ranked.index).ok().and_then(|at| asked.documents.get(at).copied());
            ranked.document = own.and_then(as_object);
        }
    }
    results.into_iter().map(|(_, ranked)| ranked).collect()
}

/// A document as clients read it: an object, of its text alone where it is one.
fn as_object<'r>(document: Document<'_>) -> Option<Cow<'r, RawValue>> {
    let whole = match document.text() {
        Some(text) => raw(&OfText { text }).ok()?,
        None => document.whole.to_owned(),
    };
    Some(Cow::Owned(whole))
}

fn counts(row: &Row, told: &Body<'_>) -> (Billed, Option<Tokens>) {
    let usage = told.usage.and_then(|usage| usage_from_openai(usage.get().as_bytes()));
    let total = told.input_tokens.or(usage.map(|usage| usage.total()));
    let billed = Billed { total_tokens: total, ..Billed::default() };
    let input_tokens = told.input_tokens.or(usage.map(|usage| usage.prompt_tokens));
    let tokens = match row.tokens {
        TokensTold::Absent => None,
        TokensTold::None => Some(Tokens::default()),
        TokensTold::Input => Some(Tokens { input_tokens, output_tokens: None }),
        TokensTold::Both => Some(Tokens { input_tokens, output_tokens: input_tokens.map(|_| 0) }),
    };
    (billed, tokens)
}
