//! The messages of a chat, put into a form that the provider takes. A search for the words that could be in the way comes
//! first: where none is there, the messages stay the bytes that the client sent.

use super::words;
use crate::api::members::{Members, raw};
use crate::providers::parameters::profile::Profile;
use crate::providers::parameters::row::Rule;
use crate::providers::provider::TransformError;
use memchr::memmem;
use serde_json::Value;
use serde_json::value::RawValue;

/// What one provider wants of a message.
struct Form<'p> {
    profile: &'p Profile,
    is_developer_known: bool,
    is_system_known: bool,
    keeps_cache_marks: bool,
    joins_text: bool,
    joins_assistant_text: bool,
    names_only_users: bool,
}

/// Puts the messages into the provider's form.
///
/// # Errors
/// They cannot be written again.
pub(in crate::providers) fn adapt(members: &mut Members<'_>, profile: &Profile) -> Result<(), TransformError> {
    let form = Form {
        profile,
        is_developer_known: profile.has(Rule::HasDeveloperRole),
        is_system_known: !profile.has(Rule::NoSystemRole),
        keeps_cache_marks: profile.has(Rule::KeepsCacheMarks),
        joins_text: profile.has(Rule::JoinsText),
        joins_assistant_text: profile.has(Rule::JoinsAssistantText),
        names_only_users: profile.has(Rule::NamesOnlyUsers),
    };
    let Some(messages) = members.get("messages").filter(|messages| form.may_concern(messages)) else { return Ok(()) };
    // What is no list of objects is the provider's to refuse.
    let Ok(list) = serde_json::from_str::<Vec<Members<'_>>>(messages.get()) else { return Ok(()) };
    let list = list.into_iter().map(|message| form.apply(message)).collect::<Result<Vec<_>, _>>()?;
    let rewritten = words::into_raw(words::list_to_json(&list), "messages")?;
    members.replace("messages", rewritten);
    Ok(())
}

impl Form<'_> {
    /// Whether a word is there that may have to go. May say yes in vain, never no in vain.
    fn may_concern(&self, messages: &RawValue) -> bool {
        let text = messages.get().as_bytes();
        let holds = |word: &[u8]| memmem::find(text, word).is_some();
        holds(b"null")
            || (!self.is_developer_known && holds(b"developer"))
            || (!self.is_system_known && holds(b"\"system\""))
            || (!self.keeps_cache_marks && holds(b"cache_control"))
            || ((self.joins_text || self.joins_assistant_text) && holds(b"\"type\""))
            || (self.names_only_users && holds(b"\"name\""))
            || self.profile.row.message_members_refused.iter().any(|name| holds(name.as_bytes()))
    }

    fn apply<'m>(&self, mut message: Members<'m>) -> Result<Members<'m>, TransformError> {
        message.retain(|_, value| value.get() != "null");
        let role = message.read::<&str>("role").unwrap_or_default().to_owned();
        let wanted = match role.as_str() {
            "developer" if !self.is_developer_known => "system",
            other => other,
        };
        let wanted = if wanted == "system" && !self.is_system_known { "user" } else { wanted };
        if wanted != role {
            message.set("role", words::member(&wanted, "messages")?);
        }
        if self.names_only_users && wanted != "user" {
            message.take("name");
        }
        for name in self.profile.row.message_members_refused {
            message.take(name);
        }
        if !self.keeps_cache_marks {
            message.take("cache_control");
            words::remove(&mut message, "content", &["cache_control"])?;
        }
        if self.joins_text || (self.joins_assistant_text && wanted == "assistant") {
            self.join(&mut message)?;
        }
        Ok(message)
    }

    /// Joins a content that is a list of texts. One with anything else in it stays: the provider says what it thinks of
    /// it, and nothing is lost in silence.
    fn join(&self, message: &mut Members<'_>) -> Result<(), TransformError> {
        if !message.get("content").is_some_and(|content| content.get().starts_with('[')) {
            return Ok(());
        }
        let Some(parts) = message.read::<Vec<Value>>("content") else { return Ok(()) };
        let texts: Option<Vec<&str>> = parts.iter().map(text_of).collect();
        if let Some(texts) = texts.filter(|texts| !texts.is_empty()) {
            let joined = texts.join(if self.joins_text { "" } else { "\n" });
            message.replace("content", raw(&joined).map_err(|error| words::unwritable("messages", &error))?);
        }
        Ok(())
    }
}

fn text_of(part: &Value) -> Option<&str> {
    (part.get("type")?.as_str()? == "text").then(|| part.get("text")?.as_str())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sent(provider: &'static str, model: &str, messages: &str) -> String {
        let body = format!(r#"{{"messages":{messages}}}"#);
        let mut members = Members::parse(body.as_bytes()).unwrap();
        adapt(&mut members, &Profile::of(provider, model)).unwrap();
        members.get("messages").unwrap().get().to_owned()
    }

    fn value(provider: &'static str, model: &str, messages: &Value) -> Value {
        serde_json::from_str(&sent(provider, model, &messages.to_string())).unwrap()
    }

    #[test]
    fn messages_with_nothing_in_the_way_keep_their_bytes() {
        let messages = r#"[ {"role":"user", "content":"a \u0041", "x":1.0} ]"#;
        assert_eq!(sent("openai", "gpt-4o", messages), messages);
        assert_eq!(sent("mistral", "mistral-large-latest", messages), messages);
    }

    #[test]
    fn an_empty_member_is_left_out_and_the_text_null_is_not() {
        let messages = json!([{"role": "assistant", "content": null}, {"role": "user", "content": "null"}]);
        let wanted = json!([{"role": "assistant"}, {"role": "user", "content": "null"}]);
        assert_eq!(value("openai", "gpt-4o", &messages), wanted);
    }

    #[test]
    fn roles_are_those_that_the_model_knows() {
        let role = |model, role| value("openai", model, &json!([{"role": role, "content": "x"}]))[0]["role"].clone();
        assert_eq!(role("gpt-4o", "developer"), "system");
        assert_eq!(role("o1", "developer"), "developer");
        assert_eq!(role("o3-mini", "system"), "user");
    }

    #[test]
    fn marks_for_prompt_caching_reach_only_those_who_know_them() {
        let messages =
            json!([{"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {"type": "x"}}]}]);
        assert_eq!(value("openai", "gpt-4o", &messages), messages);
        let wanted = json!([{"role": "user", "content": [{"type": "text", "text": "a"}]}]);
        assert_eq!(value("groq", "x", &messages), wanted);
    }

    #[test]
    fn texts_in_parts_are_joined_and_an_image_among_them_is_not_lost() {
        let text = json!({"type": "text", "text": "a"});
        let joined = value("deepseek", "deepseek-chat", &json!([{"role": "user", "content": [text, text]}]));
        assert_eq!(joined, json!([{"role": "user", "content": "aa"}]));
        let image = json!([{"role": "user", "content": [text, {"type": "image_url", "image_url": {"url": "u"}}]}]);
        assert_eq!(value("deepseek", "deepseek-chat", &image), image);
    }
}
