//! Bedrock as a [`Provider`]: one for each format that its models have.

use super::betas;
use super::converse::events::ConverseEvents;
use super::invoke::claude::ClaudeEvents;
use super::invoke::continued::{self, ContinuedEvents};
use super::invoke::nova::NovaEvents;
use super::invoke::open::BedrockOpen;
use super::invoke::text::Family;
use super::messages::BedrockMessages;
use super::model::{BedrockModel, Maker, Route};
use super::{converse, embeddings, failure, images, request, rerank};
use crate::api::answer::head::Head;
use crate::api::answer::message::ChatAnswer;
use crate::api::answer::{embeddings as vectors, whole};
use crate::providers::anthropic;
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::ProviderFailure;
use crate::providers::operation::Operation;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use crate::providers::translation::{ChatEvents, Translation};
use crate::tokens;
use crate::usage::Usage;
use crate::wire::event_stream::MessageSplitter;
use bytes::Bytes;

/// Models of Bedrock with one format of answers.
#[derive(Clone, Copy, Debug)]
pub struct Bedrock(Format);

#[derive(Clone, Copy, Debug)]
enum Format {
    Converse,
    /// Converse, to a model that reads features which clients of Anthropic's name.
    ConverseClaude,
    Claude,
    Nova,
    Continued(Family),
    TitanEmbeddings,
    CohereEmbeddings,
}

static MESSAGES: BedrockMessages = BedrockMessages;
static CONVERSE: Bedrock = Bedrock(Format::Converse);
static CONVERSE_CLAUDE: Bedrock = Bedrock(Format::ConverseClaude);
static CLAUDE: Bedrock = Bedrock(Format::Claude);
static NOVA: Bedrock = Bedrock(Format::Nova);
static OPEN: BedrockOpen = BedrockOpen;
static LLAMA: Bedrock = Bedrock(Format::Continued(Family::Llama));
static QWEN: Bedrock = Bedrock(Format::Continued(Family::Qwen));
static MISTRAL: Bedrock = Bedrock(Format::Continued(Family::Mistral));
static TITAN: Bedrock = Bedrock(Format::Continued(Family::Titan));
static TITAN_EMBEDDINGS: Bedrock = Bedrock(Format::TitanEmbeddings);
static COHERE_EMBEDDINGS: Bedrock = Bedrock(Format::CohereEmbeddings);

/// The transform for a model.
pub fn speaker(model: &str) -> &'static dyn Provider {
    let model = BedrockModel::of(model);
    if let Some(family) = Family::of(&model) {
        return continuing(family);
    }
    match (model.route, model.maker) {
        (_, Maker::TitanEmbeddings { .. }) => &TITAN_EMBEDDINGS,
        (_, Maker::CohereEmbeddings) => &COHERE_EMBEDDINGS,
        (Route::Invoke, Maker::Claude) => &CLAUDE,
        (Route::Invoke, Maker::Nova) => &NOVA,
        (Route::Invoke, Maker::OpenAi | Maker::Qwen) => &OPEN,
        (Route::Converse, Maker::Claude) => &CONVERSE_CLAUDE,
        _ => &CONVERSE,
    }
}

fn continuing(family: Family) -> &'static Bedrock {
    match family {
        Family::Llama => &LLAMA,
        Family::Qwen => &QWEN,
        Family::Mistral => &MISTRAL,
        Family::Titan => &TITAN,
    }
}

/// The transform for a model that answers Anthropic's messages itself.
pub fn messages(model: &str) -> Option<&'static dyn Provider> {
    let model = BedrockModel::of(model);
    if (model.route, model.maker) == (Route::Invoke, Maker::Claude) { Some(&MESSAGES) } else { None }
}

impl Provider for Bedrock {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        request::build(call, target)
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        if reply.operation == Operation::Rerank {
            let answer = rerank::read(&body, reply.asked)?;
            let written = answer.write(reply.id).map_err(unwritable)?;
            return Ok(WholeAnswer { usage: answer.usage(), body: Bytes::from(written) });
        }
        if reply.operation == Operation::ImageGeneration {
            return images::read(reply, &body);
        }
        match self.0 {
            Format::Converse | Format::ConverseClaude | Format::Nova => chat(reply, &converse::answer::read(&body)?),
            Format::Claude => chat(reply, &anthropic::answer::read(&body)?),
            Format::Continued(family) => continuation(reply, continued::read(family, &body)?),
            Format::TitanEmbeddings => {
                let (read, usage) = embeddings::titan::read(&body)?;
                let written = vectors::write(reply.model, &read, Some(&usage)).map_err(unwritable)?;
                Ok(WholeAnswer { body: Bytes::from(written), usage: Some(usage) })
            }
            Format::CohereEmbeddings => {
                let read = embeddings::cohere::read(&body)?;
                // Bedrock tells no usage there: the client reads a count that is made here, as the bill is.
                let counted = Usage { prompt_tokens: tokens::count_request(reply.asked), ..Usage::default() };
                let written = vectors::write(reply.model, &read, Some(&counted)).map_err(unwritable)?;
                Ok(WholeAnswer { body: Bytes::from(written), usage: None })
            }
        }
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        match self.0 {
            Format::Claude => reader(reply, ClaudeEvents::default()),
            Format::Nova => reader(reply, NovaEvents::default()),
            Format::Continued(family) => reader(reply, ContinuedEvents::new(family)),
            // Embeddings are never streamed.
            Format::Converse | Format::ConverseClaude | Format::TitanEmbeddings | Format::CohereEmbeddings => {
                reader(reply, ConverseEvents::default())
            }
        }
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        failure::read(status, body)
    }

    fn forwards(&self) -> &'static [&'static str] {
        match self.0 {
            Format::ConverseClaude => &["anthropic-version", "anthropic-beta"],
            _ => &[],
        }
    }

    fn forwarded(&self, request: &mut http::Request<Bytes>) {
        if matches!(self.0, Format::ConverseClaude) {
            betas::tell(request, Route::Converse);
        }
    }
}

fn chat(reply: Reply<'_>, answer: &ChatAnswer<'_>) -> Result<WholeAnswer, ProviderFailure> {
    let head = Head { id: reply.id, model: reply.model };
    let written = whole::write(head, answer).map_err(unwritable)?;
    Ok(WholeAnswer { usage: answer.usage, body: Bytes::from(written) })
}

/// Where Bedrock tells no usage, the client reads a count that is made here, as the bill is.
fn continuation(reply: Reply<'_>, mut answer: ChatAnswer<'_>) -> Result<WholeAnswer, ProviderFailure> {
    let usage = answer.usage;
    let text = answer.choices.first().and_then(|choice| choice.message.content.as_deref()).unwrap_or_default();
    let counted = || Usage {
        prompt_tokens: tokens::count_request(reply.asked),
        completion_tokens: tokens::count_text(text),
        ..Usage::default()
    };
    answer.usage = Some(usage.unwrap_or_else(counted));
    Ok(WholeAnswer { usage, ..chat(reply, &answer)? })
}

fn reader(reply: Reply<'_>, events: impl ChatEvents + 'static) -> Box<dyn StreamDecoder> {
    Box::new(Translation::<_, MessageSplitter>::framed(reply, events))
}

fn unwritable(error: serde_json::Error) -> ProviderFailure {
    ProviderFailure::malformed(error.to_string())
}
