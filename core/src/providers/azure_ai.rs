//! Azure's catalog of models: in the OpenAI dialect, but for Claude, which is spoken to as Anthropic does.
//!
//! <https://learn.microsoft.com/azure/ai-foundry/model-inference/reference/reference-model-inference-api>

/// Whether a model is Claude.
pub fn is_claude(model: &str) -> bool {
    model.to_ascii_lowercase().contains("claude")
}

/// Whether a key is sent under Azure's own name for it: to resources of Azure, and for Claude. A model that is served by
/// itself takes its key as a bearer token.
pub fn names_key(api_base: &str, model: &str) -> bool {
    let uri = api_base.parse::<http::Uri>().ok();
    let host = uri.as_ref().and_then(http::Uri::host).unwrap_or_default();
    is_claude(model) || host.ends_with(".services.ai.azure.com") || host.ends_with(".openai.azure.com")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_takes_its_key_by_azures_name_and_a_model_by_itself_does_not() {
        assert!(names_key("https://r.services.ai.azure.com/models", "phi-4"));
        assert!(!names_key("https://phi-4.eastus.models.ai.azure.com", "phi-4"));
        assert!(!names_key("https://u.test/.services.ai.azure.com", "phi-4"));
        assert!(names_key("https://u.test/anthropic", "Claude-sonnet-4-5"));
    }
}
