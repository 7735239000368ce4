//! YAML (and JSON, which is YAML) to a tree with lines. Bounded in size, depth and expansion; a name set twice in one
//! map is refused, because one of the two would be lost silently.

use super::scalar;
use super::tree::{Content, Entry, Node, Place};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use std::borrow::Cow;
use std::collections::HashMap;

/// Largest text that is read, in bytes. A list of ten thousand deployments has about 2 MB.
pub(super) const TEXT_BYTES_MAX: usize = 8 << 20;
/// Deepest nesting. The deepest documented setting has about eight levels; the parser and its readers recurse.
const DEPTH_MAX: usize = 64;
/// Most values after anchors are expanded, so that a few lines of aliases cannot fill the memory.
const NODES_MAX: usize = 500_000;

/// What is wrong with a text, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct YamlError {
    /// Where it was noticed.
    pub place: Place,
    /// What is wrong.
    pub message: String,
}

/// Reads the only document of a text. An empty text is an empty map.
///
/// # Errors
/// The first fault, as no tree can be built behind it.
pub(super) fn parse(text: &str, file: usize) -> Result<Node, YamlError> {
    let start = Place { file, line: 1, column: 1 };
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("the text has {} bytes; at most {TEXT_BYTES_MAX} are read", text.len());
        return Err(YamlError { place: start, message });
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { events: Parser::new_from_str(text), file, anchors: HashMap::new(), nodes: 0 };
    let root = reader.document()?.unwrap_or_else(|| Node::new(Content::Map(Vec::new()), start));
    if let Some(second) = reader.document()? {
        return Err(YamlError { place: second.place, message: "a second document begins; a file has one".to_owned() });
    }
    Ok(root)
}

struct Reader<'text> {
    events: Parser<'text, StrInput<'text>>,
    file: usize,
    /// What each anchor stands for, and how many values that is.
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
}

impl<'text> Reader<'text> {
    /// The next document's root; `None` at the end of the text.
    fn document(&mut self) -> Result<Option<Node>, YamlError> {
        while let Some((event, span)) = self.next()? {
            match event {
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
                Event::StreamEnd => return Ok(None),
                root => return self.node(root, span, 0).map(Some),
            }
        }
        Ok(None)
    }

    fn next(&mut self) -> Result<Option<(Event<'text>, Span)>, YamlError> {
        self.events.next_event().transpose().map_err(|error| self.syntax(&error))
    }

    /// The event inside a list or map; the parser reports an unclosed one itself.
    fn inner(&mut self) -> Result<(Event<'text>, Span), YamlError> {
        let ended = YamlError { place: self.here(), message: "the text ends too early".to_owned() };
        self.next()?.ok_or(ended)
    }

    fn node(&mut self, event: Event<'text>, span: Span, depth: usize) -> Result<Node, YamlError> {
        let place = self.place(span.start);
        self.count(1, place)?;
        if depth > DEPTH_MAX {
            return Err(YamlError { place, message: format!("nested more than {DEPTH_MAX} levels deep") });
        }
        let before = self.nodes;
        let (content, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => (self.scalar(text, style, tag, place)?, anchor),
            Event::SequenceStart(anchor, _) => (self.list(depth)?, anchor),
            Event::MappingStart(anchor, _) => (self.map(depth)?, anchor),
            Event::Alias(anchor) => return self.alias(anchor, place),
            _ => return Err(YamlError { place, message: "a value was expected".to_owned() }),
        };
        let node = Node::new(content, place);
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), 1 + self.nodes - before));
        }
        Ok(node)
    }

    fn scalar(
        &self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        tag: Option<Cow<'_, Tag>>,
        place: Place,
    ) -> Result<Content, YamlError> {
        let tag = tag.filter(|tag| tag.is_yaml_core_schema());
        match tag.as_ref().map(|tag| tag.suffix.as_str()) {
            Some("str") => Ok(Content::Text(text.into_owned())),
            None if style != ScalarStyle::Plain => Ok(Content::Text(text.into_owned())),
            None => Ok(scalar::plain(&text)),
            Some(tag) => scalar::tagged(tag, &text)
                .ok_or_else(|| YamlError { place, message: format!("the value does not fit its tag `!!{tag}`") }),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Content, YamlError> {
        let mut items = Vec::new();
        loop {
            match self.inner()? {
                (Event::SequenceEnd, _) => return Ok(Content::List(items)),
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Content, YamlError> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut merged = Vec::new();
        loop {
            let (event, span) = self.inner()?;
            let place = self.place(span.start);
            let (name, plain) = match event {
                Event::MappingEnd => break,
                Event::Scalar(text, style, _, _) => (text.into_owned(), style == ScalarStyle::Plain),
                _ => return Err(YamlError { place, message: "a name must be a plain text".to_owned() }),
            };
            let (event, span) = self.inner()?;
            let value = self.node(event, span, depth + 1)?;
            if plain && name == "<<" {
                merged.push(value);
                continue;
            }
            if let Some(first) = entries.iter().find(|entry| entry.name == name) {
                let message = format!("`{name}` is set twice, first on line {}", first.place.line);
                return Err(YamlError { place, message });
            }
            entries.push(Entry { name, place, value });
        }
        let mut map = Node::new(Content::Map(entries), Place::default());
        merged.into_iter().try_for_each(|value| merge(&mut map, value))?;
        Ok(map.content)
    }

    /// The anchor's value. It keeps the lines where it was written, where a mistake in it is to be mended.
    fn alias(&mut self, anchor: usize, place: Place) -> Result<Node, YamlError> {
        let Some((node, size)) = self.anchors.get(&anchor) else {
            return Err(YamlError { place, message: "the alias names an anchor that is still open".to_owned() });
        };
        let (node, size) = (node.clone(), *size);
        self.count(size, place)?;
        Ok(node)
    }

    fn count(&mut self, more: usize, place: Place) -> Result<(), YamlError> {
        self.nodes += more;
        if self.nodes > NODES_MAX {
            return Err(YamlError { place, message: format!("more than {NODES_MAX} values, anchors expanded") });
        }
        Ok(())
    }

    fn here(&self) -> Place {
        Place { file: self.file, line: 0, column: 0 }
    }

    fn place(&self, mark: Marker) -> Place {
        Place { file: self.file, line: mark.line(), column: mark.col() + 1 }
    }

    fn syntax(&self, error: &ScanError) -> YamlError {
        YamlError { place: self.place(*error.marker()), message: error.info().to_owned() }
    }
}

/// `<<: *base`: names of the base that the map does not set itself. Of several bases the first wins.
fn merge(map: &mut Node, base: Node) -> Result<(), YamlError> {
    match base.content {
        Content::Map(entries) => entries.into_iter().for_each(|entry| map.add_missing(entry)),
        Content::List(bases) if bases.iter().all(|base| matches!(base.content, Content::Map(_))) => {
            bases.into_iter().try_for_each(|base| merge(map, base))?;
        }
        _ => {
            let message = "`<<` takes a map, or a list of maps".to_owned();
            return Err(YamlError { place: base.place, message });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn value(text: &str) -> serde_json::Value {
        parse(text, 0).unwrap().to_value()
    }

    fn fault(text: &str) -> (usize, usize, String) {
        let error = parse(text, 0).unwrap_err();
        (error.place.line, error.place.column, error.message)
    }

    #[test]
    fn every_value_knows_its_line_and_column() {
        let root = parse("a: 1\nb:\n  - x\n  - y: 2\n", 0).unwrap();
        let item = &root.get("b").unwrap().items()[1];
        assert_eq!(item.entry("y").unwrap().place, Place { file: 0, line: 4, column: 5 });
        assert_eq!(item.get("y").unwrap().place, Place { file: 0, line: 4, column: 8 });
    }

    #[test]
    fn json_is_read_too() {
        let text = "{\"a\": [1, 2.5, true, null], \"b\": {\"c\": \"x\\u00e9\"}}";
        assert_eq!(value(text), json!({"a": [1, 2.5, true, null], "b": {"c": "xé"}}));
        assert_eq!(value("{\n\t\"a\": [\n\t\t1\n\t]\n}\n"), json!({"a": [1]}));
    }

    #[test]
    fn an_empty_text_is_an_empty_map() {
        assert_eq!(value(""), json!({}));
        assert_eq!(value("# nothing yet\n"), json!({}));
    }

    #[test]
    fn anchors_and_merge_keys_fill_in_what_the_map_does_not_say() {
        let text = "base: &b {x: 1, y: 2}\nmore: &m {z: 3, x: 9}\nuse:\n  y: 5\n  <<: [*b, *m]\nsame: *b\n";
        let tree = value(text);
        assert_eq!(tree["use"], json!({"y": 5, "x": 1, "z": 3}));
        assert_eq!(tree["same"], json!({"x": 1, "y": 2}));
    }

    #[test]
    fn a_name_set_twice_is_refused_with_both_lines() {
        let expected = (3, 1, "`a` is set twice, first on line 1".to_owned());
        assert_eq!(fault("a: 1\nb: 2\na: 3\n"), expected);
    }

    #[test]
    fn a_syntax_fault_has_line_and_column() {
        let (line, column, message) = fault("a: 1\nb: [1, 2\nc: 3\n");
        assert_eq!((line, column > 0), (3, true), "{message}");
    }

    #[test]
    fn a_second_document_is_refused() {
        assert_eq!(fault("a: 1\n---\nb: 2\n").2, "a second document begins; a file has one");
    }

    #[test]
    fn aliases_cannot_fill_the_memory() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let inside = vec![format!("*a{}", level - 1); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{inside}]\n"));
        }
        assert_eq!(fault(&text).2, "more than 500000 values, anchors expanded");
    }

    #[test]
    fn nesting_is_bounded() {
        let text = format!("{}{}", "[".repeat(100), "]".repeat(100));
        assert_eq!(fault(&text).2, "nested more than 64 levels deep");
    }

    #[test]
    fn an_alias_inside_its_own_anchor_is_refused() {
        assert!(parse("a: &a [*a]\n", 0).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_brings_the_reader_down(text in "([a-c&*:<>!|#'\"\\[\\]{},?~0-9% \t\n-]|<<: |- |: |&a |\\*a ){0,120}") {
            let _ = parse(&text, 0);
        }
    }
}
