//! Reranking, where the provider speaks Cohere's dialect or nearly so. A provider whose own transform reranks (Bedrock,
//! Vertex AI) is not named here; what it needs is [`crate::api::rerank`].
//!
//! [`row`] says how providers differ, [`reranker`] is the transform, [`answer`] reads answers. [`deepinfra`] and [`nvidia`]
//! say requests in their own way.
//!
//! Wire format: <https://docs.cohere.com/reference/rerank>

mod answer;
mod deepinfra;
mod nvidia;
mod request;
mod reranker;
mod row;

pub use reranker::reranker;
