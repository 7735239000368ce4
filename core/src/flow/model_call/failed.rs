//! An attempt that failed, until it is said what follows.

use super::error::CallError;
use super::settlement::OpenCall;
use crate::routing::Group;
use std::sync::Arc;

/// An attempt that failed.
pub(super) struct Failed {
    /// Why.
    pub(super) error: CallError,
    /// The attempt, where it was dispatched: judged, and neither recorded nor void yet.
    pub(super) open: Option<Box<OpenCall>>,
    /// The deployments that it chose from, where it came so far.
    pub(super) group: Option<Arc<Group>>,
    /// Nobody was asked: the request wished for a failure.
    pub(super) is_played: bool,
}

impl<E: Into<CallError>> From<E> for Box<Failed> {
    fn from(error: E) -> Self {
        Self::new(Failed { error: error.into(), open: None, group: None, is_played: false })
    }
}

impl Failed {
    /// An attempt that was dispatched, and used nothing.
    pub(super) fn dispatched(error: CallError, mut open: OpenCall) -> Box<Self> {
        open.failed(&error);
        Box::new(Self { error, open: Some(Box::new(open)), group: None, is_played: false })
    }
}
