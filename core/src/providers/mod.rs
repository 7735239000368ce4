//! One upstream's dialect each, as pure transforms: no network, no clock.
//!
//! [`provider`] is the seam, [`target`] what a deployment says about its upstream, [`identity`] as whom, [`catalog`] the
//! providers' data and [`resolve`] how a model finds its provider, [`target_error`] why it finds none, [`failure`] how
//! an upstream's error is told, [`decoder`] what a streamed answer is read by, [`registry`] who speaks for whom,
//! [`parameters`] what each model takes.
//!
//! [`openai`] is the dialect that most upstreams speak; a folder beside it is a dialect of its own. [`outgoing`] is
//! what every request carries, [`envelope`] what the requests of the latter share, [`translation`] what their streams
//! share. [`raw`] passes what is no model's. [`bridge`] is how clients of other dialects are answered. [`rerank`] are
//! the ways to rerank, [`responses`] are OpenAI's where the upstream answers them itself. [`inlined`] are files that
//! some take by their bytes alone, [`schema_references`] what some have written out in a schema. [`mock`] answers without
//! an upstream. [`abilities`] says what each can be asked for.

pub mod abilities;
pub mod anthropic;
pub mod azure_ai;
pub mod bedrock;
pub mod bridge;
pub mod catalog;
pub mod codestral;
pub mod cohere;
pub mod decoder;
pub mod embedding_input;
pub mod envelope;
pub mod failure;
pub mod gemini;
pub mod huggingface;
pub mod identity;
pub mod inlined;
pub mod job;
pub mod mock;
mod names;
pub mod ollama;
pub mod openai;
pub mod operation;
mod outgoing;
pub mod parameters;
pub mod passing;
pub mod prompt;
pub mod provider;
pub mod raw;
pub mod registry;
pub mod replicate;
pub mod rerank;
pub mod resolve;
pub mod responses;
pub mod sagemaker;
mod schema_references;
mod shown;
pub mod target;
pub mod target_error;
pub mod translation;
pub mod untold;
pub mod vertex;
pub mod watsonx;
pub mod zero_config;
