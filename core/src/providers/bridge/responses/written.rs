//! What has been said so far, in items: a whole answer is taken in at once, a stream piece by piece.

use crate::api::completion::Message;
use crate::api::members::{Members, raw};
use crate::api::responses::answer::{OutputItem, OutputPart, SearchAction, SearchSource, Status, SummaryPart};
use crate::id::RequestId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// An item of the answer.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) status: Status,
    pub(super) what: What,
}

/// What an item is.
#[derive(Debug)]
pub(super) enum What {
    Message(Vec<Part>),
    Thoughts(Thoughts),
    Call(Call),
    /// What the model drew, in base64.
    Image(String),
    /// A search that the provider has made itself, and the addresses that it found.
    Search(Call, Vec<String>),
}

/// A part of a message.
#[derive(Debug)]
pub(super) enum Part {
    Text { text: String, annotations: Vec<Box<RawValue>> },
    Refusal(String),
}

/// What the model thought: as text, and as signed blocks in Anthropic's form.
#[derive(Debug, Default)]
pub(super) struct Thoughts {
    pub(super) text: String,
    blocks: Vec<Block>,
}

/// A call of a function.
#[derive(Debug)]
pub(super) struct Call {
    /// The choice and the place that the upstream gives it.
    pub(super) place: (u32, u32),
    pub(super) call_id: String,
    pub(super) name: String,
    pub(super) arguments: String,
}

/// A block of thoughts, or what is new of one.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Block {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thinking: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<String>,
}

/// Names the items of one answer.
#[derive(Debug)]
pub(super) struct Names {
    call: RequestId,
    /// How many of each kind have a name.
    given: Vec<(&'static str, u32)>,
}

impl Names {
    pub(super) fn of(call: RequestId) -> Self {
        Self { call, given: Vec::new() }
    }

    /// The next name of this kind.
    pub(super) fn next(&mut self, kind: &'static str) -> String {
        match self.given.iter_mut().find(|(given, _)| *given == kind) {
            Some((_, count)) => {
                *count += 1;
                format!("{kind}_{}-{count}", self.call)
            }
            None => {
                self.given.push((kind, 1));
                format!("{kind}_{}", self.call)
            }
        }
    }
}

impl Item {
    pub(super) fn begun(id: String, what: What) -> Self {
        Self { id, status: Status::InProgress, what }
    }

    /// The item for the client.
    pub(super) fn told(&self) -> OutputItem<'_> {
        let (id, status) = (self.id.as_str(), self.status);
        match &self.what {
            What::Message(parts) => {
                let content = parts.iter().map(Part::told).collect();
                OutputItem::Message { id, status, role: "assistant", content, phase: None }
            }
            What::Thoughts(thoughts) => {
                let text = thoughts.text.as_str();
                let summary = Some(SummaryPart::SummaryText { text }).filter(|_| !text.is_empty());
                let summary = summary.into_iter().collect();
                OutputItem::Reasoning { id, status, summary, encrypted_content: thoughts.sealed() }
            }
            What::Call(Call { call_id, name, arguments, .. }) => {
                OutputItem::FunctionCall { id, call_id, name, arguments, status, caller: None, namespace: None }
            }
            What::Image(drawn) => {
                let result = Some(drawn.as_str()).filter(|_| status != Status::InProgress);
                OutputItem::ImageGenerationCall { id, status, result }
            }
            What::Search(call, found) => {
                let id = format!("ws_{}", call.call_id);
                let sources = found.iter().map(|url| SearchSource { r#type: "url", url }).collect();
                let query = call.query();
                let action = SearchAction { r#type: "search", queries: [query.clone()], query, sources };
                OutputItem::WebSearchCall { id, action, status }
            }
        }
    }
}

impl Call {
    /// Whether the provider has made the call itself, so that nobody answers it.
    pub(super) fn is_providers(&self) -> bool {
        is_providers(&self.call_id)
    }

    /// Whether it is a search.
    pub(super) fn is_search(&self) -> bool {
        self.name == "web_search"
    }

    /// What is searched for.
    fn query(&self) -> String {
        #[derive(Deserialize)]
        struct Asked {
            query: String,
        }
        serde_json::from_str(&self.arguments).map_or_else(|_| String::new(), |Asked { query }| query)
    }
}

/// Whether Anthropic made this call itself, as its id says.
pub(super) fn is_providers(call_id: &str) -> bool {
    call_id.starts_with("srvtoolu_")
}

/// The addresses that a search found, of what Anthropic tells beside an answer.
pub(super) fn found(call_id: &str, fields: Option<&RawValue>) -> Vec<String> {
    #[derive(Deserialize)]
    struct Fields {
        #[serde(default)]
        web_search_results: Vec<Results>,
    }
    #[derive(Deserialize)]
    struct Results {
        #[serde(default)]
        tool_use_id: String,
        /// An error has no places.
        #[serde(default)]
        content: serde_json::Value,
    }
    let fields = fields.and_then(|fields| serde_json::from_str::<Fields>(fields.get()).ok());
    let results = fields.into_iter().flat_map(|fields| fields.web_search_results);
    let places = results.filter(|results| results.tool_use_id == call_id).map(|results| results.content);
    let url = |place: &serde_json::Value| place.get("url").and_then(|url| url.as_str()).map(str::to_owned);
    places
        .flat_map(|places| places.as_array().map_or_else(Vec::new, |places| places.iter().filter_map(url).collect()))
        .collect()
}

impl Part {
    /// The part for the client.
    pub(super) fn told(&self) -> OutputPart<'_> {
        match self {
            Self::Text { text, annotations } => OutputPart::OutputText { text, annotations },
            Self::Refusal(refusal) => OutputPart::Refusal { refusal },
        }
    }
}

impl Thoughts {
    /// What is new as text, of a message that thinks.
    pub(super) fn add(&mut self, message: &Message<'_>) -> String {
        let blocks = message.thinking_blocks.as_deref().unwrap_or_default();
        let mut text = String::new();
        for block in blocks.iter().filter_map(|block| serde_json::from_str::<Block>(block.get()).ok()) {
            text.push_str(block.thinking.as_deref().unwrap_or_default());
            self.add_block(block);
        }
        if blocks.is_empty() {
            text.push_str(message.reasoning_content.as_deref().unwrap_or_default());
        }
        self.text.push_str(&text);
        text
    }

    /// A signature ends a block.
    fn add_block(&mut self, new: Block) {
        match self.blocks.last_mut() {
            Some(open) if open.signature.is_none() && open.data.is_none() && new.data.is_none() => {
                if let Some(thinking) = new.thinking {
                    open.thinking.get_or_insert_default().push_str(&thinking);
                }
                open.signature = new.signature.filter(|signature| !signature.is_empty());
            }
            _ => self.blocks.push(Block { signature: new.signature.filter(|text| !text.is_empty()), ..new }),
        }
    }

    /// The blocks in a form that a later request brings back. Nobody wants blocks back that nobody signed.
    fn sealed(&self) -> Option<String> {
        let is_signed = self.blocks.iter().any(|block| block.signature.is_some() || block.data.is_some());
        serde_json::to_string(&self.blocks).ok().filter(|_| is_signed)
    }
}

/// Whether a message tells of thoughts.
pub(super) fn thinks(message: &Message<'_>) -> bool {
    message.thinking_blocks.as_deref().is_some_and(|blocks| !blocks.is_empty())
        || message.reasoning_content.as_deref().is_some_and(|text| !text.is_empty())
}

/// The id of a call's item.
pub(super) fn item_of_call(call_id: &str) -> String {
    if call_id.starts_with("fc_") { call_id.to_owned() } else { format!("fc_{call_id}") }
}

/// A source: a chat names it a level deeper.
pub(super) fn annotation(source: &RawValue) -> Option<Box<RawValue>> {
    let members = Members::parse(source.get().as_bytes()).ok()?;
    let kind: String = members.read("type")?;
    let Some(inner) = members.get(&kind) else { return Some(source.to_owned()) };
    let mut flat = Members::default();
    flat.set("type", raw(&kind).ok()?);
    flat.take_over(&mut Members::parse(inner.get().as_bytes()).ok()?);
    RawValue::from_string(String::from_utf8(flat.to_json()).ok()?).ok()
}
