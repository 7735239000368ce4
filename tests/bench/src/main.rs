//! Measures what a call through a gateway costs: added latency, CPU per request and per streamed chunk, memory,
//! start-up. The same mock upstream is called directly and through each peer, interleaved, in one run, so that the
//! ratios hold on a noisy machine too. Nothing here passes or fails by time.

mod client;
mod error;
mod measure;
mod mock;
mod peer;
mod process;
mod report;
mod request;

use clap::Parser;
use error::BenchError;
use measure::{Load, Target};
use peer::Peer;
use report::{Figures, Report};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Measures Postern against a direct call and a plain relay.
#[derive(Debug, Parser)]
struct Options {
    /// The `postern` binary.
    #[arg(long)]
    postern: Option<PathBuf>,
    /// The `reference-relay` binary.
    #[arg(long)]
    reference: Option<PathBuf>,
    /// Rounds; the medians over them are shown.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Calls of each latency round.
    #[arg(long, default_value_t = 2000)]
    calls: usize,
    /// Seconds of each saturation round.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// The CPU that peers run on, where `taskset` is there; the bench itself belongs on another.
    #[arg(long)]
    peer_cpu: Option<usize>,
    /// Where the table's figures go as JSON, too.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Seconds of each step of overload; 0 leaves it out.
    #[arg(long, default_value_t = 5)]
    overload: u64,
    /// Keeps the peers running for so many seconds of load instead of measuring: for a profiler.
    #[arg(long)]
    only_load: Option<u64>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let done = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(BenchError::Io)
        .and_then(|runtime| tokio::task::LocalSet::new().block_on(&runtime, run(&options)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::complain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), BenchError> {
    let mock = mock::start()?;
    let folder = tempfile::tempdir()?;
    let launch = peer::Launch { upstream: mock.address, folder: folder.path(), cpu: options.peer_cpu };
    let direct = Target::direct(mock.address);
    let mut peers: Vec<(Peer, Target)> = Vec::new();
    let mut figures = vec![Figures::named("direct")];
    if let Some(binary) = &options.reference {
        let started = launch.reference(binary, options.rounds).await?;
        figures.push(Figures::started("reference", &started));
        peers.push((started.peer, started.target));
    }
    if let Some(binary) = &options.postern {
        let started = launch.postern(binary, options.rounds).await?;
        figures.push(Figures::started("postern", &started));
        peers.push((started.peer, started.target));
    }
    let load = Load { mock: &mock, direct, peers, calls: options.calls, seconds: options.seconds };
    if let Some(seconds) = options.only_load {
        return load.saturate_last(seconds).await;
    }
    for round in 0..options.rounds {
        report::progress(round, options.rounds);
        load.round(&mut figures).await?;
    }
    let report = Report::new(figures);
    report.print();
    drop(load);
    if let (Some(binary), 1..) = (&options.postern, options.overload) {
        let limited = launch.limited_postern(binary, measure::PARALLEL).await?;
        let time = Duration::from_secs(options.overload);
        report::print_overload(&measure::overload(&mock, &limited.target, time).await);
    }
    if let Some(path) = &options.json {
        std::fs::write(path, report.json()?)?;
    }
    Ok(())
}
