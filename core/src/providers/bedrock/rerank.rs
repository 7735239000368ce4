//! Reranking, by Bedrock's own operation for it, whoever made the model.
//!
//! Wire format: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Rerank.html>

use super::failure::excerpt;
use super::model::BedrockModel;
use crate::api::members::{Members, raw};
use crate::api::object::ObjectWriter;
use crate::api::rerank::answer::{Billed, Ranked, RerankAnswer, Tokens};
use crate::api::rerank::request::{Document, RerankRequest};
use crate::providers::envelope::{told, unwritable};
use crate::providers::failure::ProviderFailure;
use crate::providers::identity::Identity;
use crate::providers::provider::TransformError;
use crate::providers::target::Target;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// How many documents one search unit stands for.
const UNIT_DOCUMENTS: usize = 100;
/// Members that Bedrock has no place for: it reads documents whole.
const UNSAYABLE: [&str; 3] = ["rank_fields", "max_chunks_per_doc", "max_tokens_per_doc"];

/// Writes the body.
///
/// # Errors
/// [`TransformError`]: the query or the documents are none.
pub(super) fn write(
    members: &Members<'_>,
    overrides: &Members<'_>,
    (model, target): (&BedrockModel<'_>, &Target),
) -> Result<Vec<u8>, TransformError> {
    let request = RerankRequest::read(members).map_err(told)?;
    let written = || -> Result<Vec<u8>, serde_json::Error> {
        let sources: Vec<_> = request.documents.iter().map(|document| source(*document)).collect();
        let wanted = request.top_n.unwrap_or(request.documents.len() as u64);
        let mut body = ObjectWriter::default();
        for (name, value) in overrides.iter() {
            body.add_raw(name, value)?;
        }
        body.add("queries", &[json!({"type": "TEXT", "textQuery": {"text": request.query}})])?;
        body.add("sources", &sources)?;
        let arn = arn(model, target);
        let fields = request.rest.iter().filter(|(name, _)| !UNSAYABLE.contains(name));
        let fields: serde_json::Map<_, _> = fields.map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let configured = match fields.is_empty() {
            true => json!({"modelArn": arn}),
            false => json!({"modelArn": arn, "additionalModelRequestFields": fields}),
        };
        let configuration = json!({"modelConfiguration": configured, "numberOfResults": wanted});
        let reranking = json!({"type": "BEDROCK_RERANKING_MODEL", "bedrockRerankingConfiguration": configuration});
        body.add("rerankingConfiguration", &reranking)?;
        Ok(body.finish())
    };
    written().map_err(|error| unwritable(&error))
}

fn source(document: Document<'_>) -> serde_json::Value {
    let is_text = document.whole.get().starts_with('"');
    let inline = if is_text {
        json!({"type": "TEXT", "textDocument": {"text": document.whole}})
    } else {
        json!({"type": "JSON", "jsonDocument": document.whole})
    };
    json!({"type": "INLINE", "inlineDocumentSource": inline})
}

/// The model's ARN. One that is named by its id alone is a model of the region that is called.
fn arn<'m>(model: &BedrockModel<'m>, target: &Target) -> Cow<'m, str> {
    if model.id.starts_with("arn:") {
        return Cow::Borrowed(model.id);
    }
    let of_address = || target.api_base.split_once("bedrock-runtime.").and_then(|(_, rest)| rest.split('.').next());
    let region = match &target.identity {
        Some(Identity::Aws(account)) => account.region.as_str(),
        _ => of_address().or(model.region).unwrap_or_default(),
    };
    Cow::Owned(format!("arn:aws:bedrock:{region}::foundation-model/{}", model.id))
}

/// Reads an answer. `asked`: the client's body.
///
/// # Errors
/// The answer is none.
pub(super) fn read<'a>(body: &'a [u8], asked: &[u8]) -> Result<RerankAnswer<'a>, ProviderFailure> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        results: Vec<Found<'a>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Found<'a> {
        index: u64,
        #[serde(borrow)]
        relevance_score: &'a RawValue,
    }
    let answer: Body<'_> = serde_json::from_slice(body).map_err(|_| {
        ProviderFailure::malformed(format!("the upstream's answer ranks no documents: {}", excerpt(body)))
    })?;
    let members = Members::parse(asked).unwrap_or_default();
    let request = RerankRequest::read(&members).ok();
    let documents = request.as_ref().map_or(&[][..], |request| &request.documents);
    let shows = request.as_ref().and_then(|request| request.return_documents) == Some(true);
    let document =
        |index: u64| documents.get(usize::try_from(index).ok()?).filter(|_| shows).map(|found| shown(*found));
    let results = answer.results.into_iter().map(|found| Ranked {
        index: found.index,
        relevance_score: Cow::Borrowed(found.relevance_score),
        document: document(found.index).map(Cow::Owned),
    });
    let units = documents.len().div_ceil(UNIT_DOCUMENTS).max(1) as u64;
    Ok(RerankAnswer {
        results: results.collect(),
        billed: Billed { search_units: Some(units), total_tokens: None },
        tokens: Some(Tokens::default()),
        ..RerankAnswer::default()
    })
}

/// A document as answers show it: an object.
fn shown(document: Document<'_>) -> Box<RawValue> {
    let is_text = document.whole.get().starts_with('"');
    let object = is_text.then(|| raw(&json!({"text": document.whole})).ok()).flatten();
    object.unwrap_or_else(|| document.whole.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::resolve::target_of;
    use serde_json::Value;

    fn written(model: &str, body: &str) -> Value {
        let params = DeploymentParams { model: format!("bedrock/{model}"), ..DeploymentParams::default() };
        let target = target_of(&params, &Environment::default()).unwrap();
        let members = Members::parse(body.as_bytes()).unwrap();
        let body = write(&members, &Members::default(), (&BedrockModel::of(&target.model), &target)).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    #[test]
    fn texts_and_objects_are_told_as_what_they_are() {
        let body = written("cohere.rerank-v3-5:0", r#"{"query":"q","documents":["a",{"t":1}],"top_n":1}"#);
        assert_eq!(body["queries"][0]["textQuery"]["text"], json!("q"));
        assert_eq!(body["sources"][0]["inlineDocumentSource"], json!({"type": "TEXT", "textDocument": {"text": "a"}}));
        assert_eq!(body["sources"][1]["inlineDocumentSource"], json!({"type": "JSON", "jsonDocument": {"t": 1}}));
        let configuration = &body["rerankingConfiguration"]["bedrockRerankingConfiguration"];
        let arn = "arn:aws:bedrock:us-west-2::foundation-model/cohere.rerank-v3-5:0";
        assert_eq!(configuration["modelConfiguration"], json!({"modelArn": arn}));
        assert_eq!(configuration["numberOfResults"], json!(1));
    }

    #[test]
    fn what_was_asked_is_shown_and_billed() {
        let answer = br#"{"results":[{"index":1,"relevanceScore":0.90}]}"#;
        let asked = br#"{"query":"q","documents":["a","b"],"return_documents":true}"#;
        let read = read(answer, asked).unwrap();
        let shown = read.results[0].document.as_deref().map(RawValue::get);
        assert_eq!((shown, read.results[0].relevance_score.get()), (Some(r#"{"text":"b"}"#), "0.90"));
        assert_eq!(read.billed.search_units, Some(1));
        assert!(super::read(b"{}", b"").is_err());
    }
}
