//! Why a caller is not recognised.

use super::credential::CredentialError;
use super::identity::error::{Refusal, TokenError};
use crate::calendar::rfc3339;
use crate::clock::Timestamp;
use crate::id::KeyHash;
use crate::store::table::ReadError;
use std::net::IpAddr;

/// Why a caller is not recognised. The texts are those that LiteLLM's clients know.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// No header carries a key.
    #[error("Authentication Error, No api key passed in.")]
    NoKey,
    /// A header is there, but holds no key.
    #[error("Authentication Error, Malformed API Key passed in. Ensure Key has `Bearer ` prefix.")]
    Malformed,
    /// What was presented is neither the master key nor has the form of a virtual key.
    #[error("LiteLLM Virtual Key expected. Received=****, expected to start with 'sk-'.")]
    NotAVirtualKey,
    /// There is no such key.
    #[error(
        "Authentication Error, Invalid proxy server token passed. Received API Key = {key_name}, Key Hash (Token) \
         ={hash}. Unable to find token in cache or `LiteLLM_VerificationTokenTable`"
    )]
    Unknown {
        /// The presented key's hash.
        hash: KeyHash,
        /// The presented key, abbreviated.
        key_name: String,
    },
    /// The key is blocked.
    #[error("Authentication Error, Key is blocked. Update via `/key/unblock` if you're an admin.")]
    Blocked {
        /// The key, abbreviated.
        key_name: String,
    },
    /// The key's team is blocked.
    #[error("Authentication Error, Team={0} is blocked. Update via `/team/unblock` if you're an admin.")]
    TeamBlocked(String),
    /// The key's user is blocked.
    #[error("Authentication Error, User={0} is blocked. Update via `/user/unblock` if you're an admin.")]
    UserBlocked(String),
    /// The key has ended.
    #[error(
        "Authentication Error - Expired Key. Key Expiry time {} and current time {}",
        rfc3339(*.expired_at),
        rfc3339(*.now)
    )]
    Expired {
        /// The key, abbreviated.
        key_name: String,
        /// When it ended.
        expired_at: Timestamp,
        /// When it was presented.
        now: Timestamp,
    },
    /// The key may not be used from there; `None`: nobody knows from where.
    #[error(
        "Access forbidden: IP address {} not allowed by the key's `allowed_ips`.",
        .0.map_or_else(|| "unknown".to_owned(), |address| address.to_string())
    )]
    Elsewhere(Option<IpAddr>),
    /// The token that is presented in place of a key is not taken.
    #[error("Authentication Error, {0}")]
    Token(#[from] TokenError),
    /// The store does not say whether the key is valid. The key may well be; try again.
    #[error("The key cannot be checked at the moment. Try again.")]
    StoreUnavailable(#[source] Option<ReadError>),
}

impl AuthError {
    /// Whether the same may be taken at another time: it could not be found out who calls.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::StoreUnavailable(_) => true,
            Self::Token(error) => error.refusal() == Refusal::NotNow,
            _ => false,
        }
    }

    /// Whether the store could not be asked.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::StoreUnavailable(cause) => cause.as_ref().is_none_or(ReadError::is_outage),
            _ => false,
        }
    }
}

impl From<CredentialError> for AuthError {
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::Missing => Self::NoKey,
            CredentialError::Malformed => Self::Malformed,
        }
    }
}
