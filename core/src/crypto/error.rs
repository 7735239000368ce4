//! Why a value was not sealed or opened. Names keys and places, never a value.

use super::key_file_error::KeyFileError;
use super::key_name::KeyName;
use super::place::PlaceName;
use crate::clock::NoEntropy;
use std::error::Error;

/// Why a value was not sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// There is no key to seal with.
    #[error(
        "there is no key to seal with: set POSTERN_KMS_KEY, POSTERN_KEY_FILE or LITELLM_SALT_KEY (or a master key of \
         your own)"
    )]
    NoKey,
    /// The value is in no form that is known.
    #[error("{0} holds no sealed value")]
    NotSealed(PlaceName),
    /// None of the known keys opens a value in LiteLLM's form.
    #[error(
        "{0} is sealed with another key than LITELLM_SALT_KEY, POSTERN_OLD_SALT_KEY and the master key; name the one it \
         was sealed with in POSTERN_OLD_SALT_KEY"
    )]
    WrongKey(PlaceName),
    /// The value names a key that this process does not have.
    #[error("{place} is sealed under the key {key}, which is not among those configured; {}", .key.where_to_name_it())]
    UnknownKey {
        /// The value's place.
        place: PlaceName,
        /// The key that it names.
        key: KeyName,
    },
    /// The key is right and the value is not: it was changed, or moved here from another place.
    #[error("{0} was changed after it was sealed, or was sealed for another place")]
    Tampered(PlaceName),
    /// The key service cannot be asked. Try again later.
    #[error("the key {key} cannot be used at the moment: its service does not answer")]
    Unavailable {
        /// The key.
        key: KeyName,
        /// The cause, for logs.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The key service refuses.
    #[error("the key {key} may not be used: {}", .key.what_it_needs())]
    Denied {
        /// The key.
        key: KeyName,
        /// The cause, for logs.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The key file cannot be used.
    #[error("the key file cannot be used: {0}")]
    KeyFile(#[from] KeyFileError),
    /// No random bytes.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

impl SealError {
    /// Whether trying again later may help, with nothing changed by anybody.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::NoEntropy(_) => true,
            Self::NoKey
            | Self::NotSealed(_)
            | Self::WrongKey(_)
            | Self::UnknownKey { .. }
            | Self::Tampered(_)
            | Self::Denied { .. }
            | Self::KeyFile(_) => false,
        }
    }
}
