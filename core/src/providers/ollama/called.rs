//! A call that a model makes in its text, because it was asked in words to do so: `{"name": …, "arguments": {…}}`.

use crate::api::chat::text::Text;
use crate::id::RequestId;
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

/// How such a text begins, without white space.
const BEGINNING: &str = "{\"name\":";

/// A call. A text with any other member is none: then it is an answer in JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Called<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) arguments: &'a RawValue,
}

/// Whether a request offers tools: without them, a text of that form is an answer in JSON. Requests that are not kept may.
pub(super) fn are_offered(asked: &[u8]) -> bool {
    let names: [&[u8]; 2] = [b"\"tools\"", b"\"functions\""];
    asked.is_empty() || names.iter().any(|name| memmem::find(asked, name).is_some())
}

/// The call that a text is, where it is one and nothing else.
pub(super) fn in_text(text: &str) -> Option<Called<'_>> {
    let called: Called<'_> = serde_json::from_str(text).ok()?;
    called.arguments.get().starts_with('{').then_some(called)
}

/// Whether the beginning of a text may become a call.
pub(super) fn may_come_of(text: &str) -> bool {
    let mut wanted = BEGINNING.chars();
    let said = text.chars().filter(|character| !character.is_whitespace());
    said.take(BEGINNING.len()).all(|character| wanted.next() == Some(character))
}

/// The id of a call: the API gives none. The same for the same call of an answer.
pub(super) fn id(answer: RequestId, index: usize) -> String {
    format!("call_{}_{index}", answer.to_string().replace('-', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_that_is_a_call_and_nothing_else_is_one() {
        let called = in_text(" {\"name\": \"f\", \"arguments\": {\"a\": 1}}\n").unwrap();
        assert_eq!((&*called.name, called.arguments.get()), ("f", "{\"a\": 1}"));
        for text in
            ["{\"name\":\"f\"}", "{\"name\":\"f\",\"arguments\":{},\"age\":3}", "{\"name\":\"f\",\"arguments\":1}"]
        {
            assert!(in_text(text).is_none(), "{text}");
        }
    }

    #[test]
    fn only_who_offers_tools_is_answered_by_a_call() {
        for (asked, offers) in [(r#"{"tools":[]}"#, true), (r#"{"functions":[]}"#, true), ("", true), ("{}", false)] {
            assert_eq!(are_offered(asked.as_bytes()), offers, "{asked}");
        }
    }

    #[test]
    fn a_text_is_known_not_to_be_a_call_as_soon_as_it_differs() {
        for text in ["", " {", "{ \"na", "{\"name\" : \"f", "{\"name\":"] {
            assert!(may_come_of(text), "{text}");
        }
        for text in ["H", "{\"names", "[", "{\"arguments\""] {
            assert!(!may_come_of(text), "{text}");
        }
    }
}
