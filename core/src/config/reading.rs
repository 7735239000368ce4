//! From the tree to documented structs. A wrong value is reported with its path and line, taken out, and the rest is
//! read on, so that one run finds every mistake.

use super::names::join;
use super::report::Report;
use super::shown::shown;
use super::tree::{Content, Node, Place};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

type Wrong = serde_path_to_error::Error<serde_json::Error>;

/// Reads the map at `path`. Where something is wrong it is reported, and the setting counts as unset.
pub(super) fn read<T: DeserializeOwned + Default>(node: &Node, path: &str, report: &mut Report<'_>) -> T {
    if node.is_null() {
        return T::default();
    }
    if node.entries().is_empty() && !matches!(node.content, Content::Map(_)) {
        report.error(node.place, path, format!("must be a map, not {}", shown(node, path)));
        return T::default();
    }
    let mut value = node.to_value();
    let mut faults = 0;
    // Each round takes one name out, so that it ends.
    loop {
        let error = match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(read) => return read,
            Err(error) => error,
        };
        let (name, error) = at_fault::<T>(&value, error);
        let removed = name.as_ref().and_then(|name| value.as_object_mut()?.shift_remove(name));
        if removed.is_some() || faults == 0 {
            match name.and_then(|name| node.entry(&name)).filter(|_| !is_named(&error)) {
                Some(entry) => say((&entry.value, entry.place), &join(path, &entry.name), &error, report),
                None => say((node, node.place), path, &error, report),
            }
        }
        faults += 1;
        if removed.is_none() {
            return T::default();
        }
    }
}

/// The name at fault, and what is wrong with it. A part of a struct that is read apart from the rest says no name: then
/// each is tried alone.
fn at_fault<T: DeserializeOwned>(value: &Value, error: Wrong) -> (Option<String>, Wrong) {
    if is_named(&error) {
        return (error.path().iter().next().map(ToString::to_string), error);
    }
    let alone = |(name, value): (&String, &Value)| {
        let only = Value::Object([(name.clone(), value.clone())].into_iter().collect());
        let wrong = serde_path_to_error::deserialize::<_, T>(only).err()?;
        (wrong.inner().to_string() == error.inner().to_string()).then(|| (Some(name.clone()), wrong))
    };
    value.as_object().into_iter().flatten().find_map(alone).unwrap_or((None, error))
}

fn is_named(error: &Wrong) -> bool {
    matches!(error.path().iter().next(), Some(Segment::Map { .. }))
}

fn say((node, place): (&Node, Place), path: &str, error: &Wrong, report: &mut Report<'_>) {
    let (at, place) = locate((node, place), error.path());
    let path = steps(path, error.path());
    let text = error.inner().to_string();
    let message = match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("must be {}, not {}", plain(expected), shown(at, &path)),
        None if text.starts_with("must be") => format!("{text}, not {}", shown(at, &path)),
        None => text,
    };
    report.error(place, &path, message);
}

/// The deepest value on the path that the tree has, and the line to point at.
fn locate<'n>(from: (&'n Node, Place), path: &Path) -> (&'n Node, Place) {
    let mut found = from;
    for step in path.iter() {
        let next = match step {
            Segment::Seq { index } => found.0.items().get(*index).map(|item| (item, item.place)),
            Segment::Map { key } => found.0.entry(key).map(|entry| (&entry.value, entry.place)),
            Segment::Enum { .. } | Segment::Unknown => None,
        };
        let Some(next) = next else { break };
        found = next;
    }
    found
}

fn steps(path: &str, inner: &Path) -> String {
    inner.iter().fold(path.to_owned(), |path, step| match step {
        Segment::Seq { index } => format!("{path}[{index}]"),
        Segment::Map { key } => join(&path, key),
        Segment::Enum { .. } | Segment::Unknown => path,
    })
}

/// What serde calls things, as operators call them.
fn plain(expected: &str) -> &str {
    match expected {
        "a string" | "a borrowed string" => "a text",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list",
        other if other.starts_with("struct ") => "a map",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::Document;
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Sample {
        #[serde(deserialize_with = "super::super::lenient::seconds")]
        timeout: Option<f64>,
        #[serde(deserialize_with = "super::super::lenient::count")]
        api_key_count: Option<i64>,
        nested: std::collections::BTreeMap<String, Vec<bool>>,
        rpm: Option<i64>,
    }

    fn read_text(text: &str) -> Result<Sample, Vec<String>> {
        let document = Document::parse("c.yaml", text).unwrap();
        let mut report = Report::on(&document);
        let sample = read(document.root(), "s", &mut report);
        report.finish().map(|_| sample).map_err(|error| error.problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_wrong_value_is_found_in_one_run() {
        let text = "timeout: soon\nrpm: [1]\nnested:\n  a: [true, 7]\napi_key_count: sk-123\n";
        assert_eq!(
            read_text(text).unwrap_err(),
            [
                "c.yaml:1: s.timeout: must be a number of seconds above 0, not `soon`",
                "c.yaml:2: s.rpm: must be i64, not a list",
                "c.yaml:4: s.nested.a[1]: must be `true` or `false`, not `7`",
                "c.yaml:5: s.api_key_count: must be a whole number, 0 or more, not a text",
            ]
        );
    }

    #[test]
    fn what_is_set_to_nothing_counts_as_unset() {
        assert_eq!(read_text("timeout:\nrpm: null\n").unwrap(), Sample::default());
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct WithPart {
        rpm: Option<i64>,
        #[serde(flatten)]
        part: Part,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Part {
        #[serde(deserialize_with = "super::super::lenient::flag")]
        is_on: bool,
        tags: Vec<String>,
    }

    #[test]
    fn a_part_that_is_read_apart_says_its_name_and_its_line_too() {
        let document = Document::parse("c.yaml", "rpm: 3\ntags: [a]\nis_on: [1]\nother: 4\n").unwrap();
        let mut report = Report::on(&document);
        let read: WithPart = read(document.root(), "s", &mut report);
        assert_eq!((read.rpm, read.part.tags, read.part.is_on), (Some(3), vec!["a".to_owned()], false));
        let problems = report.finish().map(drop).unwrap_err().problems;
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, ["c.yaml:3: s.is_on: must be `true` or `false`, not a list"]);
    }
}
