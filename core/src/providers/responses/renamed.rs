//! The names that clients know: of the response, of the one before it, and of the model.

use crate::api::members::{Members, raw};
use crate::api::responses::id::ResponseId;
use crate::providers::provider::Reply;
use serde_json::value::RawValue;

/// Which names a response has for its client.
#[derive(Clone, Debug)]
pub struct Naming {
    /// The deployment that made it.
    pub deployment: String,
    /// The model's name as the client says it.
    pub model: String,
}

impl Naming {
    pub(super) fn of(reply: Reply<'_>) -> Self {
        Self { deployment: reply.deployment.to_owned(), model: reply.model.to_owned() }
    }

    /// Puts the names into a response, or into what tells of one.
    pub(super) fn put_into(&self, response: &mut Members<'_>) {
        for member in ["id", "previous_response_id"] {
            let Some(upstream) = response.read::<String>(member) else { continue };
            if let Ok(name) = raw(&ResponseId::name(&self.deployment, &self.model, &upstream)) {
                response.replace(member, name);
            }
        }
        if let Ok(model) = raw(&self.model) {
            response.replace("model", model);
        }
    }

    /// An event of the stream, with the names in its response.
    pub(super) fn event(&self, kind: &str, data: &[u8]) -> Option<Vec<u8>> {
        let mut event = Members::parse(data).ok()?;
        let response = event.get("response")?.to_owned();
        let mut response = Members::parse(response.get().as_bytes()).ok()?;
        self.put_into(&mut response);
        let response = String::from_utf8(response.to_json()).ok()?;
        event.replace("response", RawValue::from_string(response).ok()?);
        let json = event.to_json();
        Some([b"event: ", kind.as_bytes(), b"\ndata: ", &json, b"\n\n"].concat())
    }
}
