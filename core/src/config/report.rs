//! What is found while a configuration is read: problems that stop the start, and warnings.

use super::document::Document;
use super::problem::{ConfigError, Problem};
use super::tree::Place;

/// Collects everything, so that the operator mends a file in one go.
pub(super) struct Report<'a> {
    document: &'a Document,
    problems: Vec<(Place, Problem)>,
    warnings: Vec<(Place, Problem)>,
}

impl<'a> Report<'a> {
    /// An empty report on a document.
    pub(super) fn on(document: &'a Document) -> Self {
        Self { document, problems: Vec::new(), warnings: Vec::new() }
    }

    /// Something that stops the start.
    pub(super) fn error(&mut self, place: Place, path: &str, message: impl Into<String>) {
        self.problems.push((place, self.document.problem(place, path, message)));
    }

    /// Something that the operator should know.
    pub(super) fn warn(&mut self, place: Place, path: &str, message: impl Into<String>) {
        self.warnings.push((place, self.document.problem(place, path, message)));
    }

    /// A name that nobody knows, with the known one that was probably meant.
    pub(super) fn unknown(&mut self, place: Place, path: &str, nearest: Option<&str>, stops: bool) {
        let mut problem = self.document.problem(place, path, "unknown name");
        problem.nearest = nearest.map(str::to_owned);
        if stops { &mut self.problems } else { &mut self.warnings }.push((place, problem));
    }

    /// The warnings; or everything that stops the start, in the order of the files.
    pub(super) fn finish(mut self) -> Result<Vec<Problem>, ConfigError> {
        if self.problems.is_empty() {
            return Ok(in_order(&mut self.warnings));
        }
        Err(ConfigError { problems: in_order(&mut self.problems) })
    }
}

fn in_order(found: &mut Vec<(Place, Problem)>) -> Vec<Problem> {
    found.sort_by_key(|(place, _)| (place.file, place.line, place.column));
    std::mem::take(found).into_iter().map(|(_, problem)| problem).collect()
}
