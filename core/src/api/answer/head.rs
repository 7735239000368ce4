//! What every answer begins with: its name, its time, its model.

use crate::id::RequestId;

/// Names an answer. The same for all chunks of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The call's id. Its time is the answer's.
    pub id: RequestId,
    /// The model's name as the client says it.
    pub model: &'a str,
}

impl Head<'_> {
    /// The answer's id.
    pub(super) fn name(&self) -> String {
        format!("chatcmpl-{}", self.id)
    }

    /// When the answer was made, in seconds since the Unix epoch.
    pub(super) fn created(&self) -> i64 {
        self.id.arrived().seconds()
    }
}
