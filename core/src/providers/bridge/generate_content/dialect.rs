//! The dialect as a [`ClientDialect`].

use super::events::ContentTeller;
use super::{answer, request};
use crate::api::completion::Completion;
use crate::api::members::Members;
use crate::providers::bridge::dialect::{Asked, ClientDialect, ClientEvents};
use crate::providers::provider::{Reply, TransformError};
use crate::usage::Usage;

/// Clients that speak Google's `generateContent`.
#[derive(Clone, Copy, Debug, Default)]
pub struct GenerateContent;

impl ClientDialect for GenerateContent {
    fn ask<'a>(&self, asked: Asked<'_, 'a>) -> Result<Members<'a>, TransformError> {
        request::ask(asked)
    }

    fn answer(
        &self,
        _: Reply<'_>,
        answer: &Completion<'_>,
        usage: Option<&Usage>,
    ) -> Result<Vec<u8>, serde_json::Error> {
        answer::write(answer, usage)
    }

    fn events(&self, _: Reply<'_>) -> Box<dyn ClientEvents> {
        Box::new(ContentTeller::default())
    }
}
