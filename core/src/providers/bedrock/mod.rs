//! Amazon Bedrock. A model is called by Converse, one format for all that chat, or by its maker's own format.
//!
//! [`model`] says which, [`address`] where, `converse` and `invoke` are the formats, `embeddings` those of vectors, `rerank` of
//! reranking, `images` of images.
//! `messages` is Claude's, to clients that speak it too.
//! `abilities` is what a model can do, `parameters` what it does not take, `betas` features
//! of Claude that a client names.

mod abilities;
pub mod address;
mod betas;
mod converse;
mod dialect;
mod embeddings;
mod failure;
mod images;
mod invoke;
mod messages;
pub mod model;
mod parameters;
mod request;
mod rerank;

pub use dialect::{Bedrock, messages, speaker};
