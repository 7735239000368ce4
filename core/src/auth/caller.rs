//! Who calls, and how surely that is known. Plain data.

use crate::id::KeyHash;
use crate::principal::Principal;
use std::sync::Arc;

/// Who calls, and how surely.
#[derive(Debug)]
pub enum Caller {
    /// Read recently enough.
    Known(Arc<Principal>),
    /// Read within the hour.
    Presumed(PresumedCaller),
}

/// A caller as it was last read.
#[derive(Debug)]
pub struct PresumedCaller {
    /// What it was.
    pub principal: Arc<Principal>,
    /// The hash of the secret that it presents.
    pub(super) hash: KeyHash,
    /// The secret as errors name it.
    pub(super) key_name: String,
}
