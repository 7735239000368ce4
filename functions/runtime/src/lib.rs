//! What the functions share between core and the Lambda runtime: start, then answer events. It decides nothing about
//! requests and knows nothing about jobs.

mod client_address;
mod deadline;
mod maintain;
mod no_delay;
mod serve;
mod start;

pub use maintain::maintain;
pub use serve::serve;
