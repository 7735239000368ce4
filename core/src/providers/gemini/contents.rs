//! The conversation: the operator's words apart, and speakers in turns.

use super::abilities::Abilities;
use super::call_id;
use super::parts::{ContentPart, FunctionResponse, Outcome, content_part, image_part, resolution, thought};
use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::message::{Message, Role};
use crate::api::chat::part::PartKind;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

/// A conversation in Gemini's shape.
#[derive(Debug, Default)]
pub(super) struct Conversation<'a> {
    pub(super) system: Vec<ContentPart<'a>>,
    pub(super) contents: Vec<Content<'a>>,
    /// How closely to look at all images, where one of them says it and the model knows no word for each.
    pub(super) resolution: Option<&'static str>,
    speaker: Option<Speaker>,
    /// The functions that were called, by the ids of their calls.
    called: HashMap<&'a str, &'a str>,
}

/// What one side says before another speaks.
#[derive(Debug, Serialize)]
pub(super) struct Content<'a> {
    role: &'static str,
    parts: Vec<ContentPart<'a>>,
}

/// Who speaks. Tools answer on the user's side, but in contents of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    User,
    Model,
    Tool,
}

impl Speaker {
    fn role(self) -> &'static str {
        if self == Self::Model { "model" } else { "user" }
    }
}

/// Levels of detail, from little to much.
const LEVELS: [&str; 4] =
    ["MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_MEDIUM", "MEDIA_RESOLUTION_HIGH", "MEDIA_RESOLUTION_ULTRA_HIGH"];

impl<'a> Conversation<'a> {
    /// Reads the messages.
    ///
    /// # Errors
    /// [`InvalidMember`]: a message cannot be said here.
    pub(super) fn of(messages: &'a [Message<'_>], abilities: Abilities) -> Result<Self, InvalidMember> {
        let mut conversation = Self::default();
        for (at, message) in messages.iter().enumerate() {
            let placed = |error| InvalidMember { path: format!("messages[{at}]"), ..error };
            conversation.add(message, abilities).map_err(placed)?;
        }
        if conversation.contents.is_empty() {
            // The API refuses a request in which nobody speaks.
            conversation.say(Speaker::User, [ContentPart::text(" ")]);
        }
        Ok(conversation)
    }

    fn add(&mut self, message: &'a Message<'_>, abilities: Abilities) -> Result<(), InvalidMember> {
        match message.role {
            Role::System => self.operator(message, abilities),
            Role::User => {
                let parts = self.parts(message, abilities)?;
                self.say(Speaker::User, parts);
            }
            Role::Assistant => {
                let parts = self.assistant(message, abilities)?;
                self.say(Speaker::Model, parts);
            }
            Role::Tool => {
                let parts = self.result(message, abilities)?;
                self.say(Speaker::Tool, parts);
            }
        }
        Ok(())
    }

    /// The operator's words have one place, wherever they are said.
    fn operator(&mut self, message: &'a Message<'_>, abilities: Abilities) {
        let text = message.text();
        if text.is_empty() {
            return;
        }
        if abilities.hears_operator {
            self.system.push(ContentPart::text(text));
        } else {
            self.say(Speaker::User, [ContentPart::text(text)]);
        }
    }

    /// Adds to the content under way, or begins one. A speaker who says nothing still ends the other's content.
    fn say(&mut self, speaker: Speaker, parts: impl IntoIterator<Item = ContentPart<'a>>) {
        let goes_on = self.speaker == Some(speaker);
        self.speaker = Some(speaker);
        let mut parts = parts.into_iter().peekable();
        if parts.peek().is_none() {
            return;
        }
        match self.contents.last_mut().filter(|_| goes_on) {
            Some(content) => content.parts.extend(parts),
            None => self.contents.push(Content { role: speaker.role(), parts: parts.collect() }),
        }
    }

    fn parts(&mut self, message: &'a Message<'_>, abilities: Abilities) -> Result<Vec<ContentPart<'a>>, InvalidMember> {
        let mut parts = Vec::with_capacity(message.content.len());
        for part in &message.content {
            if let PartKind::Image(image) = &part.kind
                && let Some(asked) = image.detail.as_deref().and_then(resolution)
                && !abilities.is_third_generation
            {
                let place = |level| LEVELS.iter().position(|known| *known == level);
                let more = self.resolution.is_none_or(|level| place(asked.level) > place(level));
                self.resolution = if more { Some(asked.level) } else { self.resolution };
            }
            let is_empty = matches!(&part.kind, PartKind::Text(text) if text.is_empty());
            if !is_empty || message.is_plain {
                parts.extend(content_part(part, abilities.is_third_generation)?);
            }
        }
        Ok(parts)
    }

    /// Thoughts come first, then text, then what was drawn, then calls. The signature of a text stands on its last part.
    fn assistant(
        &mut self,
        message: &'a Message<'_>,
        abilities: Abilities,
    ) -> Result<Vec<ContentPart<'a>>, InvalidMember> {
        let mut parts: Vec<_> = message.thinking_blocks.iter().filter_map(|block| thought(block)).collect();
        let said = self.parts(message, abilities)?.into_iter();
        parts.extend(said.filter(|part| !matches!(part, ContentPart::Text { text, .. } if text.is_empty())));
        if message.tool_calls.is_empty()
            && let Some(ContentPart::Text { signature, .. }) = parts.last_mut()
        {
            *signature = message.provider_specific_fields.and_then(text_signature).map(Cow::Owned);
        }
        for drawn in &message.images {
            parts.push(image_part(drawn, abilities.is_third_generation)?);
        }
        for call in &message.tool_calls {
            self.called.insert(call_id::parts_of(&call.id).0, &call.name);
            parts.push(ContentPart::call(call, abilities.is_third_generation)?);
        }
        Ok(parts)
    }

    /// What a tool gave back: its text, and beside it what is no text.
    fn result(
        &mut self,
        message: &'a Message<'_>,
        abilities: Abilities,
    ) -> Result<Vec<ContentPart<'a>>, InvalidMember> {
        let id = message.tool_call_id.as_deref().map_or("", |id| call_id::parts_of(id).0);
        let called = self.called.get(id).copied();
        let name = called.or(message.name.as_deref()).ok_or_else(|| {
            InvalidMember::whole("messages", format!("it answers `{id}`, which no message before it calls"))
        })?;
        let response = outcome(message.text());
        let id = Some(id).filter(|id| abilities.is_third_generation && !id.is_empty());
        let mut parts = vec![ContentPart::Result { function_response: FunctionResponse { name, response, id } }];
        let beside = self.parts(message, abilities)?.into_iter();
        parts.extend(beside.filter(|part| matches!(part, ContentPart::Media { .. })));
        Ok(parts)
    }
}

/// A text that is an object already is the outcome itself.
fn outcome(text: String) -> Outcome {
    if text.trim_start().starts_with('{')
        && let Ok(object) = serde_json::from_str::<Box<RawValue>>(&text)
    {
        return Outcome::Object(object);
    }
    Outcome::Text { content: text }
}

/// The signature that came with a text without calls.
fn text_signature(fields: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Fields {
        thought_signatures: Vec<String>,
    }
    serde_json::from_str::<Fields>(fields.get()).ok()?.thought_signatures.pop()
}
