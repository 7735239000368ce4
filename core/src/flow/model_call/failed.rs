//! An attempt that failed, until it is said what follows.

use super::error::CallError;
use super::settlement::OpenCall;
use super::waits::ClientWaits;
use crate::routing::Group;
use crate::upstream::transport::TransportError;
use std::sync::Arc;

/// An attempt that failed.
pub(super) struct Failed {
    /// Why.
    pub(super) error: CallError,
    /// The attempt, where it was dispatched: judged, and neither recorded nor void yet.
    pub(super) open: Option<Box<OpenCall>>,
    /// The deployments that it chose from, where it came so far.
    pub(super) group: Option<Arc<Group>>,
    /// The request wished for it, or gave it too little time: nobody is to blame.
    pub(super) is_wished: bool,
}

impl<E: Into<CallError>> From<E> for Box<Failed> {
    fn from(error: E) -> Self {
        Self::new(Failed { error: error.into(), open: None, group: None, is_wished: false })
    }
}

impl Failed {
    /// An attempt whose answer is not waited for any more. It goes on by itself, and is charged and recorded then.
    pub(super) fn unanswered(error: TransportError, client: &ClientWaits) -> Box<Self> {
        let error = CallError::Transport(error);
        let is_wished = client.ended(&error);
        Box::new(Self { error, open: None, group: None, is_wished })
    }

    /// An attempt that was dispatched.
    pub(super) fn dispatched(error: CallError, mut open: OpenCall) -> Box<Self> {
        open.failed(&error);
        let is_wished = open.client.ended(&error);
        Box::new(Self { error, open: Some(Box::new(open)), group: None, is_wished })
    }
}
