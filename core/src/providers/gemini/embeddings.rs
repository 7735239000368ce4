//! Embeddings: one request within a request for each input.
//!
//! Wire format: <https://ai.google.dev/api/embeddings#method:-models.batchembedcontents>

use super::failure;
use crate::api::answer::embeddings;
use crate::api::chat::part::data_url;
use crate::api::chat::text::Text;
use crate::api::members::Members;
use crate::providers::embedding_input::decoded;
use crate::providers::envelope::unwritable;
use crate::providers::failure::ProviderFailure;
use crate::providers::provider::{Call, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use crate::tokens;
use crate::usage::{Doubt, Usage};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Members of a request, and what they are called there.
const SETTINGS: [(&str, &str); 7] = [
    ("dimensions", "outputDimensionality"),
    ("output_dimensionality", "outputDimensionality"),
    ("outputDimensionality", "outputDimensionality"),
    ("input_type", "taskType"),
    ("task_type", "taskType"),
    ("taskType", "taskType"),
    ("title", "title"),
];
/// Members that are read, or that ask for what is given anyway.
const READ: [&str; 3] = ["model", "input", "encoding_format"];

#[derive(Serialize)]
struct Batch<'a> {
    requests: Vec<One<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    model: &'a str,
    content: Content<'a>,
    #[serde(flatten)]
    settings: &'a serde_json::Map<String, serde_json::Value>,
}

#[derive(Serialize)]
struct Content<'a> {
    parts: [Part<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Part<'a> {
    Text(&'a str),
    InlineData { mime_type: &'a str, data: &'a str },
}

/// The body of a request for embeddings.
///
/// # Errors
/// [`TransformError::Member`]: the input is no text and no list of texts.
pub(super) fn batch(call: &mut Call<'_, '_>, target: &Target) -> Result<Vec<u8>, TransformError> {
    let inputs = inputs(call.members)?;
    let mut settings = serde_json::Map::new();
    for (name, value) in call.members.iter() {
        if let Some((_, to)) = SETTINGS.iter().find(|(known, _)| *known == name) {
            let value = serde_json::from_str(value.get()).map_err(|error| unwritable(&error))?;
            settings.insert((*to).to_owned(), value);
        } else if !READ.contains(&name) {
            // The API refuses a request with a member that it does not know.
            call.dropped.push(Cow::Owned(name.to_owned()));
        }
    }
    let model = format!("models/{}", target.model);
    let one = |input| One { model: &model, content: Content { parts: [part(input)] }, settings: &settings };
    let batch = Batch { requests: inputs.iter().map(one).collect() };
    serde_json::to_vec(&batch).map_err(|error| unwritable(&error))
}

/// The texts of the input, or the pictures in `data:` addresses. Tokens are told as the texts that they stand for.
///
/// # Errors
/// [`TransformError::Member`]: it is something else.
pub fn inputs<'c>(members: &'c Members<'_>) -> Result<Vec<Text<'c>>, TransformError> {
    let unfit = || TransformError::Member {
        member: "input",
        reason: "'input' must be a text, tokens, or a list of either.".to_owned(),
    };
    if let Some(texts) = decoded(members)? {
        return Ok(texts.into_iter().map(|text| Text(Cow::Owned(text))).collect());
    }
    let input = members.get("input").ok_or_else(unfit)?.get();
    if input.starts_with('"') {
        return Ok(vec![serde_json::from_str(input).map_err(|_| unfit())?]);
    }
    serde_json::from_str(input).map_err(|_| unfit())
}

fn part<'a>(input: &'a Text<'_>) -> Part<'a> {
    match data_url(input) {
        Some((mime_type, data)) => Part::InlineData { mime_type, data },
        None => Part::Text(input),
    }
}

/// Reads an answer of status 200.
///
/// # Errors
/// It holds no embeddings.
pub(super) fn answer(reply: Reply<'_>, body: &[u8]) -> Result<WholeAnswer, ProviderFailure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        #[serde(borrow)]
        embeddings: Vec<Vector<'a>>,
        #[serde(default)]
        usage_metadata: Option<Counts>,
    }
    #[derive(Deserialize)]
    struct Vector<'a> {
        #[serde(borrow)]
        values: &'a RawValue,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Counts {
        prompt_token_count: u64,
    }
    let answer: Body<'_> = serde_json::from_slice(body).map_err(|_| {
        ProviderFailure::malformed(format!("the upstream's answer holds no embeddings: {}", failure::excerpt(body)))
    })?;
    let told = answer.usage_metadata.map(|counts| counts.prompt_token_count);
    let usage = told.map_or_else(|| counted(reply.asked), |prompt_tokens| Usage { prompt_tokens, ..Usage::default() });
    let usage = usage.checked();
    let vectors: Vec<&RawValue> = answer.embeddings.iter().map(|vector| vector.values).collect();
    let written = embeddings::write(reply.model, &vectors, Some(&usage))
        .map_err(|error| ProviderFailure::malformed(error.to_string()))?;
    Ok(WholeAnswer { body: written.into(), usage: Some(usage) })
}

/// About what was used: most answers do not tell.
fn counted(asked: &[u8]) -> Usage {
    let mut usage = Usage { prompt_tokens: tokens::count_request(asked), ..Usage::default() };
    usage.doubts.note(Doubt::Estimated);
    usage
}
