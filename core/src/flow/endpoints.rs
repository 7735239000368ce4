//! `/public/endpoints`: what can be asked for, and of which providers, as LiteLLM's clients read it. Told by the
//! transforms themselves.

use crate::providers::abilities::upstream_path;
use crate::providers::catalog;
use crate::providers::operation::Operation;
use serde_json::{Value, json};

/// LiteLLM's keys and names of what there is, and the operation behind each.
const ENDPOINTS: [(&str, &str, Operation); 14] = [
    ("chat_completions", "Chat Completions", Operation::Chat),
    ("messages", "Messages", Operation::Messages),
    ("responses", "Responses", Operation::Responses),
    ("embeddings", "Embeddings", Operation::Embedding),
    ("image_generations", "Image Generations", Operation::ImageGeneration),
    ("image_edits", "Image Edits", Operation::ImageEdit),
    ("audio_transcriptions", "Audio Transcriptions", Operation::Transcription),
    ("audio_translations", "Audio Translations", Operation::Translation),
    ("audio_speech", "Audio Speech", Operation::Speech),
    ("moderations", "Moderations", Operation::Moderation),
    ("rerank", "Rerank", Operation::Rerank),
    ("text_completion", "Text Completion", Operation::Completion),
    ("generateContent", "Generate Content", Operation::GenerateContent),
    ("count_tokens", "Count Tokens", Operation::CountTokens),
];

/// Every endpoint with the providers whose models can be asked for it.
pub fn endpoints() -> Value {
    let endpoints: Vec<Value> = ENDPOINTS.iter().map(|(key, label, operation)| told(key, label, *operation)).collect();
    json!({"endpoints": endpoints})
}

fn told(key: &str, label: &str, operation: Operation) -> Value {
    // What no provider counts is counted here.
    let is_able = |provider: &&catalog::Provider| {
        operation == Operation::CountTokens || upstream_path(provider, operation).is_some()
    };
    let entry = |provider: &catalog::Provider| json!({"slug": provider.name, "display_name": provider.name});
    let providers: Vec<Value> = catalog::spoken().filter(is_able).map(entry).collect();
    json!({"key": key, "label": label, "endpoint": path(operation), "providers": providers})
}

fn path(operation: Operation) -> String {
    match operation {
        Operation::GenerateContent => format!("/models/{{model}}{}", operation.path()),
        _ => operation.path().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_stands_where_it_can_be_asked() {
        let all = endpoints();
        let able = |key: &str| -> Vec<String> {
            let endpoint = all["endpoints"].as_array().unwrap().iter().find(|endpoint| endpoint["key"] == key).unwrap();
            let slug = |provider: &Value| provider["slug"].as_str().unwrap().to_owned();
            endpoint["providers"].as_array().unwrap().iter().map(slug).collect()
        };
        let is = |key: &str, provider: &str| able(key).iter().any(|slug| slug == provider);
        assert!(is("chat_completions", "anthropic") && is("messages", "openai") && is("rerank", "cohere"));
        assert!(!is("embeddings", "anthropic") && !is("audio_speech", "anthropic") && is("audio_speech", "openai"));
        assert_eq!(able("count_tokens").len(), catalog::spoken().count());
    }
}
