//! Files that a request names by their addresses, and that its upstream takes by their bytes alone: which these are, and
//! how the bytes take their places. Whoever can fetch does so in between.

use super::operation::{Dialect, Operation};
use super::outgoing;
use super::provider::TransformError;
use super::target::Target;
use super::{gemini, vertex};
use crate::api::chat::part::data_url;
use crate::api::members::Members;
use memchr::memmem;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// What stands at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Image,
    File,
}

/// Which addresses an upstream cannot follow itself.
#[derive(Clone, Copy, Debug)]
enum Rule {
    /// None of the web's.
    All,
    /// None of the web's at which images stand; it takes no other files.
    Images,
    /// Those without TLS.
    Plain,
    /// Those where files stand.
    Files,
    /// Those that are not Google's own.
    NotGoogles,
    /// Those whose media type nothing tells, and those without TLS.
    Untyped,
}

/// The addresses of a request whose files its upstream takes by their bytes alone. Each is given once.
pub fn addresses(target: &Target, operation: Operation, members: &Members<'_>) -> Vec<String> {
    let (Some(rule), Some(name)) = (rule(target, operation), place(operation)) else { return Vec::new() };
    // The only thing that requests without such an address pay for.
    let may_hold = |value: &str| memmem::find(value.as_bytes(), b"http").is_some() || value.contains("\\/");
    let Some(value) = members.get(name).filter(|value| may_hold(value.get())) else { return Vec::new() };
    let Ok(mut value) = serde_json::from_str::<Value>(value.get()) else { return Vec::new() };
    let mut found = Vec::new();
    each_file(&mut value, operation.dialect(), &mut |kind, address, format| {
        if rule.concerns(kind, address, format) && !found.iter().any(|known| known == address) {
            found.push(address.to_owned());
        }
        None
    });
    found
}

/// Puts files into the places of their addresses: `data:` addresses of base64, by address.
///
/// # Errors
/// [`TransformError`]: the request cannot be written again.
pub fn put(
    operation: Operation,
    members: &mut Members<'_>,
    files: &HashMap<String, String>,
) -> Result<(), TransformError> {
    let Some(name) = place(operation) else { return Ok(()) };
    let Some(mut value) = members.read::<Value>(name) else { return Ok(()) };
    each_file(&mut value, operation.dialect(), &mut |_, address, _| files.get(address).cloned());
    members.set(name, outgoing::member(&value, name)?);
    Ok(())
}

fn rule(target: &Target, operation: Operation) -> Option<Rule> {
    let is_googles = operation.dialect() == Dialect::Google;
    match target.provider {
        // What Google's own clients say passes as it is.
        "gemini" if is_googles => None,
        name if is_googles && vertex::is(name) && vertex::speaks_gemini(&target.model) => None,
        "bedrock" | "bedrock_converse" => Some(Rule::All),
        "ollama" | "ollama_chat" => Some(Rule::Images),
        "anthropic" | "azure_ai" => Some(Rule::Plain),
        "gemini" => Some(Rule::NotGoogles),
        name if vertex::is(name) && vertex::speaks_gemini(&target.model) => Some(Rule::Untyped),
        name if vertex::is(name) && vertex::speaks_claude(&target.model) => Some(Rule::All),
        "openai" | "azure" if (operation == Operation::Chat || is_googles) && !target.profile.only_responds => {
            Some(Rule::Files)
        }
        _ => None,
    }
}

/// The member that holds a conversation.
fn place(operation: Operation) -> Option<&'static str> {
    match operation {
        Operation::Chat | Operation::Messages | Operation::CountTokens => Some("messages"),
        Operation::Responses => Some("input"),
        Operation::GenerateContent | Operation::StreamGenerateContent => Some("contents"),
        _ => None,
    }
}

impl Rule {
    fn concerns(self, kind: Kind, address: &str, format: Option<&str>) -> bool {
        let is_plain = address.starts_with("http://");
        if !is_plain && !address.starts_with("https://") {
            return false;
        }
        match self {
            Self::All => true,
            Self::Images => kind == Kind::Image,
            Self::Plain => is_plain,
            Self::Files => kind == Kind::File,
            // Uploads and films, which it knows by their addresses: <https://ai.google.dev/gemini-api/docs/video-understanding>
            Self::NotGoogles => {
                let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
                let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
                !["generativelanguage.googleapis.com", "www.youtube.com", "youtube.com", "youtu.be"].contains(&host)
            }
            Self::Untyped => is_plain || (format.is_none() && gemini::kind_of(address).is_none()),
        }
    }
}

/// Shows the kind, the address and the media type of each file; what comes back takes its place.
type Show<'s> = dyn FnMut(Kind, &str, Option<&str>) -> Option<String> + 's;

fn each_file(turns: &mut Value, dialect: Dialect, show: &mut Show<'_>) {
    for turn in turns.as_array_mut().into_iter().flatten() {
        // A responses' item may be a content by itself: the result of a tool.
        for name in ["content", "output", "parts"] {
            let parts = turn.get_mut(name).and_then(Value::as_array_mut);
            for part in parts.into_iter().flatten().filter_map(Value::as_object_mut) {
                match dialect {
                    Dialect::OpenAi => of_chat(part, show),
                    Dialect::Anthropic => of_messages(part, show),
                    Dialect::Responses => of_responses(part, show),
                    Dialect::Google => of_contents(part, show),
                }
            }
        }
    }
}

/// A file of Google's that is fetched is data, and no longer a name.
fn of_contents(part: &mut Map<String, Value>, show: &mut Show<'_>) {
    let name = if part.contains_key("file_data") { "file_data" } else { "fileData" };
    let Some(file) = part.get(name).and_then(Value::as_object) else { return };
    let text = |camel: &str, snake: &str| file.get(camel).or_else(|| file.get(snake)).and_then(Value::as_str);
    let (Some(address), format) = (text("fileUri", "file_uri"), text("mimeType", "mime_type")) else { return };
    let kind = if format.is_some_and(|format| format.starts_with("image/")) { Kind::Image } else { Kind::File };
    let Some(fetched) = show(kind, address, format) else { return };
    let Some((fetched_as, data)) = data_url(&fetched) else { return };
    let data = json!({"mimeType": format.unwrap_or(fetched_as), "data": data});
    part.shift_remove(name);
    part.insert("inlineData".to_owned(), data);
}

fn of_chat(part: &mut Map<String, Value>, show: &mut Show<'_>) {
    match part.get("type").and_then(Value::as_str) {
        Some("image_url") => {
            let Some(image) = part.get_mut("image_url") else { return };
            let format = image.get("format").and_then(Value::as_str).map(str::to_owned);
            let address = if image.is_object() { image.get_mut("url") } else { Some(&mut *image) };
            let is_replaced = address.is_some_and(|address| replace(address, Kind::Image, format.as_deref(), show));
            if let Some(image) = image.as_object_mut().filter(|_| is_replaced) {
                image.shift_remove("format");
            }
        }
        Some("file") => {
            let Some(file) = part.get_mut("file").and_then(Value::as_object_mut) else { return };
            let format = file.get("format").and_then(Value::as_str).map(str::to_owned);
            if let Some(data) = file.get_mut("file_data") {
                if replace(data, Kind::File, format.as_deref(), show) {
                    file.shift_remove("format");
                }
                return;
            }
            let address = file.get("file_id").and_then(Value::as_str);
            if let Some(data) = address.and_then(|address| show(Kind::File, address, format.as_deref())) {
                let data = typed(data, format.as_deref());
                file.shift_remove("file_id");
                file.shift_remove("format");
                name(file, &data);
                file.insert("file_data".to_owned(), Value::from(data));
            }
        }
        _ => {}
    }
}

fn of_messages(part: &mut Map<String, Value>, show: &mut Show<'_>) {
    let kind = match part.get("type").and_then(Value::as_str) {
        Some("image") => Kind::Image,
        Some("document") => Kind::File,
        Some("tool_result") => {
            let inner = part.get_mut("content").and_then(Value::as_array_mut);
            for part in inner.into_iter().flatten().filter_map(Value::as_object_mut) {
                if part.get("type").and_then(Value::as_str) != Some("tool_result") {
                    of_messages(part, show);
                }
            }
            return;
        }
        _ => return,
    };
    let Some(source) = part.get_mut("source") else { return };
    let address = source.get("url").and_then(Value::as_str);
    let file = address.and_then(|address| show(kind, address, None));
    if let Some((media_type, data)) = file.as_deref().and_then(data_url) {
        *source = json!({"type": "base64", "media_type": media_type, "data": data});
    }
}

fn of_responses(part: &mut Map<String, Value>, show: &mut Show<'_>) {
    match part.get("type").and_then(Value::as_str) {
        Some("input_image") => {
            if let Some(address) = part.get_mut("image_url") {
                replace(address, Kind::Image, None, show);
            }
        }
        Some("input_file") => {
            let address = part.get("file_url").and_then(Value::as_str);
            if let Some(data) = address.and_then(|address| show(Kind::File, address, None)) {
                part.shift_remove("file_url");
                part.insert("file_data".to_owned(), Value::from(data));
            }
        }
        _ => {}
    }
}

/// Whether a file took its address's place.
fn replace(address: &mut Value, kind: Kind, format: Option<&str>, show: &mut Show<'_>) -> bool {
    let data = address.as_str().and_then(|address| show(kind, address, format));
    data.map(|data| *address = Value::from(typed(data, format))).is_some()
}

/// The client's word on a file's type goes over its server's.
fn typed(data: String, format: Option<&str>) -> String {
    match (format, data_url(&data)) {
        (Some(format), Some((_, content))) => format!("data:{format};base64,{content}"),
        _ => data,
    }
}

/// A file by its content has a name. LiteLLM's, where the client gives none.
fn name(file: &mut Map<String, Value>, data: &str) {
    if file.get("filename").is_none_or(Value::is_null) {
        let kind = data_url(data).map_or("", |(kind, _)| kind);
        let ending = match kind {
            "text/plain" => "txt",
            "text/markdown" => "md",
            _ => kind.rsplit(['/', '.']).next().unwrap_or("pdf"),
        };
        file.insert("filename".to_owned(), Value::from(format!("my_file.{ending}")));
    }
}

#[cfg(test)]
mod tests;
