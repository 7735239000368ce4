//! Budgets and rate limits hold in any world that a seed can make: containers that freeze, die and come back, a network
//! that loses, delays and repeats, clocks that are a little wrong, two sweeps at once, an administrator in between. The
//! code is the real one; only time, the network and the provider are not. Each step is checked as it happens.
//!
//! A seed that fails says so; it is then kept in `seeds.txt`, and runs for ever.
#![allow(clippy::expect_used, clippy::panic, reason = "these are tests: a panic is how one fails")]
#![allow(clippy::print_stdout, reason = "how many worlds held, and where one went wrong, is what a run is for")]

mod administrator;
mod audited;
mod bill;
mod book;
mod call;
mod clock;
mod container;
mod frail;
mod keys;
mod mutations;
mod network;
mod period;
mod plain_table;
mod run;
mod scenario;
mod seeds;
