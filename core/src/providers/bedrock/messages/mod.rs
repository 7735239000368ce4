//! Claude in its own format, to clients that speak Anthropic's dialect: what either says passes as it is, but for what
//! Bedrock has in other places. `body` is where that is said, `stream` takes Claude's events out of AWS's.

mod body;
mod dialect;
mod stream;

pub(super) use dialect::BedrockMessages;
