//! How the answer is to be: `generationConfig` as parameters of a chat.
//!
//! Wire format: <https://ai.google.dev/api/generate-content#v1beta.GenerationConfig>

use super::fields::Fields;
use super::schema::in_json_schema;
use crate::api::chat::text::Text;
use crate::api::members::Members;
use crate::providers::bridge::member::{note, set};
use crate::providers::operation::Operation;
use crate::providers::provider::TransformError;
use crate::providers::target::Target;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;

const CONFIG: &str = "generationConfig";
const THINKING: &str = "generationConfig.thinkingConfig";
/// The name that a schema gets, which OpenAI asks for and Google does not.
const SCHEMA_NAME: &str = "structured_output";

/// Parameters that a chat has under another name or the same.
const SAME: [(&str, &str); 9] = [
    ("temperature", "temperature"),
    ("topP", "top_p"),
    ("maxOutputTokens", "max_tokens"),
    ("stopSequences", "stop"),
    ("candidateCount", "n"),
    ("seed", "seed"),
    ("presencePenalty", "presence_penalty"),
    ("frequencyPenalty", "frequency_penalty"),
    ("logprobs", "top_logprobs"),
];
/// Tokens of thought from which on an effort is meant. LiteLLM's numbers.
const EFFORTS: [(i64, &str); 3] = [(10_000, "high"), (5_000, "medium"), (0, "low")];
/// The least budget that models with budgets take: <https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking>
const BUDGET_LEAST: i64 = 1024;

/// Says how the answer is to be.
pub(super) fn say_config(
    config: &RawValue,
    chat: &mut Members<'_>,
    (target, dropped): (&Target, &mut Vec<Cow<'static, str>>),
) -> Result<(), TransformError> {
    let mut config = Fields::read(CONFIG, config)?;
    for (name, said) in SAME {
        if let Some(value) = config.raw(name) {
            set(chat, said, value)?;
        }
    }
    if let Some(told) = config.raw("responseLogprobs") {
        set(chat, "logprobs", told)?;
    }
    // OpenAI's API has no such parameter, and refuses a request with it; clients of Google's send it as a matter of course.
    if !matches!(target.provider, "openai" | "azure")
        && let Some(value) = config.raw("topK")
    {
        set(chat, "top_k", value)?;
    }
    if let Some(kinds) = config.take::<Vec<String>>("responseModalities")?.filter(|kinds| *kinds != ["TEXT"]) {
        let kinds: Vec<String> = kinds.iter().map(|kind| kind.to_ascii_lowercase()).collect();
        set(chat, "modalities", &kinds)?;
    }
    say_format(&mut config, chat)?;
    if let Some(thinking) = config.object("thinkingConfig", THINKING)? {
        say_thinking(thinking, chat, (target, dropped))?;
    }
    config.leave_out(dropped);
    Ok(())
}

/// The form of the answer.
fn say_format(config: &mut Fields<'_>, chat: &mut Members<'_>) -> Result<(), TransformError> {
    let own = config.take::<Value>("responseSchema")?.map(|schema| in_json_schema(&schema));
    let schema = match config.take::<Value>("responseJsonSchema")? {
        Some(schema) => Some(schema),
        None => own,
    };
    let kind = config.take::<Text<'_>>("responseMimeType")?;
    match (kind.as_deref().unwrap_or("text/plain"), schema) {
        ("application/json", Some(schema)) => {
            let json_schema = json!({"name": SCHEMA_NAME, "schema": schema});
            set(chat, "response_format", &json!({"type": "json_schema", "json_schema": json_schema}))
        }
        ("application/json", None) => set(chat, "response_format", &json!({"type": "json_object"})),
        ("text/plain", None) => Ok(()),
        ("text/plain", Some(_)) => {
            Err(config.unfit("A schema for the answer needs 'generationConfig.responseMimeType': `application/json`."))
        }
        (kind, _) => {
            Err(config.unfit(&format!("'generationConfig.responseMimeType': this model does not answer in `{kind}`.")))
        }
    }
}

/// How long the model thinks: a budget where the model takes one, else an effort.
fn say_thinking(
    mut thinking: Fields<'_>,
    chat: &mut Members<'_>,
    (target, dropped): (&Target, &mut Vec<Cow<'static, str>>),
) -> Result<(), TransformError> {
    let takes = target.profile.takes(Operation::Chat);
    let (budgets, efforts) = (takes.takes("thinking"), takes.takes("reasoning_effort"));
    // Thoughts that the model shows are told in any case.
    thinking.raw("includeThoughts");
    let budget = thinking.take::<i64>("thinkingBudget")?;
    let level = thinking.take::<Text<'_>>("thinkingLevel")?.map(|level| level.to_ascii_lowercase());
    thinking.leave_out(dropped);
    match (budget, level) {
        (None, Some(level)) if efforts => set(chat, "reasoning_effort", &level),
        (None, None) => Ok(()),
        (Some(budget), _) if budgets && budget > 0 => {
            let budget = budget.max(BUDGET_LEAST);
            set(chat, "thinking", &json!({"type": "enabled", "budget_tokens": budget}))
        }
        (Some(0), _) if budgets => set(chat, "thinking", &json!({"type": "disabled"})),
        (Some(budget), _) if efforts && budget > 0 => {
            let effort = EFFORTS.iter().find(|(least, _)| budget >= *least).map_or("low", |(_, effort)| *effort);
            set(chat, "reasoning_effort", effort)
        }
        // As long as it likes.
        (Some(..0), _) if budgets || efforts => Ok(()),
        _ => {
            note(dropped, THINKING);
            Ok(())
        }
    }
}
