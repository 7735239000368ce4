//! Models behind endpoints of Amazon SageMaker. What an endpoint says is its container's own affair; two kinds are
//! spoken: containers that chat as OpenAI's API does, and Hugging Face's servers, which are given a text and go on.
//!
//! AWS's frame: <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html>.
//! Hugging Face's servers: <https://huggingface.co/docs/text-generation-inference/reference/api_reference>

mod address;
mod container;
mod dialect;
mod events;
mod failure;
mod generated;
mod request;
mod unpacked;

pub use address::{SERVICE, base, is};
pub use container::SageMaker;
