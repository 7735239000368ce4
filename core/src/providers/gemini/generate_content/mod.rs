//! Gemini to clients that speak its own dialect: what they say and what they are answered passes as it comes. `request` adds
//! what the deployment says, `answer` and `stream` read along what is used.

mod answer;
mod dialect;
mod request;
mod stream;

pub use dialect::GeminiContent;
