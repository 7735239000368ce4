//! The seam of upkeep: a store that keeps ended items until somebody removes them. DynamoDB removes them by itself and
//! does not stand behind it.

use super::table::WriteError;
use async_trait::async_trait;

/// What one sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Items looked at.
    pub examined: usize,
    /// Items removed.
    pub removed: usize,
    /// Whether the end of the table was reached; the next sweep starts from its beginning.
    pub finished: bool,
}

/// A store whose ended items take room until they are swept.
#[async_trait]
pub trait SweepExpired: Send + Sync {
    /// Looks at the next `limit` items and removes those that have ended. Each call goes on where the one before
    /// stopped; it is safe to stop at any point.
    ///
    /// # Errors
    /// Those of a write; call again.
    async fn sweep_expired(&self, limit: usize) -> Result<Swept, WriteError>;
}
