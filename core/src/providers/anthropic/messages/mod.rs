//! Clients that speak Anthropic's dialect, and an upstream that does: what either says passes as it is. Only the model's
//! name is changed, as each side knows it.

mod answer;
mod dialect;
mod request;
mod stream;

pub use dialect::AnthropicMessages;
