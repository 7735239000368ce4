//! Clients of other dialects than the upstream's: every provider that can chat answers them.
//!
//! [`dialect`] is the seam: how a client's request is said as a chat, and how a chat's answer is told to the client.
//! [`over`] is a provider made of such a dialect and of another provider, [`stream`] its reader of streams, [`speaker`]
//! whichever of the two a call needs. [`messages`] is Anthropic's dialect.

pub mod dialect;
pub mod messages;
pub mod over;
pub mod speaker;
mod stream;
