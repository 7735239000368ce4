//! A reranker as a [`Provider`].

use super::row::{self, Row};
use super::{answer, request};
use crate::providers::catalog::{self, Dialect};
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::ProviderFailure;
use crate::providers::openai::{EventReader, failure};
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use bytes::Bytes;

/// How a provider reranks: as its row says, else, where it speaks OpenAI's dialect, as most do. `None`: its own transform
/// reranks, or says that it does not.
pub fn reranker(provider: &str) -> Option<&'static dyn Provider> {
    let speaks_openai = || catalog::find(provider).is_none_or(|provider| provider.dialect == Dialect::OpenAi);
    match row::row(provider) {
        Some(row) => Some(row),
        None => speaks_openai().then_some(&row::PLAIN),
    }
}

impl Provider for Row {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        request::build(self, call, target)
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        answer::read(self, reply, body)
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        // Nobody streams a rerank.
        Box::new(EventReader::new(reply.show_usage))
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        failure::read(status, body)
    }
}
