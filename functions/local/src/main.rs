//! `postern`: the gateway on one machine, every surface on one server, with an embedded store.

mod addressed;
mod banner;
mod cli;
mod cli_tls;
mod secret;
mod secure;
mod serve;
mod start;
mod strain;
mod upkeep;

use clap::Parser;
use mimalloc::MiMalloc;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let mut options = cli::Options::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let result = match options.command.take() {
        Some(cli::Command::Secret(options)) => runtime.block_on(secret::run(options)),
        Some(cli::Command::Schema) => {
            banner::say(&format!("{:#}\n", postern_core::config::schema::schema()));
            Ok(())
        }
        None => runtime.block_on(start::run(options)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(error.as_ref()),
    }
}

/// Tells what stopped the process, with its causes, and nothing else.
fn failed(error: &dyn std::error::Error) -> ExitCode {
    banner::complain(error);
    ExitCode::FAILURE
}
