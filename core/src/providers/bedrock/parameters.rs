//! Parameters that only some models of Bedrock take: refused by name, or dropped where the policy says so. What none takes
//! is said in the table of all providers.

use super::abilities::{Abilities, Reasoning};
use super::invoke::text::Family;
use super::model::{BedrockModel, Maker, Route};
use crate::api::chat::request::ChatRequest;
use crate::api::chat::tool::ToolChoice;
use crate::providers::anthropic::parameters as claude;

/// What of the request this model does not take.
pub(super) fn unsupported(
    request: &ChatRequest<'_>,
    model: &BedrockModel<'_>,
    abilities: &Abilities,
) -> Vec<&'static str> {
    let mut names = match abilities.claude {
        Some(abilities) => claude::unsupported(request, abilities),
        None => of_others(request, abilities),
    };
    if let Some(family) = Family::of(model) {
        names.extend(family.unsupported(request));
    }
    if model.route == Route::Converse {
        names.extend(of_converse(request, abilities));
    }
    names
}

fn of_others(request: &ChatRequest<'_>, abilities: &Abilities) -> Vec<&'static str> {
    let mut names = Vec::new();
    if request.n.is_some_and(|answers| answers != 1) {
        names.push("n");
    }
    if abilities.reasoning == Reasoning::None {
        names.extend(request.reasoning_effort.map(|_| "reasoning_effort"));
    }
    names.extend(request.thinking.map(|_| "thinking"));
    names
}

/// There is no way to say that no tool may be called.
fn of_converse(request: &ChatRequest<'_>, abilities: &Abilities) -> Vec<&'static str> {
    let mut names = Vec::new();
    match &request.tool_choice {
        Some(ToolChoice::None) => names.push("tool_choice"),
        Some(_) if !abilities.takes_tool_choice => names.push("tool_choice"),
        _ => {}
    }
    if abilities.maker != Maker::Nova {
        names.extend(request.web_search_options.map(|_| "web_search_options"));
    }
    names
}
