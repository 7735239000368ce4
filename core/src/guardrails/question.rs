//! What a guardrail is asked: the words of one side of a call, and whose call it is. Plain data.

use super::verdict::{Unjudged, Verdict};
use crate::principal::Principal;
use async_trait::async_trait;
use http::HeaderMap;
use serde_json::Value;

/// One kind of guardrail, set up for one service.
#[async_trait]
pub trait Judge: Send + Sync {
    /// What the service says to this.
    ///
    /// # Errors
    /// [`Unjudged`]: nothing that can be used.
    async fn judge(&self, question: &Question<'_>) -> Result<Verdict, Unjudged>;
}

/// Which side of a call is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What goes to the model.
    Request,
    /// What comes back.
    Answer,
}

/// What is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    /// The words, in order.
    pub texts: Vec<String>,
    /// Images: their addresses, or `data:` addresses with their bytes.
    pub images: Vec<String>,
    /// Tools that the model may call, as the client wrote them.
    pub tools: Option<Value>,
    /// Calls of tools, in OpenAI's form.
    pub tool_calls: Vec<Value>,
    /// The messages as the client wrote them, where there are any.
    pub messages: Option<Value>,
}

impl Content {
    /// Whether there is nothing to look at.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.images.is_empty() && self.tool_calls.is_empty()
    }
}

/// Whose call it is.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Its id.
    pub id: &'a str,
    /// The model that is asked for, by its public name.
    pub model: Option<&'a str>,
    /// The client's headers.
    pub headers: &'a HeaderMap,
    /// Who calls.
    pub principal: &'a Principal,
    /// The person behind the call.
    pub end_user: Option<&'a str>,
}

/// What a guardrail is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Which side it is.
    pub side: Side,
    /// What is said.
    pub content: &'a Content,
    /// Whose call it is.
    pub call: Call<'a>,
}
