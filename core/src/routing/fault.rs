//! What went wrong with an attempt, as far as it decides what follows: whether it is repeated, whether the deployment is to
//! blame, and which fallbacks help. Plain data.

use crate::providers::failure::FailureClass;

/// What went wrong with an attempt at a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The request is at fault, wherever it goes.
    BadRequest,
    /// The request is larger than this upstream takes.
    TooLarge,
    /// The input is longer than the model takes.
    ContextWindow,
    /// The provider's content policy refused the input.
    ContentPolicy,
    /// Our credential was refused.
    Authentication,
    /// The upstream has no such model.
    NotFound,
    /// Another refusal of the upstream: a permission, a conflict.
    Refused,
    /// The upstream takes no more requests or tokens at the moment.
    RateLimit,
    /// The upstream did not answer in time, or said so of its own.
    Timeout,
    /// The upstream failed, is overloaded, or broke its dialect.
    Server,
    /// The upstream could not be reached, or the connection broke.
    Connection,
    /// Our own limits of the deployments behind the model are reached: nothing was sent.
    NoCapacity,
}

impl Fault {
    /// The fault that an upstream's answer of this class and status is.
    pub fn of_answer(class: FailureClass, status: u16) -> Self {
        match class {
            FailureClass::ContextWindow => Self::ContextWindow,
            FailureClass::ContentPolicy => Self::ContentPolicy,
            FailureClass::Authentication => Self::Authentication,
            FailureClass::NotFound => Self::NotFound,
            FailureClass::RateLimited => Self::RateLimit,
            FailureClass::Timeout => Self::Timeout,
            FailureClass::Overloaded | FailureClass::Server | FailureClass::Malformed => Self::Server,
            FailureClass::Permission => Self::Refused,
            FailureClass::BadRequest => match status {
                413 => Self::TooLarge,
                400 | 405 | 415 | 422 => Self::BadRequest,
                _ => Self::Refused,
            },
        }
    }

    /// Whether the deployment is to blame. The client's own mistakes are never its fault.
    pub fn is_deployments(self) -> bool {
        matches!(
            self,
            Self::Authentication | Self::NotFound | Self::RateLimit | Self::Timeout | Self::Server | Self::Connection
        )
    }

    /// Whether the same request may succeed where it is simply sent again.
    pub fn may_pass(self) -> bool {
        matches!(self, Self::Refused | Self::RateLimit | Self::Timeout | Self::Server | Self::Connection)
    }

    /// Whether another model may do what this one did not.
    pub fn helped_by_another_model(self) -> bool {
        self != Self::BadRequest
    }
}

/// How often something is allowed, by the kind of error. LiteLLM's `retry_policy` and `allowed_fails_policy` know these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByFault {
    /// `BadRequestError…`
    pub bad_request: Option<u32>,
    /// `AuthenticationError…`
    pub authentication: Option<u32>,
    /// `TimeoutError…`
    pub timeout: Option<u32>,
    /// `RateLimitError…`
    pub rate_limit: Option<u32>,
    /// `ContentPolicyViolationError…`
    pub content_policy: Option<u32>,
    /// `InternalServerError…`
    pub internal_server: Option<u32>,
}

impl ByFault {
    /// What is said of this fault; `None`: nothing.
    pub fn get(&self, fault: Fault) -> Option<u32> {
        match fault {
            Fault::BadRequest | Fault::TooLarge | Fault::ContextWindow => self.bad_request,
            Fault::ContentPolicy => self.content_policy.or(self.bad_request),
            Fault::Authentication => self.authentication,
            Fault::Timeout => self.timeout,
            Fault::RateLimit => self.rate_limit,
            Fault::Server => self.internal_server,
            Fault::NotFound | Fault::Refused | Fault::Connection | Fault::NoCapacity => None,
        }
    }
}
