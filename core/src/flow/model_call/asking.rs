//! Asking guardrails about the words of a call.

use crate::guardrails::guardrail::Guardrail;
use crate::guardrails::question::{Call, Content, Question, Side};
use crate::guardrails::texts::Words;
use crate::guardrails::verdict::GuardrailError;
use crate::principal::Principal;
use http::HeaderMap;
use std::sync::Arc;

/// Whose call is looked at.
pub(super) struct Asking {
    pub(super) id: String,
    pub(super) model: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) principal: Arc<Principal>,
    pub(super) end_user: Option<String>,
}

impl Asking {
    /// What is asked about this.
    pub(super) fn question<'a>(&'a self, side: Side, content: &'a Content) -> Question<'a> {
        let Self { id, model, headers, principal, end_user } = self;
        let call = Call { id, model: model.as_deref(), headers, principal, end_user: end_user.as_deref() };
        Question { side, content, call }
    }
}

/// Asks guardrails one after the other about these words, and lets each change them. Whether one did.
pub(super) async fn ask_all(
    guardrails: &[Arc<Guardrail>],
    (asking, side): (&Asking, Side),
    words: &mut dyn Words,
) -> Result<bool, GuardrailError> {
    let mut is_changed = false;
    for guardrail in guardrails {
        let content = words.content();
        if content.is_empty() {
            break;
        }
        if let Some(texts) = guardrail.ask(&asking.question(side, &content), true).await? {
            words.replace(texts);
            is_changed = true;
        }
    }
    Ok(is_changed)
}
