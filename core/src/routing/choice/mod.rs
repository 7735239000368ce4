//! The choice of one among several deployments that could answer, a strategy a file. [`strategy`] knows them all,
//! [`circumstances`] is what they go by.

pub(super) mod chance;
pub(super) mod circumstances;
mod cost;
pub(super) mod lane;
mod latency;
mod least;
mod least_busy;
mod room;
pub(super) mod shuffle;
pub(super) mod strategy;
#[cfg(test)]
mod tests;
mod usage;
