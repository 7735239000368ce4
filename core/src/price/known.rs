//! Which models of a provider are known by name: what a wildcard stands for in a list of models.

use super::index;

/// The known models of a provider, sorted, without the provider's prefix and without fine-tuning bases.
pub fn known_models(provider: &str) -> Vec<&'static str> {
    let mut models: Vec<_> = index::entries()
        .filter(|(_, theirs)| belongs(theirs, provider))
        .map(|(name, _)| name.strip_prefix(provider).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name))
        .filter(|name| provider != "openai" || !is_tuning_base(name))
        .collect();
    models.sort_unstable();
    models.dedup();
    models
}

/// Whether an entry of the one provider is served by the other: `vertex_ai-language-models` by `vertex_ai`.
pub(super) fn belongs(entry: &str, provider: &str) -> bool {
    if entry == provider {
        return true;
    }
    match provider {
        "openai" => entry == "text-completion-openai",
        "azure" => entry == "azure_text",
        "bedrock" => entry == "bedrock_converse",
        "cohere" | "cohere_chat" => matches!(entry, "cohere" | "cohere_chat"),
        "ollama_chat" => entry == "ollama",
        _ => entry.strip_prefix(provider).is_some_and(|rest| rest.starts_with('-')),
    }
}

/// `ft:gpt-4o-2024-08-06` prices models that someone tunes from it; nobody calls it by this name.
fn is_tuning_base(name: &str) -> bool {
    name.starts_with("ft:") && !name.ends_with("-002")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_stands_for_its_models_by_their_own_names() {
        let models = known_models("openai");
        assert_eq!(models.len(), 208);
        for name in ["gpt-4o", "davinci-002", "sora-2", "container", "ft:babbage-002"] {
            assert!(models.contains(&name), "{name}");
        }
        assert!(!models.contains(&"ft:gpt-3.5-turbo"));
        assert!(!models.contains(&"openai/sora-2"));
    }

    #[test]
    fn an_unknown_provider_has_no_models() {
        assert!(known_models("nobody").is_empty());
    }
}
