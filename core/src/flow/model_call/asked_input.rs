//! The input of a request, kept for the case that its upstream tells no usage.

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
    /// About how many tokens it has.
    pub(super) fn tokens(&self) -> u64 {
        match self {
            Self::Body(body) if body.len() <= COUNTED_BYTES_MAX => tokens::count_request(body),
            Self::Body(body) => InputWeight::of(body).estimate(),
            Self::Weighed(tokens) => *tokens,
        }
    }

    /// Weighs a large body, and does not keep it.
    pub(super) fn let_go(&mut self) {
        if matches!(self, Self::Body(body) if body.len() > COUNTED_BYTES_MAX) {
            *self = Self::Weighed(self.tokens());
        }
    }

    /// The body, where it is kept.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Body(body) => body,
            Self::Weighed(_) => &[],
        }
    }
}
