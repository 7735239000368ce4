//! What a dispatched call asked, in tokens, where the upstream tells no usage.

use crate::tokens;
use crate::wire::input_weight::InputWeight;
use bytes::Bytes;

/// Largest body that is counted by a tokenizer, where the upstream tells no usage; a larger one is weighed.
const COUNTED_BYTES_MAX: usize = 16 << 10;

/// The request's input, for the case that the upstream tells no usage.
pub(super) enum AskedInput {
    Body(Bytes),
    Weighed(u64),
}

impl AskedInput {
    /// Its bytes, as far as they are kept.
    pub(super) fn body(&self) -> &[u8] {
        if let Self::Body(body) = self { body } else { &[] }
    }

    /// Weighs a large body now, and keeps it no longer.
    pub(super) fn let_go(&mut self) {
        if matches!(self, Self::Body(body) if body.len() > COUNTED_BYTES_MAX) {
            *self = Self::Weighed(self.tokens());
        }
    }

    /// About how many tokens it has.
    pub(super) fn tokens(&self) -> u64 {
        match self {
            Self::Body(body) if body.len() <= COUNTED_BYTES_MAX => tokens::count_request(body),
            Self::Body(body) => InputWeight::of(body).estimate(),
            Self::Weighed(tokens) => *tokens,
        }
    }
}
