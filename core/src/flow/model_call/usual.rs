//! Which model a call means that names none, and which calls have theirs named for them.

use crate::config::usual_models::UsualModels;
use crate::providers::operation::Operation;

/// The model of moderations where nobody names one, as OpenAI's API has it.
const MODERATION: &str = "omni-moderation-latest";
/// The name of no model, as LiteLLM's clients see it.
const NONE: &str = "None";

/// The model of such calls, whatever they name.
pub(super) fn forced(models: &UsualModels, operation: Operation) -> Option<&str> {
    match operation {
        Operation::Embedding => models.embedding.as_deref(),
        Operation::ImageGeneration => models.image_generation.as_deref(),
        _ => None,
    }
}

/// The model of such calls that name none.
pub(super) fn usual(models: Option<&UsualModels>, operation: Operation) -> &str {
    match operation {
        Operation::Moderation => models.and_then(|models| models.moderation.as_deref()).unwrap_or(MODERATION),
        Operation::Chat
        | Operation::Completion
        | Operation::Messages
        | Operation::CountTokens
        | Operation::Responses => models.and_then(|models| models.completion.as_deref()).unwrap_or(NONE),
        _ => NONE,
    }
}
