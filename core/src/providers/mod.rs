//! One upstream's dialect each, as pure transforms: no network, no clock. [`provider`] is the seam, [`target`] what a
//! deployment says about its upstream.

pub mod provider;
pub mod target;
