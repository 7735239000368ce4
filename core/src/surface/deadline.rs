//! When the process that answers a request may be stopped, as the binary that took it in knows it.

use std::time::Duration;
use tokio::time::Instant;

/// An extension of a request: by when its answer must have gone out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(pub(super) Instant);

impl Deadline {
    /// So much time from now.
    pub fn after(left: Duration) -> Self {
        Self(Instant::now() + left)
    }
}
