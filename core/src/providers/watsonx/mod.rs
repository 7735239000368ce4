//! IBM's watsonx: chats nearly in the OpenAI dialect, at addresses of its own, and embeddings in a form of its own.
//!
//! Wire format: <https://cloud.ibm.com/apidocs/watsonx-ai>

mod address;
mod dialect;
mod embeddings;

pub use dialect::Watsonx;
