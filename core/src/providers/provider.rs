//! The seam between one dialect and the rest: request → upstream request; answer → what is known of it.

use super::decoder::StreamDecoder;
use super::failure::ProviderFailure;
use super::operation::Operation;
use super::parameters::policy::Policy;
use super::target::Target;
use crate::api::form::Form;
use crate::api::members::Members;
use crate::id::RequestId;
use crate::usage::Usage;
use bytes::Bytes;
use std::borrow::Cow;

/// One upstream's dialect. Pure: no network, no clock.
pub trait Provider: Send + Sync {
    /// The request to send upstream. The members are the client's, with all that is ours taken out.
    ///
    /// # Errors
    /// [`TransformError`]: the request cannot be said in this dialect.
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError>;

    /// As [`Provider::request`], of an operation whose body is a form. The members are the form's texts.
    ///
    /// # Errors
    /// As [`Provider::request`].
    fn form_request(
        &self,
        call: Call<'_, '_>,
        _form: &Form,
        target: &Target,
    ) -> Result<http::Request<Bytes>, TransformError> {
        let reason = format!("`{}` has no `{}`.", target.provider, call.operation.path());
        Err(TransformError::Unsayable { reason })
    }

    /// Turns a whole answer of status 200 into the client's dialect and reads what it used.
    ///
    /// # Errors
    /// The answer is not what the dialect promises, or tells of an error.
    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure>;

    /// A reader for one streamed answer.
    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder>;

    /// Reads an answer of an error status.
    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure;

    /// After how many seconds an answer of an error status says to try again, where that is not said by a header.
    fn retry_after(&self, _body: &[u8]) -> Option<u32> {
        None
    }

    /// Headers of the client's request that go upstream with it, where the upstream knows them. Lists in headers of one
    /// name are joined.
    fn forwards(&self) -> &'static [&'static str] {
        &[]
    }

    /// Those headers now stand in the request. An upstream that reads them elsewhere says them there.
    fn forwarded(&self, _request: &mut http::Request<Bytes>) {}
}

/// What the client asks.
#[derive(Debug)]
pub struct Call<'c, 'a> {
    /// What is asked.
    pub operation: Operation,
    /// The body's members.
    pub members: &'c mut Members<'a>,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// What becomes of parameters that the model does not take: the deployment's policy with the request's changes.
    pub policy: &'c Policy,
    /// Takes the names of parameters that are dropped, for the client to see.
    pub dropped: &'c mut Vec<Cow<'static, str>>,
}

/// Bodies of requests that follow a first one at the same address, where an upstream takes one input at a time. They
/// stand in the first one's extensions. The answers are read as one list of JSON.
#[derive(Clone, Debug)]
pub struct Further(pub Vec<Bytes>);

/// What an answer is told with, where it is written anew.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'r> {
    /// What was asked.
    pub operation: Operation,
    /// The call's id. It names the answer, and its time is when the answer was made.
    pub id: RequestId,
    /// The model's name as the client says it.
    pub model: &'r str,
    /// The deployment that answers, for ids that lead back to it.
    pub deployment: &'r str,
    /// The client's body, for answers that speak of what was asked. Empty for a long stream, which does not keep it.
    pub asked: &'r [u8],
    /// Whether the client asked for the usage event of a stream.
    pub show_usage: bool,
}

/// An answer in the client's dialect.
#[derive(Debug)]
pub struct WholeAnswer {
    /// The body for the client.
    pub body: Bytes,
    /// What was used, where the upstream told.
    pub usage: Option<Usage>,
}

/// Why a request cannot be sent to this upstream.
#[derive(Debug, thiserror::Error)]
pub enum TransformError {
    /// The deployment's address or a header of its settings is not valid.
    #[error("the deployment's `{setting}` is not valid: {reason}")]
    Setting {
        /// Which setting.
        setting: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Parameters that the model does not take, and that nobody allows to be dropped.
    #[error(
        "{provider} does not take {} for model={model}. Leave it out, or set `drop_params: true` to have such \
         parameters dropped, or name it in `allowed_openai_params` to have it sent all the same.",
        .params.join(", ")
    )]
    Unsupported {
        /// The provider.
        provider: &'static str,
        /// The model in the provider's words.
        model: String,
        /// Each parameter, with its value where only the value is not taken.
        params: Vec<String>,
    },
    /// The request as a whole has no form in the upstream's dialect.
    #[error("{reason}")]
    Unsayable {
        /// What is wrong with it.
        reason: String,
    },
    /// A member of the body has a value that the operation cannot take.
    #[error("{reason}")]
    Member {
        /// Which member.
        member: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}
