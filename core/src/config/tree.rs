//! A configuration as it was written: values with the file and line where each one stands. Knows nothing of settings.

use serde_json::{Map, Number, Value};
use std::fmt;

/// Where a value stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Which file of the document: 0 is the main one, the included ones follow.
    pub(super) file: usize,
    /// Line, from 1; 0 where the value comes from no file.
    pub(super) line: usize,
    /// Column, from 1.
    pub(super) column: usize,
}

/// A value and its place.
#[derive(Clone)]
pub(super) struct Node {
    /// What was written.
    pub(super) content: Content,
    /// Where it was written.
    pub(super) place: Place,
    /// Whether a reference stood here, so that the value must not be shown.
    pub(super) from_reference: bool,
}

/// What can be written.
#[derive(Clone)]
pub(super) enum Content {
    /// Nothing, or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Names and values, in the order of the file; no name twice.
    Map(Vec<Entry>),
}

/// One line of a map.
#[derive(Clone)]
pub(super) struct Entry {
    /// The name.
    pub(super) name: String,
    /// Where the name stands.
    pub(super) place: Place,
    /// What it is set to.
    pub(super) value: Node,
}

impl Node {
    /// A value at a place.
    pub(super) fn new(content: Content, place: Place) -> Self {
        Self { content, place, from_reference: false }
    }

    /// A value that comes from no file.
    pub(super) fn of_value(value: &Value) -> Self {
        let content = match value {
            Value::Null => Content::Null,
            Value::Bool(truth) => Content::Bool(*truth),
            Value::Number(number) => Content::Number(number.clone()),
            Value::String(text) => Content::Text(text.clone()),
            Value::Array(items) => Content::List(items.iter().map(Self::of_value).collect()),
            Value::Object(members) => Content::Map(
                members
                    .iter()
                    .map(|(name, value)| Entry {
                        name: name.clone(),
                        place: Place::default(),
                        value: Self::of_value(value),
                    })
                    .collect(),
            ),
        };
        Self::new(content, Place::default())
    }

    /// The lines of a map; nothing for every other value.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; nothing for every other value.
    pub(super) fn items(&self) -> &[Self] {
        match &self.content {
            Content::List(items) => items,
            _ => &[],
        }
    }

    /// The entry of that name.
    pub(super) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.name == name)
    }

    /// The value of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        self.entry(name).map(|entry| &entry.value)
    }

    /// The value of that name, to be changed.
    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Self> {
        match &mut self.content {
            Content::Map(entries) => entries.iter_mut().find(|entry| entry.name == name).map(|entry| &mut entry.value),
            _ => None,
        }
    }

    /// Takes the value of that name out.
    pub(super) fn remove(&mut self, name: &str) -> Option<Self> {
        match &mut self.content {
            Content::Map(entries) => {
                let at = entries.iter().position(|entry| entry.name == name)?;
                Some(entries.remove(at).value)
            }
            _ => None,
        }
    }

    /// Sets a name that is not yet there; leaves one that is.
    pub(super) fn add_missing(&mut self, entry: Entry) {
        if let Content::Map(entries) = &mut self.content
            && !entries.iter().any(|known| known.name == entry.name)
        {
            entries.push(entry);
        }
    }

    /// The text, where this is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether nothing was written.
    pub(super) fn is_null(&self) -> bool {
        matches!(self.content, Content::Null)
    }

    /// The value as a user calls it.
    pub(super) fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "nothing",
            Content::Bool(_) => "true or false",
            Content::Number(_) => "a number",
            Content::Text(_) => "a text",
            Content::List(_) => "a list",
            Content::Map(_) => "a map",
        }
    }

    /// The value without its places, as deserialisers take it. Names that are set to nothing are left out, so that
    /// writing `timeout:` is the same as not writing it.
    pub(super) fn to_value(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(truth) => Value::Bool(*truth),
            Content::Number(number) => Value::Number(number.clone()),
            Content::Text(text) => Value::String(text.clone()),
            Content::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Content::Map(entries) => Value::Object(
                entries
                    .iter()
                    .filter(|entry| !entry.value.is_null())
                    .map(|entry| (entry.name.clone(), entry.value.to_value()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

/// Shows the shape, never the values: a configuration holds keys.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at line {}", self.kind(), self.place.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_does_not_show_its_value() {
        let node = Node::new(Content::Text("sk-1234".to_owned()), Place { file: 0, line: 7, column: 3 });
        assert_eq!(format!("{node:?}"), "a text at line 7");
    }
}
