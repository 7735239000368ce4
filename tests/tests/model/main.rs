//! The stores do what a model does that a child can read: any steps, in any order, on the embedded store and on DynamoDB.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "these are tests: a panic is how one fails"
)]

mod compare;
mod model;
mod properties;
mod real;
mod steps;
