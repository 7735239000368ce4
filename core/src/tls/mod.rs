//! TLS policy: the only room that chooses protocol versions, suites and roots. Knows no HTTP.

pub mod client;
