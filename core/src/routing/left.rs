//! The deployments that are left while filters take some away, and why in the end none is.

use super::deployment::Deployment;
use std::fmt;
use std::sync::Arc;

/// What takes deployments away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// They belong to other teams.
    Team,
    /// Their tags are not the request's.
    Tags,
    /// They are elsewhere.
    Region,
    /// The input is too long for their model.
    ContextWindow,
    /// They do not take the request's parameters.
    Parameters,
    /// They are cooling down, or a limit or a budget of theirs is reached.
    Unusable,
}

/// The deployments that are left.
#[derive(Debug)]
pub(super) struct Left<'g> {
    all: &'g [Arc<Deployment>],
    /// Which of them.
    pub(super) indices: Vec<usize>,
    taken: Vec<(Filter, usize)>,
}

/// No deployment is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NothingLeft {
    /// The model.
    pub model: String,
    /// What took how many away, in order.
    pub taken: Vec<(Filter, usize)>,
}

impl<'g> Left<'g> {
    pub(super) fn all(deployments: &'g [Arc<Deployment>]) -> Self {
        Self { all: deployments, indices: (0..deployments.len()).collect(), taken: Vec::new() }
    }

    pub(super) fn deployments(&self) -> impl Iterator<Item = &'g Arc<Deployment>> {
        self.indices.iter().filter_map(|index| self.all.get(*index))
    }

    /// Keeps some.
    pub(super) fn keep(&mut self, filter: Filter, keeps: impl Fn(&Deployment) -> bool) {
        let before = self.indices.len();
        let all = self.all;
        self.indices.retain(|index| all.get(*index).is_some_and(|deployment| keeps(deployment)));
        let taken = before - self.indices.len();
        if taken > 0 {
            self.taken.push((filter, taken));
        }
    }

    pub(super) fn nothing(self, model: &str) -> NothingLeft {
        NothingLeft { model: model.to_owned(), taken: self.taken }
    }
}

impl NothingLeft {
    /// Whether a shorter input would have found a deployment.
    pub fn is_too_long(&self) -> bool {
        self.taken.iter().any(|(filter, _)| *filter == Filter::ContextWindow)
    }

    /// Whether the request could be answered at another time.
    pub fn may_pass(&self) -> bool {
        self.taken.iter().any(|(filter, _)| *filter == Filter::Unusable)
    }
}

impl fmt::Display for NothingLeft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "No deployment of '{}' can take this request", self.model)?;
        for (number, (filter, count)) in self.taken.iter().enumerate() {
            let is = |one: &'static str, many: &'static str| if *count == 1 { one } else { many };
            let why = match filter {
                Filter::Team => is("belongs to another team", "belong to other teams"),
                Filter::Tags => is("has other tags (`litellm_params.tags`)", "have other tags (`litellm_params.tags`)"),
                Filter::Region => is("is not in the allowed region", "are not in the allowed region"),
                Filter::ContextWindow => {
                    is("has too small a context window for the input", "have too small a context window for the input")
                }
                Filter::Parameters => is("does not take its parameters", "do not take its parameters"),
                Filter::Unusable => {
                    is("cools down or has reached a limit of its own", "cool down or have reached a limit of their own")
                }
            };
            write!(f, "{} {count} {why}", if number == 0 { ":" } else { "," })?;
        }
        f.write_str(".")
    }
}

impl std::error::Error for NothingLeft {}
