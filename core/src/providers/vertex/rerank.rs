//! Reranking by Google's ranking service, which stands beside Vertex AI and is shown the same account.
//!
//! Wire format: <https://cloud.google.com/generative-ai-app-builder/docs/ranking>

use super::address;
use crate::api::chat::text::Text;
use crate::api::members::{Members, raw};
use crate::api::object::ObjectWriter;
use crate::api::rerank::answer::{Billed, Ranked, RerankAnswer};
use crate::api::rerank::request::{Document, RerankRequest};
use crate::providers::decoder::StreamDecoder;
use crate::providers::envelope::{self, Extras, deployment_headers, setting, told, unwritable};
use crate::providers::failure::ProviderFailure;
use crate::providers::gemini::failure;
use crate::providers::openai::EventReader;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Vertex AI's hosts end with this; the ranking service has a host of its own.
const VERTEX_HOST: &str = "aiplatform.googleapis.com";
const RANKING_HOST: &str = "https://discoveryengine.googleapis.com";
/// The ranking service is the same everywhere.
const CONFIG: &str = "locations/global/rankingConfigs/default_ranking_config:rank";
/// Who pays.
const PROJECT: HeaderName = HeaderName::from_static("x-goog-user-project");
/// Words of a document that stand in for its title.
const TITLE_WORDS: usize = 3;
/// Documents that one unit of a search is billed for.
const DOCUMENTS_PER_UNIT: u64 = 100;

/// Google's ranking service.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct VertexRerank;

#[derive(Serialize)]
struct Entry<'a> {
    id: String,
    title: Cow<'a, str>,
    content: Cow<'a, str>,
}

impl Provider for VertexRerank {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        let extras = Extras::take(call.members, target)?;
        let overrides = extras.overrides()?;
        let request = RerankRequest::read(call.members).map_err(told)?;
        for (name, _) in &request.rest {
            call.dropped.push(Cow::Owned((*name).to_owned()));
        }
        let body = write(&request, target, &overrides).map_err(|error| unwritable(&error))?;
        let (host, project) = address::host_and_project(&target.api_base).ok_or_else(|| TransformError::Setting {
            setting: "api_base",
            reason: "it names no project, under which the ranking service is called".to_owned(),
        })?;
        let host = if host.ends_with(VERTEX_HOST) { RANKING_HOST } else { host };
        let mut sent = envelope::post(&format!("{host}/v1/projects/{project}/{CONFIG}"), body)?;
        let headers = sent.headers_mut();
        headers.extend(extras.headers.clone());
        headers.extend(deployment_headers(target)?);
        headers.insert(PROJECT, HeaderValue::try_from(project).map_err(|error| setting("vertex_project", &error))?);
        Ok(sent)
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        read(reply, &body)
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        // Nobody streams a rerank.
        Box::new(EventReader::new(reply.show_usage))
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        failure::read(status, body)
    }
}

fn write(request: &RerankRequest<'_>, target: &Target, overrides: &Members<'_>) -> Result<Vec<u8>, serde_json::Error> {
    let entries: Vec<_> = request.documents.iter().enumerate().map(|(at, document)| entry(at, *document)).collect();
    let mut body = ObjectWriter::default();
    for (name, value) in overrides.iter() {
        body.add_raw(name, value)?;
    }
    body.add("model", &target.model)?;
    body.add("query", &request.query)?;
    body.add("records", &entries)?;
    if let Some(most) = request.top_n {
        body.add("topN", &most)?;
    }
    // Documents are the client's own; only their places are asked for.
    body.add("ignoreRecordDetailsInResponse", &true)?;
    Ok(body.finish())
}

/// A document. One without a title is titled by its first words, as LiteLLM does.
fn entry(at: usize, document: Document<'_>) -> Entry<'_> {
    #[derive(Deserialize)]
    struct Titled<'a> {
        #[serde(borrow, default)]
        title: Option<Text<'a>>,
    }
    let content = document.text().map_or_else(|| Cow::Borrowed(document.whole.get()), |text| text.0);
    let titled: Option<Titled<'_>> = serde_json::from_str(document.whole.get()).ok();
    let title = titled.and_then(|titled| titled.title).map(|title| title.0);
    let first_words = || content.split_whitespace().take(TITLE_WORDS).collect::<Vec<_>>().join(" ");
    Entry { id: at.to_string(), title: title.unwrap_or_else(|| Cow::Owned(first_words())), content }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    records: Vec<Scored<'a>>,
}

#[derive(Deserialize)]
struct Scored<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, default)]
    score: Option<&'a RawValue>,
}

fn read(reply: Reply<'_>, body: &[u8]) -> Result<WholeAnswer, ProviderFailure> {
    let malformed = || ProviderFailure::malformed("the upstream's answer holds no ranking");
    let told: Body<'_> = serde_json::from_slice(body).map_err(|_| malformed())?;
    let nothing = raw(&0).map_err(|_| malformed())?;
    let mut results = Vec::with_capacity(told.records.len());
    for scored in &told.records {
        let index: u64 = scored.id.parse().map_err(|_| malformed())?;
        let relevance_score = scored.score.map_or_else(|| Cow::Owned(nothing.clone()), Cow::Borrowed);
        results.push(Ranked { index, relevance_score, document: None });
    }
    let asked = Members::parse(reply.asked).ok();
    let documents = asked.and_then(|asked| asked.read::<Vec<&RawValue>>("documents").map(|list| list.len() as u64));
    let search_units = documents.map_or(1, |documents| documents.div_ceil(DOCUMENTS_PER_UNIT).max(1));
    let billed = Billed { search_units: Some(search_units), ..Billed::default() };
    let id = Some(Cow::Owned(format!("vertex_ai_rerank_{}", reply.id)));
    let answer = RerankAnswer { id, results, billed, ..RerankAnswer::default() };
    let written = answer.write(reply.id).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
    Ok(WholeAnswer { body: written.into(), usage: answer.usage() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::config::{DeploymentParams, Environment};
    use crate::id::RequestId;
    use crate::providers::operation::Operation;
    use crate::providers::parameters::policy::Policy;
    use crate::providers::resolve::target_of;
    use serde_json::{Value, json};

    #[test]
    fn documents_are_titled_and_the_ranking_service_has_a_host_of_its_own() {
        let params = json!({"model": "vertex_ai/semantic-ranker-default-004", "vertex_project": "p"});
        let params: DeploymentParams = serde_json::from_value(params).unwrap();
        let target = target_of(&params, &Environment::default()).unwrap();
        let body = r#"{"query":"q","documents":["one two three four",{"title":"T","text":"b"}],"top_n":1,"max_chunks_per_doc":3}"#;
        let (mut members, mut dropped) = (Members::parse(body.as_bytes()).unwrap(), Vec::new());
        let policy = Policy::default();
        let call = Call {
            operation: Operation::Rerank,
            members: &mut members,
            stream: false,
            policy: &policy,
            dropped: &mut dropped,
        };
        let sent = VertexRerank.request(call, &target).unwrap();
        assert_eq!(sent.uri().to_string(), format!("{RANKING_HOST}/v1/projects/p/{CONFIG}"));
        assert_eq!(sent.headers()["x-goog-user-project"], "p");
        let body: Value = serde_json::from_slice(sent.body()).unwrap();
        assert_eq!(body["records"][0], json!({"id": "0", "title": "one two three", "content": "one two three four"}));
        assert_eq!(
            (&body["records"][1]["title"], &body["topN"], dropped),
            (&json!("T"), &json!(1), vec!["max_chunks_per_doc".into()])
        );
    }

    #[test]
    fn the_ranking_keeps_its_order_and_hundreds_of_documents_are_units() {
        let id = RequestId::at(Timestamp::from_seconds(1), &[1; 10]);
        let asked = json!({"documents": vec!["d"; 101]}).to_string();
        let reply = Reply {
            operation: Operation::Rerank,
            id,
            model: "m",
            deployment: "d",
            asked: asked.as_bytes(),
            show_usage: false,
        };
        let answer = read(reply, br#"{"records":[{"id":"1","score":0.90},{"id":"0"}]}"#).unwrap();
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let results = json!([{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0}]);
        assert_eq!((&body["results"], answer.usage.unwrap().search_units), (&results, Some(2)));
        assert!(read(reply, b"{}").is_err() && read(reply, br#"{"records":[{"id":"x"}]}"#).is_err());
    }
}
