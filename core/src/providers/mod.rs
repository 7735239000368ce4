//! One upstream's dialect each, as pure transforms: no network, no clock.
//!
//! [`provider`] is the seam, [`target`] what a deployment says about its upstream, [`failure`] how an upstream's error
//! is told, [`decoder`] what a streamed answer is read by. [`openai`] is the dialect that most upstreams speak,
//! [`mock`] answers without an upstream, [`registry`] names who speaks for whom.

pub mod decoder;
pub mod failure;
pub mod mock;
pub mod openai;
pub mod operation;
pub mod provider;
pub mod registry;
pub mod target;
