//! What is measured, one idea a file; [`load`] goes through them in rounds.

mod latency;
mod load;
mod overload;
mod saturation;
mod streams;

pub(crate) use latency::Latencies;
pub(crate) use load::{Load, Target};
pub(crate) use overload::{Offered, PARALLEL, capacity, overload};
pub(crate) use saturation::Saturated;
pub(crate) use streams::Paced;
