//! Why a call has no answer. The surface maps each variant to a status, a type and a public text.

use crate::accounting::spend_log::SettleError;
use crate::admission::refusal::Refusal;
use crate::api::form::FormError;
use crate::auth::error::AuthError;
use crate::auth::route::RouteDenied;
use crate::credentials::known::NotKnown;
use crate::guardrails::verdict::GuardrailError;
use crate::providers::failure::ProviderFailure;
use crate::providers::operation::Operation;
use crate::providers::provider::TransformError;
use crate::routing::{BuildError, NothingLeft};
use crate::upstream::guarded::FetchError;
use crate::upstream::identity::error::IdentityError;
use crate::upstream::transport::TransportError;
use crate::wire::input_weight::Unbounded;

/// Why a call has no answer, or no more of it.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The caller is not known.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The key may not use this route.
    #[error(transparent)]
    Route(#[from] RouteDenied),
    /// The body is not a JSON object.
    #[error("Invalid JSON payload: {0}")]
    Json(String),
    /// The body is no form, and should be.
    #[error(transparent)]
    Form(#[from] FormError),
    /// A member has a value that cannot be used.
    #[error("{message}")]
    Member {
        /// Which member.
        member: &'static str,
        /// What is wrong, for the client.
        message: String,
    },
    /// A member without which the operation makes no sense is missing.
    #[error("{}: Missing required parameter: '{member}'.", .operation.path())]
    MissingMember {
        /// What was asked.
        operation: Operation,
        /// Which member.
        member: &'static str,
    },
    /// A field is missing that the operator asks of calls.
    #[error("Missing required parameter: '{0}'. This gateway asks it of every such call.")]
    FieldRequired(String),
    /// No deployment has this name.
    #[error("no deployment is named `{model}`")]
    UnknownModel {
        /// The name as the client gave it.
        model: String,
        /// Names that this caller may use.
        available: Vec<String>,
    },
    /// None of the model's deployments can take the request.
    #[error(transparent)]
    NothingLeft(#[from] NothingLeft),
    /// The key may not use this model.
    #[error("the key may not use `{0}`")]
    ModelDenied(String),
    /// The key may not say this of the cache.
    #[error("Not allowed to set {0} as a cache control. Contact admin to change permissions.")]
    CacheControlDenied(String),
    /// A wildcard matches, but what it stands for cannot be called.
    #[error(transparent)]
    Uncallable(#[from] BuildError),
    /// The upstream takes files by their bytes alone, and the request names these by their addresses. Never told to a
    /// client: the files are fetched.
    #[error("files are to be fetched first")]
    Unfetched(Vec<String>),
    /// What the call presumed is not so any more. Never told to a client: the call is walked again.
    #[error("the key changed while the call was counted; send it again")]
    Outdated,
    /// The end user may be answered from this region only, and the deployment is not known to be there: another one is
    /// looked for, where the call may go elsewhere.
    #[error("the end user is answered from the region `{0}` only")]
    Elsewhere(String),
    /// A file that the request names by its address cannot be had.
    #[error("The file at `{address}` cannot be sent to the model: {error}.")]
    File {
        /// Its address.
        address: String,
        /// Why not.
        error: FetchError,
    },
    /// The request cannot be said in the upstream's dialect.
    #[error(transparent)]
    Transform(#[from] TransformError),
    /// The provider's own API is called, and its key is not known.
    #[error(
        "The API of `{0}` is passed with the key of the gateway's environment, which is not set: see docs/passing.md."
    )]
    NotPassed(&'static str),
    /// No response has this name here.
    #[error(
        "No response is named '{0}'. Only the id of a response that this gateway gave out leads to the deployment that \
         made it, and only as long as the configuration has that deployment."
    )]
    UnknownResponse(String),
    /// The response was made by a deployment whose provider keeps none.
    #[error(
        "Responses of '{0}' are not kept: its provider has no such API. Keep what the call answered, and send the whole \
         conversation in 'input'."
    )]
    ResponseNotKept(String),
    /// The answer is larger than those that may go to clients. It is charged: its provider has made it.
    #[error(
        "Response size is too large. It has {bytes} bytes, and {most} may be returned (`max_response_size_mb`); ask for \
         less, or for a stream"
    )]
    AnswerTooLong {
        /// How many there are.
        bytes: usize,
        /// How many there may be.
        most: usize,
    },
    /// The end user whom the request names is blocked.
    #[error("User blocked from making LLM API Calls. User={0}")]
    EndUserBlocked(String),
    /// The budget is kept strictly, and what is in the request has no bound.
    #[error("The budget of this key is kept strictly, and {0} in a request can cost any amount. Leave it out.")]
    Unbounded(#[source] Unbounded),
    /// The store cannot count or charge the call at once, as it has to.
    #[error(
        "The call counts in {count} {what}, and {most} are the most that one call may count in. Send fewer tags, or have \
         fewer limits set on them."
    )]
    TooManyLimits {
        /// How many there are.
        count: usize,
        /// Of what.
        what: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// It does not pass a guardrail.
    #[error(transparent)]
    Guardrail(#[from] GuardrailError),
    /// A budget or a rate limit stands in the way.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The upstream answered with an error, or not in its dialect.
    #[error("the upstream failed: {}", .failure.message)]
    Upstream {
        /// What it said.
        failure: ProviderFailure,
        /// Seconds or a date to wait, as it said.
        retry_after: Option<http::HeaderValue>,
    },
    /// The upstream cannot be shown who calls.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The stored credential of the deployment is not at hand.
    #[error(transparent)]
    Credential(#[from] NotKnown),
    /// The upstream could not be reached, or did not answer in time.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The call could not be charged, so it is not answered.
    #[error("the call could not be recorded")]
    Unrecorded(#[source] SettleError),
    /// The operating system gives no random bytes.
    #[error(transparent)]
    NoEntropy(#[from] crate::clock::NoEntropy),
}

impl CallError {
    /// Whether the store could not be asked whether the call may be made.
    pub(super) fn is_outage(&self) -> bool {
        match self {
            Self::Auth(error) => error.is_outage(),
            Self::Refused(Refusal::Unavailable(failure)) => failure.is_outage(),
            _ => false,
        }
    }

    /// LiteLLM's name for the kind of error, as spend rows carry it.
    pub fn class_name(&self) -> &'static str {
        match self {
            Self::Auth(_) | Self::Identity(IdentityError::Refused { .. }) => "AuthenticationError",
            Self::Json(_)
            | Self::Form(_)
            | Self::Member { .. }
            | Self::MissingMember { .. }
            | Self::FieldRequired(_)
            | Self::Transform(_)
            | Self::Uncallable(_)
            | Self::EndUserBlocked(_)
            | Self::AnswerTooLong { .. }
            | Self::Unfetched(_)
            | Self::Elsewhere(_)
            | Self::File { .. }
            | Self::TooManyLimits { .. }
            | Self::Unbounded(_) => "BadRequestError",
            Self::Guardrail(GuardrailError::Failed { .. }) => "InternalServerError",
            Self::Guardrail(_) => "GuardrailRaisedException",
            Self::UnknownModel { .. } | Self::UnknownResponse(_) | Self::ResponseNotKept(_) => "NotFoundError",
            Self::NothingLeft(nothing) if nothing.may_pass() => "RateLimitError",
            Self::NothingLeft(nothing) if nothing.is_too_long() => "ContextWindowExceededError",
            Self::NothingLeft(_) => "BadRequestError",
            Self::ModelDenied(_) | Self::CacheControlDenied(_) | Self::Route(_) => "PermissionDeniedError",
            Self::Refused(Refusal::Budget { .. }) => "BudgetExceededError",
            Self::Refused(Refusal::Rate { .. } | Refusal::Crowded(_)) => "RateLimitError",
            Self::Refused(Refusal::Unavailable(_)) => "InternalServerError",
            Self::Upstream { failure, .. } => failure.class.name(),
            Self::Transport(TransportError::TimedOut(_)) => "Timeout",
            Self::Transport(_) | Self::Identity(IdentityError::Unreachable { .. }) => "APIConnectionError",
            Self::Identity(IdentityError::Setting { .. }) => "InternalServerError",
            Self::Credential(_) | Self::NotPassed(_) | Self::Outdated | Self::Unrecorded(_) | Self::NoEntropy(_) => {
                "InternalServerError"
            }
        }
    }
}
