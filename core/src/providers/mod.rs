//! One upstream's dialect each, as pure transforms: no network, no clock. [`provider`] is the seam, [`target`] what a
//! deployment says about its upstream, [`catalog`] the providers' data and [`resolve`] how a model finds its provider.

pub mod catalog;
pub mod provider;
pub mod resolve;
pub mod target;
pub mod zero_config;
