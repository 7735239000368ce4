//! Mistral's models for code, asked to fill in what stands between a prompt and a suffix. Asked as a legacy completion,
//! answered as a chat.
//!
//! Wire format: <https://docs.mistral.ai/api/#tag/fim>

mod dialect;
mod request;
mod told;

pub use dialect::Codestral;
