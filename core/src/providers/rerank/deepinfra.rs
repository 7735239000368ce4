//! DeepInfra's own way: as many queries as documents, and a score for each pair.
//!
//! Wire format: <https://deepinfra.com/docs/rerank>

use crate::api::object::ObjectWriter;
use crate::api::rerank::request::RerankRequest;
use crate::providers::outgoing::unwritable;
use crate::providers::provider::TransformError;
use crate::providers::target::Target;
use serde_json::value::RawValue;

/// Its API for models of any kind is beside that of the OpenAI dialect.
pub(super) fn address(target: &Target) -> String {
    let base = target.api_base.trim_end_matches('/');
    let base = base.strip_suffix("/openai").unwrap_or(base);
    format!("{base}/inference/{}", target.model)
}

/// The body.
pub(super) fn body(asked: &RerankRequest<'_>) -> Result<Vec<u8>, TransformError> {
    let queries: Vec<&str> = asked.documents.iter().map(|_| &*asked.query).collect();
    let documents: Vec<&RawValue> = asked.documents.iter().map(|document| document.whole).collect();
    let mut body = ObjectWriter::default();
    let mut fill = || -> Result<(), serde_json::Error> {
        body.add("queries", &queries)?;
        body.add("documents", &documents)?;
        asked.rest.iter().try_for_each(|(name, value)| body.add_raw(name, value))
    };
    fill().map_err(|error| unwritable("documents", &error))?;
    Ok(body.finish())
}
