//! Keys that belong to one person: what is sealed under one cannot be read once it is destroyed, wherever copies of it
//! lie. The seam; who keeps such keys stands above.

use super::cipher::CipherKey;
use super::error::SealError;
use async_trait::async_trait;
use std::error::Error;
use std::fmt;

/// Whose key it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A user of the gateway.
    User(String),
    /// An end user of a client's.
    EndUser(String),
    /// A virtual key by its hash, for calls that nobody else stands behind.
    Key(String),
}

impl Subject {
    /// The kind, as it stands in stored names.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::EndUser(_) => "end_user",
            Self::Key(_) => "key",
        }
    }

    /// The name among its kind.
    pub fn name(&self) -> &str {
        match self {
            Self::User(name) | Self::EndUser(name) | Self::Key(name) => name,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.kind(), self.name())
    }
}

/// Why there is no key of a subject.
#[derive(Debug, thiserror::Error)]
pub enum SubjectKeyError {
    /// The key cannot be opened or sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The key was destroyed a moment ago: what belongs to its subject is not to be kept.
    #[error("the subject's key was destroyed")]
    Destroyed,
    /// The store cannot be asked.
    #[error("the keys of subjects cannot be read or written")]
    Store(#[source] Box<dyn Error + Send + Sync>),
}

/// Whoever keeps the keys of subjects.
#[async_trait]
pub trait SubjectKeys: Send + Sync {
    /// The key of a subject, made where there is none yet.
    ///
    /// # Errors
    /// [`SubjectKeyError`]: seal nothing.
    async fn key(&self, subject: &Subject) -> Result<CipherKey, SubjectKeyError>;

    /// The key of a subject, where it has one. `None`: it never had, or it is destroyed.
    ///
    /// # Errors
    /// As [`SubjectKeys::key`].
    async fn existing(&self, subject: &Subject) -> Result<Option<CipherKey>, SubjectKeyError>;
}
