//! The AWS half against emulators (`dynoxide`, `moto`) and, for failures they do not give, against a stub.
#![allow(clippy::expect_used, clippy::panic, reason = "these are tests: a panic is how one fails")]

mod conformance;
mod dynamo_failures;
mod dynamo_table;
mod kms;
mod objects;
mod secrets;
