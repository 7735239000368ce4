//! Secrets given by hand, for tests and for `postern` without AWS.

use super::source::{SecretError, SecretSource};
use crate::secret::Secret;
use async_trait::async_trait;
use std::collections::HashMap;

/// A source that knows just what it was given.
#[derive(Clone, Debug, Default)]
pub struct FixedSecrets(HashMap<String, Secret>);

impl FixedSecrets {
    /// The source with one more secret.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.insert(name.into(), Secret::new(value));
        self
    }
}

#[async_trait]
impl SecretSource for FixedSecrets {
    async fn fetch(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        Ok(self.0.get(name).cloned())
    }
}
