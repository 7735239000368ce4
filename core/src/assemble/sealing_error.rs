//! What can be wrong with the keys that values at rest are sealed with, and the variables that name them.

use crate::crypto::KeyFileError;
use crate::crypto::kms_wrapper::NotAKey;

pub(super) const KMS_KEY: &str = "POSTERN_KMS_KEY";
pub(super) const KMS_KEY_VERSION: &str = "POSTERN_KMS_KEY_VERSION";
pub(super) const OLD_KMS_KEYS: &str = "POSTERN_OLD_KMS_KEYS";
pub(super) const KEY_FILE: &str = "POSTERN_KEY_FILE";
pub(super) const SALT_KEY: &str = "LITELLM_SALT_KEY";
pub(super) const OLD_SALT_KEY: &str = "POSTERN_OLD_SALT_KEY";
pub(super) const SEAL_WITH: &str = "POSTERN_SEAL_WITH";

/// What is wrong with the keys. Each text names the variable at fault.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    /// The version is none.
    #[error("{KMS_KEY_VERSION} must be a whole number, 1 or more")]
    Version,
    /// What is to seal is none of those there are.
    #[error("{SEAL_WITH} must be `kms`, `key_file` or `salt_key`")]
    SealWith,
    /// What is to seal has no key.
    #[error("{SEAL_WITH} says `{asked}`, so {needed} must be set")]
    NotThere {
        /// What was asked for.
        asked: &'static str,
        /// The variable that it needs.
        needed: &'static str,
    },
    /// Old keys are named, and none that seals.
    #[error("{OLD_KMS_KEYS} only opens old values: set {KMS_KEY}, {KEY_FILE} or {SALT_KEY} too, for new ones")]
    OnlyOld,
    /// A setting asks for sealing, and there is no key.
    #[error("{0}, and there is no key to seal with: set {KMS_KEY}, {KEY_FILE} or {SALT_KEY}")]
    Needed(&'static str),
    /// The key file.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The name of a key.
    #[error(transparent)]
    Kms(#[from] NotAKey),
}
