//! `InvokeModel`: each maker's own format. A stream carries the maker's events in base64, in events of AWS's.
//!
//! [`claude`] is Anthropic's, [`nova`] Amazon's, which is Converse's own, [`open`] OpenAI's, which models with open weights
//! have. [`text`] with `prompt` and [`continued`] is of models that continue a text. [`chunk`] is what all their streams
//! have in common, [`frames`] how those of other dialects are read, `metrics` what Bedrock counted.

pub(super) mod chunk;
pub(super) mod claude;
pub(super) mod continued;
pub(super) mod frames;
mod metrics;
pub(super) mod nova;
pub(super) mod open;
mod prompt;
pub(super) mod text;
