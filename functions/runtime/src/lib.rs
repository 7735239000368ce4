//! What the functions share between core and the Lambda runtime. It decides nothing about requests.

mod no_delay;
mod serve;

pub use serve::serve;
