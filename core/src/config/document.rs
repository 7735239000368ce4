//! A configuration as text: the main file and what it includes, read into one tree that remembers the lines.

use super::problem::{ConfigError, Problem};
use super::shown::shown;
use super::tree::{Content, Entry, Node, Place};
use super::yaml::{self, YamlError};
use std::collections::VecDeque;

/// Most files in one configuration, so that files which include each other come to an end.
const FILES_MAX: usize = 64;
/// The setting that names them.
const INCLUDE: &str = "include";

/// A parsed configuration. Whoever makes one also fetches what it includes:
///
/// ```
/// # use postern_core::config::Document;
/// # let read = |_name: &str| "model_list: []".to_owned();
/// let mut document = Document::parse("config.yaml", "include: [models.yaml]")?;
/// while let Some(name) = document.next_include() {
///     document.include(&name, &read(&name))?;
/// }
/// # Ok::<(), postern_core::config::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Document {
    files: Vec<String>,
    root: Node,
    pending: VecDeque<Included>,
    /// Where the file stands that was asked for last.
    asked: Place,
}

/// A file that is to be included, and where that is said.
#[derive(Clone, Debug)]
struct Included {
    name: String,
    place: Place,
}

impl Document {
    /// A document that says nothing.
    pub fn empty() -> Self {
        let root = Node::new(Content::Map(Vec::new()), Place::default());
        Self { files: Vec::new(), root, pending: VecDeque::new(), asked: Place::default() }
    }

    /// Reads YAML or JSON. `name` is what the operator called the file; problems begin with it.
    ///
    /// # Errors
    /// [`ConfigError`] for a text that is no YAML, is too large or too deep, sets a name twice, or is not a map.
    pub fn parse(name: &str, text: &str) -> Result<Self, ConfigError> {
        let mut document = Self::empty();
        document.root.place = Place { file: 0, line: 1, column: 1 };
        document.include(name, text)?;
        Ok(document)
    }

    /// The next file that an `include:` names, as it is written there: relative to the main file. Each is named once.
    pub fn next_include(&mut self) -> Option<String> {
        let Included { name, place } = self.pending.pop_front()?;
        self.asked = place;
        Some(name)
    }

    /// The file that [`Document::next_include`] named last cannot be had: told at the line that asks for it.
    pub fn not_included(&self, message: &str) -> ConfigError {
        self.problem(self.asked, INCLUDE, message).into()
    }

    /// Adds an included file. Its lists are appended; its sections are laid over those already read, name by name.
    ///
    /// # Errors
    /// As [`Document::parse`]; also where files include more than 64 others.
    pub fn include(&mut self, name: &str, text: &str) -> Result<(), ConfigError> {
        let file = self.files.len();
        self.files.push(name.to_owned());
        let mut tree = yaml::parse(text, file).map_err(|error| self.fault(error))?;
        if tree.is_null() {
            tree.content = Content::Map(Vec::new());
        }
        if !matches!(tree.content, Content::Map(_)) {
            let message = format!("a configuration is a map of sections, not {}", tree.kind());
            return Err(self.problem(tree.place, "", message).into());
        }
        if let Some(names) = tree.remove(INCLUDE) {
            self.note_includes(&names)?;
        }
        overlay(&mut self.root, tree);
        Ok(())
    }

    /// The whole tree.
    pub(super) fn root(&self) -> &Node {
        &self.root
    }

    /// The whole tree, to be changed.
    pub(super) fn root_mut(&mut self) -> &mut Node {
        &mut self.root
    }

    /// A problem at a place of this document.
    pub(super) fn problem(&self, place: Place, path: &str, message: impl Into<String>) -> Problem {
        // A value that comes from no line comes from no file.
        let file = if place.line == 0 { None } else { self.files.get(place.file) };
        Problem {
            file: file.cloned().unwrap_or_default(),
            line: place.line,
            column: 0,
            path: path.to_owned(),
            message: message.into(),
            nearest: None,
        }
    }

    fn fault(&self, error: YamlError) -> ConfigError {
        let file = self.files.get(error.place.file).cloned().unwrap_or_default();
        let YamlError { place, message } = error;
        let path = String::new();
        Problem { file, line: place.line, column: place.column, path, message, nearest: None }.into()
    }

    /// Anything but names stops the start: without a file, models or the master key would be missing without a word.
    fn note_includes(&mut self, names: &Node) -> Result<(), ConfigError> {
        let listed = match &names.content {
            Content::Null => return Ok(()),
            Content::List(items) => items.as_slice(),
            _ => std::slice::from_ref(names),
        };
        for node in listed {
            let Some(name) = node.text().filter(|name| !name.is_empty()) else {
                let message = format!("must be a file's name, or a list of them, not {}", shown(node, INCLUDE));
                return Err(self.problem(node.place, INCLUDE, message).into());
            };
            let known =
                self.files.iter().chain(self.pending.iter().map(|other| &other.name)).any(|other| other == name);
            if self.files.len() + self.pending.len() >= FILES_MAX {
                let message = format!("more than {FILES_MAX} files are included");
                return Err(self.problem(node.place, INCLUDE, message).into());
            }
            if !known {
                self.pending.push_back(Included { name: name.to_owned(), place: node.place });
            }
        }
        Ok(())
    }
}

/// The text of a file or an object of this name.
///
/// # Errors
/// [`ConfigError`] names the first line that is not UTF-8.
pub fn text_of(name: &str, bytes: Vec<u8>) -> Result<String, ConfigError> {
    String::from_utf8(bytes).map_err(|error| {
        let read = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = read.filter(|byte| **byte == b'\n').count() + 1;
        let (file, path, message) = (name.to_owned(), String::new(), "is not UTF-8 here".to_owned());
        Problem { file, line, column: 0, path, message, nearest: None }.into()
    })
}

/// Lays `above` over `base`.
fn overlay(base: &mut Node, above: Node) {
    match (&mut base.content, above.content) {
        (Content::Map(known), Content::Map(new)) => new.into_iter().for_each(|entry| overlay_entry(known, entry)),
        (Content::List(known), Content::List(new)) => known.extend(new),
        (_, content) => *base = Node { content, ..above },
    }
}

fn overlay_entry(known: &mut Vec<Entry>, entry: Entry) {
    match known.iter_mut().find(|other| other.name == entry.name) {
        Some(other) => overlay(&mut other.value, entry.value),
        None => known.push(entry),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn included_lists_are_appended_and_sections_laid_over() {
        let main = "include: [a.yaml, a.yaml]\nmodel_list: [1]\ngeneral_settings: {x: 1, y: 2}\n";
        let mut document = Document::parse("config.yaml", main).unwrap();
        assert_eq!(document.next_include().as_deref(), Some("a.yaml"));
        document.include("a.yaml", "include: config.yaml\nmodel_list: [2]\ngeneral_settings: {y: 3}\n").unwrap();
        assert_eq!(document.next_include(), None);
        let expected = json!({"model_list": [1, 2], "general_settings": {"x": 1, "y": 3}});
        assert_eq!(document.root().to_value(), expected);
        let second = &document.root().get("model_list").unwrap().items()[1];
        assert_eq!(document.problem(second.place, "x", "y").to_string(), "a.yaml:2: x: y");
    }

    #[test]
    fn files_that_include_ever_more_files_come_to_an_end() {
        let mut document = Document::parse("0.yaml", "include: 1.yaml").unwrap();
        let mut refused = None;
        while let Some(name) = document.next_include() {
            let text = format!("include: {}.yaml", document.files.len() + 1);
            if let Err(error) = document.include(&name, &text) {
                refused = Some(error.to_string());
                break;
            }
        }
        assert_eq!(refused.as_deref(), Some("63.yaml:1: include: more than 64 files are included"));
    }

    #[test]
    fn an_include_that_names_no_file_stops_with_its_line() {
        let refused = |include: &str| {
            let text = format!("model_list: []\n{include}\n");
            Document::parse("config.yaml", &text).unwrap_err().to_string()
        };
        for (include, line, said) in [
            ("include: {file: models.yaml}", 2, "a map"),
            ("include: 7", 2, "`7`"),
            ("include: true", 2, "`true`"),
            ("include: ''", 2, "``"),
            ("include:\n  - a.yaml\n  - file: b.yaml", 4, "a map"),
            ("include:\n  - a.yaml\n  -", 4, "nothing"),
            ("include: [a.yaml, [b.yaml]]", 2, "a list"),
        ] {
            let expected = format!("config.yaml:{line}: include: must be a file's name, or a list of them, not {said}");
            assert_eq!(refused(include), expected);
        }
        assert_eq!(Document::parse("config.yaml", "include:\nmodel_list: []\n").unwrap().next_include(), None);
    }

    #[test]
    fn a_text_that_is_not_utf_8_is_told_with_its_line() {
        assert_eq!(text_of("c.yaml", "a: \u{fc}\n".into()).unwrap(), "a: \u{fc}\n");
        let error = text_of("c.yaml", b"a: 1\nb: caf\xe9\nc: 2\n".to_vec()).unwrap_err();
        assert_eq!(error.to_string(), "c.yaml:2: is not UTF-8 here");
    }

    #[test]
    fn a_fault_of_the_text_has_file_line_and_column() {
        let error = Document::parse("config.yaml", "a: 1\na: 2\n").unwrap_err();
        assert_eq!(error.to_string(), "config.yaml:2:1: `a` is set twice, first on line 1");
    }

    #[test]
    fn a_text_that_is_no_map_is_refused() {
        let error = Document::parse("config.yaml", "- a\n").unwrap_err();
        assert_eq!(error.to_string(), "config.yaml:1: a configuration is a map of sections, not a list");
    }
}
