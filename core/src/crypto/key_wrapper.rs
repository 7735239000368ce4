//! The seam to whoever keeps the keys that data keys are wrapped with: a key service, or a file.

use super::cipher::CipherKey;
use super::error::SealError;
use super::key_name::{KeyName, System};
use async_trait::async_trait;

/// A new data key, open and wrapped.
pub struct WrappedKey {
    /// What wrapped it.
    pub name: KeyName,
    /// The key itself.
    pub key: CipherKey,
    /// The key as it is stored.
    pub wrapped: Vec<u8>,
}

/// Whoever keeps wrapping keys.
#[async_trait]
pub trait KeyWrapper: Send + Sync {
    /// What keeps its keys.
    fn system(&self) -> System;

    /// The key that wraps new data keys, as of now.
    ///
    /// # Errors
    /// [`SealError::KeyFile`].
    fn current(&self) -> Result<KeyName, SealError>;

    /// A new data key.
    ///
    /// # Errors
    /// [`SealError::Unavailable`], [`SealError::Denied`] or [`SealError::KeyFile`].
    async fn new_key(&self) -> Result<WrappedKey, SealError>;

    /// Opens a data key. `None`: it is not one of `name`'s, or `name` is not known here.
    ///
    /// # Errors
    /// As [`KeyWrapper::new_key`].
    async fn unwrap_key(&self, name: &KeyName, wrapped: &[u8]) -> Result<Option<CipherKey>, SealError>;
}
