//! The dialect as a [`ClientDialect`].

use super::events::ResponseTeller;
use super::{answer, request};
use crate::api::completion::Completion;
use crate::api::members::Members;
use crate::providers::bridge::dialect::{Asked, ClientDialect, ClientEvents};
use crate::providers::provider::{Reply, TransformError};
use crate::usage::Usage;

/// Clients that speak OpenAI's responses.
#[derive(Clone, Copy, Debug, Default)]
pub struct Responses;

impl ClientDialect for Responses {
    fn ask<'a>(&self, asked: Asked<'_, 'a>) -> Result<Members<'a>, TransformError> {
        request::ask(asked)
    }

    fn answer(
        &self,
        reply: Reply<'_>,
        answer: &Completion<'_>,
        usage: Option<&Usage>,
    ) -> Result<Vec<u8>, serde_json::Error> {
        answer::write(reply, answer, usage)
    }

    fn events(&self, reply: Reply<'_>) -> Box<dyn ClientEvents> {
        Box::new(ResponseTeller::new(reply))
    }
}
