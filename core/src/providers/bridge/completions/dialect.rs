//! Legacy text completions as a [`ClientDialect`].

use super::answer::TextTeller;
use super::{answer, request};
use crate::api::completion::Completion;
use crate::api::members::Members;
use crate::providers::bridge::dialect::{Asked, ClientDialect, ClientEvents};
use crate::providers::provider::{Reply, TransformError};
use crate::usage::Usage;

/// Legacy text completions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Completions;

impl ClientDialect for Completions {
    fn ask<'a>(&self, asked: Asked<'_, 'a>) -> Result<Members<'a>, TransformError> {
        request::ask(asked.members)
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
        Box::new(TextTeller::new(reply))
    }
}
