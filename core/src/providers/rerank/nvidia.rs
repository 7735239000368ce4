//! NVIDIA's retrieval API: passages, and a logit for each.
//!
//! Wire format: <https://docs.nvidia.com/nim/nemo-retriever/text-reranking/latest/using-reranking.html>

use crate::api::chat::text::Text;
use crate::api::object::ObjectWriter;
use crate::api::rerank::request::RerankRequest;
use crate::providers::outgoing::unwritable;
use crate::providers::provider::TransformError;
use crate::providers::target::Target;
use serde::Serialize;
use serde_json::value::RawValue;

/// Where models chat, and where they rank.
const CHAT_HOST: &str = "https://integrate.api.nvidia.com/v1";
const RANKING_HOST: &str = "https://ai.api.nvidia.com";
/// The prefix of a model that a container of one's own serves, at an address without its name.
const OF_CONTAINER: &str = "ranking/";

#[derive(Serialize)]
struct Passage<'a> {
    text: Text<'a>,
}

/// The address: below it, by the model's name.
pub(super) fn address(target: &Target) -> String {
    let base = target.api_base.trim_end_matches('/');
    let base = if base == CHAT_HOST { RANKING_HOST } else { base };
    if base.ends_with("/reranking") || base.ends_with("/ranking") {
        return base.to_owned();
    }
    let base = base.strip_suffix("/v1").unwrap_or(base);
    match target.model.strip_prefix(OF_CONTAINER) {
        Some(_) => format!("{base}/v1/ranking"),
        None => format!("{base}/v1/retrieval/{}/reranking", target.model),
    }
}

/// The body. A document without a text is its JSON.
pub(super) fn body(asked: &RerankRequest<'_>, target: &Target) -> Result<Vec<u8>, TransformError> {
    let model = target.model.strip_prefix(OF_CONTAINER).unwrap_or(&target.model);
    let passages = asked.documents.iter().map(|document| match document.text() {
        Some(text) => Passage { text },
        None => Passage { text: Text::from(RawValue::get(document.whole)) },
    });
    let mut body = ObjectWriter::default();
    let fill = || -> Result<(), serde_json::Error> {
        body.add("model", model)?;
        body.add("query", &Passage { text: asked.query.clone() })?;
        body.add("passages", &passages.collect::<Vec<_>>())?;
        if let Some(top) = asked.top_n {
            body.add("top_k", &top)?;
        }
        asked.rest.iter().try_for_each(|(name, value)| body.add_raw(name, value))
    };
    fill().map_err(|error| unwritable("documents", &error))?;
    Ok(body.finish())
}
