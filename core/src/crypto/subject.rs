//! Keys that belong to one person: what is sealed under one cannot be read once it is destroyed, wherever copies of it
//! lie. The seam; who keeps such keys stands above.

use super::cipher::CipherKey;
use super::error::SealError;
use crate::clock::Random;
use crate::id::KeyHash;
use async_trait::async_trait;
use std::error::Error;
use std::fmt;
use zeroize::Zeroizing;

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

    /// The subject of a kind and a name. `None`: there is no such kind.
    pub fn of(kind: &str, name: String) -> Option<Self> {
        match kind {
            "user" => Some(Self::User(name)),
            "end_user" => Some(Self::EndUser(name)),
            "key" => Some(Self::Key(name)),
            _ => None,
        }
    }

    /// Who stands behind a call: its user and its end user, together, so that either's deletion takes what is kept of it;
    /// the virtual key where there is neither.
    pub fn behind(user: Option<&str>, end_user: Option<&str>, key: &KeyHash) -> Vec<Self> {
        let user = user.map(|user| Self::User(user.to_owned()));
        let end_user = end_user.map(|end_user| Self::EndUser(end_user.to_owned()));
        let subjects: Vec<_> = user.into_iter().chain(end_user).collect();
        if subjects.is_empty() { vec![Self::Key(key.as_str().to_owned())] } else { subjects }
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

/// Seals bytes under the keys of all their subjects: without any one of them they are gone. `None`: there are no subjects.
///
/// # Errors
/// [`SubjectKeyError`].
pub async fn seal_for(
    keys: &dyn SubjectKeys,
    subjects: &[Subject],
    (plain, bound): (&[u8], &str),
    random: &dyn Random,
) -> Result<Option<Vec<u8>>, SubjectKeyError> {
    let mut joined: Option<CipherKey> = None;
    for subject in subjects {
        let key = keys.key(subject).await?;
        joined = Some(joined.map_or_else(|| key.clone(), |other| other.joined(&key)));
    }
    let Some(key) = joined else { return Ok(None) };
    Ok(Some(key.seal(plain, bound.as_bytes(), random).map_err(SealError::from)?))
}

/// Opens what [`seal_for`] gave. `None`: one of the keys is destroyed, or the bytes are bound to something else.
///
/// # Errors
/// [`SubjectKeyError`].
pub async fn open_for(
    keys: &dyn SubjectKeys,
    subjects: &[Subject],
    (sealed, bound): (&[u8], &str),
) -> Result<Option<Zeroizing<Vec<u8>>>, SubjectKeyError> {
    let mut joined: Option<CipherKey> = None;
    for subject in subjects {
        let Some(key) = keys.existing(subject).await? else { return Ok(None) };
        joined = Some(joined.map_or_else(|| key.clone(), |other| other.joined(&key)));
    }
    Ok(joined.and_then(|key| key.open(sealed, bound.as_bytes())))
}
