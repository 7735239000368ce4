//! One upstream's dialect each, as pure transforms: no network, no clock.
//!
//! [`provider`] is the seam, [`target`] what a deployment says about its upstream,
//! [`identity`] as whom, [`catalog`] the providers' data and
//! [`resolve`] how a model finds its provider, [`failure`] how an upstream's error is told, [`decoder`] what a streamed
//! answer is read by. [`openai`] is the dialect that most upstreams speak, [`anthropic`] and [`gemini`] have their own, [`translation`]
//! what all streams of such dialects share, [`extras`] what stands beside their requests,
//! [`mock`] answers without an upstream, [`registry`] names who speaks for whom, [`parameters`] says what each model takes.

pub mod anthropic;
pub mod catalog;
pub mod decoder;
pub mod extras;
pub mod failure;
pub mod gemini;
pub mod identity;
pub mod mock;
pub mod openai;
pub mod operation;
pub mod parameters;
pub mod provider;
pub mod registry;
pub mod resolve;
pub mod target;
pub mod translation;
pub mod zero_config;
