//! OpenAI's responses where client and upstream both speak them: bytes pass, but for the response's id, which leads back
//! to the deployment, and the model's name. What is used is counted beside.
//!
//! `request` builds the upstream request, `answer` reads a whole answer, `stream` a streamed one; `renamed` puts in the names
//! that clients know, `expected` the members that LiteLLM's clients find. [`kept`] asks for responses that the upstream
//! keeps.
//!
//! Wire format: <https://platform.openai.com/docs/api-reference/responses>

mod answer;
mod dialect;
mod expected;
pub mod kept;
mod renamed;
mod request;
mod stream;
mod tools;

pub use dialect::PassedResponses;
