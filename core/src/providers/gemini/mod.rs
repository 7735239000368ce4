//! Google's Gemini dialect. Its parts know no address and no credential, so that Vertex AI uses them with its own: [`body`]
//! writes a request, [`answer`] reads a whole answer, [`events`] a stream, [`failure`] an error.
//!
//! `abilities` is what a model can do, `contents` the conversation, `parts` and `media` what it is made of, `tools` and
//! `schema` what the model may call, `generation` and `thinking` how it answers, `wire` and `sources` what answers are made of,
//! `call_id` how a signature travels with a tool call, `model_path` which names may stand in an address. `embeddings` and
//! [`imagen`] are the other operations, and [`generate_content`] is for clients that speak the dialect themselves.

pub mod abilities;
pub mod answer;
pub mod body;
mod call_id;
mod contents;
mod dialect;
pub mod embeddings;
pub mod events;
pub mod failure;
pub mod generate_content;
mod generation;
mod grounding;
pub mod imagen;
mod media;
pub mod model_path;
mod parts;
mod request;
mod schema;
mod sources;
mod thinking;
mod tools;
mod wire;

pub use dialect::Gemini;
pub(super) use media::by_ending as kind_of;
pub(super) use request::content_address;
