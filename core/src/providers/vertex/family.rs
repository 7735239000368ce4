//! Which dialect a model speaks, by its name.

/// Models of one dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Google's own.
    Gemini,
    /// Anthropic's, in Anthropic's dialect.
    Claude,
    /// In the OpenAI dialect, at a method of their own below this publisher.
    Raw(&'static str),
    /// In the OpenAI dialect, at the endpoint that all the others share.
    OpenApi,
}

/// How the names of Mistral's models begin.
const MISTRAL: [&str; 4] = ["mistral", "codestral", "ministral", "pixtral"];

impl Family {
    /// The family of a model.
    pub(super) fn of(model: &str) -> Self {
        if model.starts_with("claude") {
            Self::Claude
        } else if MISTRAL.iter().any(|name| model.starts_with(name)) {
            Self::Raw("mistralai")
        } else if model.starts_with("jamba") {
            Self::Raw("ai21")
        } else if model.contains('/') && !model.starts_with("gemini/") {
            Self::OpenApi
        } else {
            Self::Gemini
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_name_tells_its_dialect() {
        for (model, wanted) in [
            ("gemini-2.5-pro", Family::Gemini),
            ("gemini/1234567890", Family::Gemini),
            ("claude-sonnet-4@20250514", Family::Claude),
            ("mistral-small-2503", Family::Raw("mistralai")),
            ("codestral-2501", Family::Raw("mistralai")),
            ("jamba-1.5-mini@001", Family::Raw("ai21")),
            ("meta/llama-3.1-405b-instruct-maas", Family::OpenApi),
            ("openai/gpt-oss-20b-maas", Family::OpenApi),
        ] {
            assert_eq!(Family::of(model), wanted, "{model}");
        }
    }
}
