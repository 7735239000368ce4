//! How long the model thinks: Anthropic's budget stays what it is where the model takes it, and becomes OpenAI's effort
//! where the model only knows that.

use crate::api::chat::text::Text;
use crate::api::members::Members;
use crate::providers::bridge::member::{read, set};
use crate::providers::operation::Operation;
use crate::providers::parameters::profile::Profile;
use crate::providers::provider::TransformError;
use serde::Deserialize;

/// Tokens from which on an effort is meant. LiteLLM's numbers.
const EFFORTS: [(u64, &str); 3] = [(10_000, "high"), (5_000, "medium"), (0, "low")];

#[derive(Deserialize)]
struct Thinking<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(default)]
    budget_tokens: Option<u64>,
}

/// Says how long the model thinks.
pub(super) fn say_thinking(
    members: &mut Members<'_>,
    chat: &mut Members<'_>,
    profile: &Profile,
) -> Result<(), TransformError> {
    let takes = profile.takes(Operation::Chat);
    if takes.takes("thinking") || !takes.takes("reasoning_effort") {
        return Ok(());
    }
    let Some(thinking) = members.take("thinking") else { return Ok(()) };
    let thinking: Thinking<'_> = read("thinking", &thinking)?;
    match (&*thinking.kind, thinking.budget_tokens) {
        ("enabled", Some(budget)) => {
            let effort = EFFORTS.iter().find(|(least, _)| budget >= *least).map_or("low", |(_, effort)| *effort);
            set(chat, "reasoning_effort", effort)
        }
        ("disabled", _) => Ok(()),
        _ => set(chat, "reasoning_effort", "medium"),
    }
}
