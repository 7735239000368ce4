//! Anthropic's messages as a [`ClientDialect`].

use super::events::MessageTeller;
use super::{answer, request};
use crate::api::completion::Completion;
use crate::api::members::Members;
use crate::providers::bridge::dialect::{Asked, ClientDialect, ClientEvents};
use crate::providers::provider::{Reply, TransformError};
use crate::usage::Usage;

/// Anthropic's messages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Messages;

impl ClientDialect for Messages {
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
        Box::new(MessageTeller::new(reply))
    }
}
