//! An upstream's error, told in one shape whatever the upstream: status class kept, its own words kept.

/// Most bytes of an unreadable answer that are shown to the client.
const EXCERPT_BYTES_MAX: usize = 500;

/// What went wrong, as far as a caller acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// The request is at fault.
    BadRequest,
    /// The input is longer than the model takes.
    ContextWindow,
    /// The provider's content policy refused the input.
    ContentPolicy,
    /// Our credential was refused.
    Authentication,
    /// Our credential may not do this.
    Permission,
    /// No such model or path there.
    NotFound,
    /// Too many requests or tokens.
    RateLimited,
    /// The upstream has no capacity at the moment.
    Overloaded,
    /// The upstream gave up waiting.
    Timeout,
    /// The upstream failed.
    Server,
    /// The upstream's answer is not what its dialect promises.
    Malformed,
}

/// An upstream's error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderFailure {
    /// What went wrong.
    pub class: FailureClass,
    /// The status to answer with: the upstream's own, where it had an error status.
    pub status: u16,
    /// The upstream's own words.
    pub message: String,
    /// The request's member at fault, where the upstream named one.
    pub param: Option<String>,
}

impl ProviderFailure {
    /// An answer that broke its dialect, told as a bad gateway.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self { class: FailureClass::Malformed, status: 502, message: message.into(), param: None }
    }
}

impl FailureClass {
    /// The class that a status stands for where the body tells no more.
    pub fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Authentication,
            403 => Self::Permission,
            404 => Self::NotFound,
            408 | 504 => Self::Timeout,
            429 => Self::RateLimited,
            503 | 529 => Self::Overloaded,
            400..=499 => Self::BadRequest,
            _ => Self::Server,
        }
    }

    /// LiteLLM's name for the class, as spend rows carry it.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "BadRequestError",
            Self::ContextWindow => "ContextWindowExceededError",
            Self::ContentPolicy => "ContentPolicyViolationError",
            Self::Authentication => "AuthenticationError",
            Self::Permission => "PermissionDeniedError",
            Self::NotFound => "NotFoundError",
            Self::RateLimited => "RateLimitError",
            Self::Overloaded => "ServiceUnavailableError",
            Self::Timeout => "Timeout",
            Self::Server => "InternalServerError",
            Self::Malformed => "APIError",
        }
    }
}

/// The beginning of a body that could not be read, as text.
pub fn excerpt(body: &[u8]) -> String {
    let cut = body.get(..EXCERPT_BYTES_MAX).unwrap_or(body);
    String::from_utf8_lossy(cut).trim().to_owned()
}
