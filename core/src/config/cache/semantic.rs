//! When an answer stands for a question that means about the same.

use super::params::CacheParams;
use crate::config::environment::Environment;

/// LiteLLM's own names and waits, where nobody says anything.
const MODEL: &str = "text-embedding-ada-002";
const INDEX: &str = "litellm_semantic_cache_index";
const WAIT_SECONDS: f64 = 5.0;
const WAIT: &str = "SEMANTIC_CACHE_EMBEDDING_TIMEOUT_SECONDS";

/// When an answer stands for a question that means about the same.
#[derive(Clone, Debug, PartialEq)]
pub struct SemanticSettings {
    /// The least cosine of two questions' vectors, from 0 to 1: `similarity_threshold`.
    pub threshold: f64,
    /// The model that makes the vectors, by its public name: `semantic_cache_embedding_model`.
    pub model: String,
    /// Seconds that a call waits for one at most: `semantic_cache_embedding_timeout`.
    pub wait_seconds: f64,
    /// The index that vectors are kept in: `redis_semantic_cache_index_name`.
    pub index: String,
}

/// Reads it, where the type of the cache or a setting asks for it; else the setting at fault and what is wrong with it.
pub(super) fn read(
    params: &mut CacheParams,
    is_asked: bool,
    environment: &Environment,
) -> Result<Option<SemanticSettings>, (&'static str, String)> {
    let (model, index) = (params.semantic_cache_embedding_model.take(), params.redis_semantic_cache_index_name.take());
    let threshold = params.similarity_threshold.take();
    let Some(threshold) = threshold else {
        let missing =
            "is missing; write how like two prompts must be to share an answer, such as `0.9` (1 is the same)";
        return if is_asked || model.is_some() { Err(("similarity_threshold", missing.to_owned())) } else { Ok(None) };
    };
    if !(0.0..=1.0).contains(&threshold) {
        return Err(("similarity_threshold", "must be from 0 to 1: the cosine of two vectors".to_owned()));
    }
    let usual = match environment.text(WAIT).map(|text| text.trim().parse::<f64>()) {
        None => WAIT_SECONDS,
        Some(Ok(seconds)) => seconds,
        Some(Err(_)) => f64::NAN,
    };
    let wait_seconds = params.semantic_cache_embedding_timeout.unwrap_or(usual);
    if !(0.001..=600.0).contains(&wait_seconds) {
        let wrong = format!("must be from 0.001 to 600 seconds, here or in environment variable {WAIT}");
        return Err(("semantic_cache_embedding_timeout", wrong));
    }
    let named = |text: Option<String>, usual: &str| text.filter(|text| !text.is_empty()).unwrap_or(usual.to_owned());
    Ok(Some(SemanticSettings { threshold, model: named(model, MODEL), wait_seconds, index: named(index, INDEX) }))
}
