//! Clients of other dialects than the upstream's: every provider that can chat answers them.
//!
//! [`dialect`] is the seam: how a client's request is said as a chat, and how a chat's answer is told to the client.
//! [`over`] is a provider made of such a dialect and of another provider, [`stream`] its reader of streams, [`speaker`]
//! whichever of the two a call needs, [`member`] how members are read and said. [`messages`] is Anthropic's dialect,
//! [`completions`] OpenAI's older one, [`responses`] its newer one, [`generate_content`] Google's. [`counting`] asks how
//! large a request is.

pub mod completions;
pub mod counting;
pub mod dialect;
pub mod generate_content;
mod member;
pub mod messages;
pub mod over;
pub mod responses;
pub mod speaker;
mod stream;
