//! What end-to-end tests share: the real binaries, emulators of AWS as real processes, and a stub server for the
//! failures that no emulator gives.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "this is test support: a panic is how a test fails"
)]

pub mod aws;
pub mod binaries;
pub mod chance;
pub mod dynoxide;
pub mod emulator;
pub mod moto;
pub mod mutation;
pub mod plain_table;
pub mod stub;
