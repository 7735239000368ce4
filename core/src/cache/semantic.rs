//! What a shelf knows of the meaning of its answers' questions, by the rules for that.

use super::breaker::Breaker;
use super::index::{Index, IndexRoom};
use std::time::Duration;

/// When an answer stands for a question that was not asked letter by letter.
#[derive(Clone, Debug, PartialEq)]
pub struct SemanticRules {
    /// The least cosine of the two questions' vectors.
    pub threshold: f64,
    /// The model that makes them, by its public name.
    pub model: String,
    /// The longest wait for one.
    pub wait: Duration,
    /// The index that points are kept in: those of another one are not compared with.
    pub index: String,
}

/// What a shelf knows of meanings.
#[derive(Debug)]
pub struct Semantic {
    /// The rules.
    pub rules: SemanticRules,
    /// The points that this process knows.
    pub index: Index,
    /// Leaves a model alone that keeps failing.
    pub breaker: Breaker,
}

impl Semantic {
    /// By these rules; nothing is known yet.
    pub fn new(rules: SemanticRules) -> Self {
        Self { rules, index: Index::new(IndexRoom::default()), breaker: Breaker::default() }
    }
}
