//! Data keys as a process has them at hand: the one that it seals with, and those that it has opened. A key service that
//! is down is not felt for what hangs on a key that was opened before.

use super::cipher::CipherKey;
use super::error::SealError;
use super::key_name::KeyName;
use super::key_wrapper::{KeyWrapper, WrappedKey};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most opened keys remembered at once.
const OPENED_MAX: usize = 4096;

/// Values sealed under one data key: far below what random nonces of 96 bits allow.
const USES_MAX: u32 = 1 << 20;

/// One wrapper's data keys.
pub(super) struct DataKeys {
    wrapper: Arc<dyn KeyWrapper>,
    opened: Mutex<HashMap<Vec<u8>, CipherKey>>,
    /// Held while the wrapper is asked, so that many who miss the same key ask once.
    asking: tokio::sync::Mutex<Option<Current>>,
}

struct Current {
    key: Arc<WrappedKey>,
    uses: u32,
}

impl DataKeys {
    pub(super) fn new(wrapper: Arc<dyn KeyWrapper>) -> Self {
        Self { wrapper, opened: Mutex::default(), asking: tokio::sync::Mutex::default() }
    }

    pub(super) fn wrapper(&self) -> &dyn KeyWrapper {
        self.wrapper.as_ref()
    }

    /// The key to seal with: a new one per process, and where the wrapping key is another than before.
    pub(super) async fn current(&self) -> Result<Arc<WrappedKey>, SealError> {
        let name = self.wrapper.current()?;
        let mut current = self.asking.lock().await;
        if let Some(known) = current.as_mut().filter(|known| known.key.name == name && known.uses < USES_MAX) {
            known.uses += 1;
            return Ok(Arc::clone(&known.key));
        }
        let key = Arc::new(self.wrapper.new_key().await?);
        self.remember(&key.wrapped, &key.key);
        *current = Some(Current { key: Arc::clone(&key), uses: 1 });
        Ok(key)
    }

    /// The data key that was wrapped so. `None`: the wrapper does not know it.
    pub(super) async fn opened(&self, name: &KeyName, wrapped: &[u8]) -> Result<Option<CipherKey>, SealError> {
        if let Some(key) = self.lock().get(wrapped) {
            return Ok(Some(key.clone()));
        }
        let _asking = self.asking.lock().await;
        if let Some(key) = self.lock().get(wrapped) {
            return Ok(Some(key.clone()));
        }
        let key = self.wrapper.unwrap_key(name, wrapped).await?;
        if let Some(key) = &key {
            self.remember(wrapped, key);
        }
        Ok(key)
    }

    fn remember(&self, wrapped: &[u8], key: &CipherKey) {
        let mut opened = self.lock();
        if opened.len() >= OPENED_MAX
            && let Some(any) = opened.keys().next().cloned()
        {
            opened.remove(&any);
        }
        opened.insert(wrapped.to_vec(), key.clone());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Vec<u8>, CipherKey>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
