//! One model as a caller sees it in a list.

use super::deployment::Deployment;
use crate::config::deployment::ModelEntry;
use crate::price::{self, ModelPrice};
use std::sync::Arc;

/// A name to call, and what is known about the model behind it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The name to call it by.
    pub name: String,
    /// Where the name comes from.
    pub source: Source,
    /// What the model does: `chat`, `embedding`, ….
    pub mode: Option<String>,
    /// Most tokens of an input.
    pub max_input_tokens: Option<u64>,
    /// Most tokens of an answer.
    pub max_output_tokens: Option<u64>,
}

/// Where a listed name comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A model of the configuration; this is its first deployment.
    Named(Arc<Deployment>),
    /// A wildcard of the configuration.
    Wildcard(Arc<ModelEntry>),
}

impl Listed {
    /// A model of the configuration, known by its first deployment.
    pub(super) fn named(name: &str, deployment: Arc<Deployment>) -> Self {
        let price = deployment.price.as_ref();
        let (mode, max_input_tokens, max_output_tokens) = known(price);
        let source = Source::Named(deployment);
        Self { name: name.to_owned(), source, mode, max_input_tokens, max_output_tokens }
    }

    /// A name that a wildcard serves, known as far as the price data knows the name itself.
    pub(super) fn of_wildcard(name: String, entry: Arc<ModelEntry>) -> Self {
        let (mode, max_input_tokens, max_output_tokens) = known(price::find(&name, None).as_ref());
        Self { name, source: Source::Wildcard(entry), mode, max_input_tokens, max_output_tokens }
    }
}

fn known(price: Option<&ModelPrice>) -> (Option<String>, Option<u64>, Option<u64>) {
    let Some(price) = price else { return (None, None, None) };
    (price.mode().map(str::to_owned), price.max_input_tokens(), price.max_output_tokens())
}
