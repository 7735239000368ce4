//! The upstream request: where it goes, and what its body is made of.

use super::api::Ollama;
use super::options::{self, Options};
use super::{embeddings, messages, prompt};
use crate::api::chat::request::ChatRequest;
use crate::api::members::Members;
use crate::api::object::ObjectWriter;
use crate::providers::embedding_input::tokens_as_texts;
use crate::providers::envelope::{Extras, post, set_headers, told, unwritable};
use crate::providers::operation::Operation;
use crate::providers::outgoing::below;
use crate::providers::parameters::admit::admit;
use crate::providers::provider::{Call, TransformError};
use crate::providers::target::Target;
use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use std::borrow::Cow;

/// Builds the upstream request.
pub(super) fn build(api: Ollama, mut call: Call<'_, '_>, target: &Target) -> Result<Request<Bytes>, TransformError> {
    let extras = Extras::take(call.members, target)?;
    let overrides = extras.overrides()?;
    admit(&mut call, &target.profile, &target.model)?;
    let operation = call.operation;
    let (path, body) = match (operation, api) {
        (Operation::Embedding, _) => {
            tokens_as_texts(call.members)?;
            ("/api/embed", embeddings::write(call.members, &target.model, &overrides)?)
        }
        (Operation::Chat, Ollama::Chat) => ("/api/chat", chat(api, call, target, &overrides)?),
        (Operation::Chat, Ollama::Generate) => ("/api/generate", chat(api, call, target, &overrides)?),
        _ => {
            let reason = format!("`{}` has no such operation: it chats and embeds.", target.provider);
            return Err(TransformError::Unsayable { reason });
        }
    };
    let mut request = post(&below(&target.api_base, path), body)?;
    if operation != Operation::Embedding {
        // LiteLLM sends none here. The server takes a body for JSON whatever is said of it.
        request.headers_mut().remove(CONTENT_TYPE);
    }
    set_headers(request.headers_mut(), extras.headers, target)?;
    Ok(request)
}

fn chat(api: Ollama, call: Call<'_, '_>, target: &Target, overrides: &Members<'_>) -> Result<Vec<u8>, TransformError> {
    let Call { members, stream, policy, dropped, .. } = call;
    let request = ChatRequest::read(members).map_err(told)?;
    options::check(&request, target, policy, dropped)?;
    let options = Options::of(&request, &target.model).map_err(told)?;
    let mut body = ObjectWriter::default();
    for (name, value) in overrides.iter() {
        body.add_raw(name, value).map_err(|error| unwritable(&error))?;
    }
    body.add("model", &target.model).map_err(|error| unwritable(&error))?;
    let left_out = match api {
        Ollama::Chat => {
            let conversation = messages::of(&request.messages).map_err(told)?;
            body.add("messages", &conversation.messages).map_err(|error| unwritable(&error))?;
            if !options.tools.is_empty() {
                body.add("tools", &options.tools).map_err(|error| unwritable(&error))?;
            }
            conversation.left_out
        }
        Ollama::Generate => {
            let prompt = prompt::of(&request.messages, &options.tools).map_err(told)?;
            body.add("prompt", &prompt.text).map_err(|error| unwritable(&error))?;
            body.add("images", &prompt.images).map_err(|error| unwritable(&error))?;
            if !options.tools.is_empty() {
                // Calls are asked for as JSON, in words.
                body.add("format", "json").map_err(|error| unwritable(&error))?;
            }
            prompt.left_out
        }
    };
    body.add("stream", &stream).and_then(|()| options.write(&mut body)).map_err(|error| unwritable(&error))?;
    dropped.extend(left_out.into_iter().map(Cow::Borrowed));
    Ok(body.finish())
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
