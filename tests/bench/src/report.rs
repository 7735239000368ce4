//! The figures of a run, their medians over the rounds, and the table.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the table is what the bench is for")]

use crate::error::BenchError;
use crate::measure::{Latencies, Offered, Paced, Saturated, capacity};
use crate::mock::CHUNKS;
use crate::peer::Started;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// What was measured of one target; one value a round.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    name: &'static str,
    p50_us: Vec<f64>,
    p99_us: Vec<f64>,
    requests_per_second: Vec<f64>,
    cpu_us_per_request: Vec<f64>,
    cpu_us_without_limits: Vec<f64>,
    first_token_us: Vec<f64>,
    chunk_lag_p50_us: Vec<f64>,
    chunk_lag_p99_us: Vec<f64>,
    streams_per_second: Vec<f64>,
    cpu_us_per_chunk: Vec<f64>,
    idle_mib: Vec<f64>,
    pub(crate) loaded_mib: Vec<f64>,
    start_ms: Vec<f64>,
    errors: u64,
}

impl Figures {
    /// No figures yet.
    pub(crate) fn named(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    /// The figures of a peer's start.
    pub(crate) fn started(name: &'static str, started: &Started) -> Self {
        Self { name, start_ms: started.start_ms.clone(), idle_mib: started.idle_mib.clone(), ..Self::default() }
    }

    /// Adds one round of single calls.
    pub(crate) fn latency(&mut self, latencies: &Latencies) {
        self.p50_us.push(percentile_us(&latencies.0, 50));
        self.p99_us.push(percentile_us(&latencies.0, 99));
    }

    /// Adds one round of paced streams.
    pub(crate) fn paced(&mut self, paced: &Paced) {
        self.first_token_us.push(percentile_us(&paced.first_ns, 50));
        self.chunk_lag_p50_us.push(percentile_us(&paced.lags_ns, 50));
        self.chunk_lag_p99_us.push(percentile_us(&paced.lags_ns, 99));
    }

    /// Adds one round of saturation without streams.
    pub(crate) fn saturated(&mut self, found: &Saturated) {
        self.requests_per_second.push(per_second(found));
        self.cpu_us_per_request.extend(cpu_us_per(found, found.answers));
        self.errors += found.errors;
    }

    /// Adds one round of saturation by a key without limits.
    pub(crate) fn unlimited(&mut self, found: &Saturated) {
        self.cpu_us_without_limits.extend(cpu_us_per(found, found.answers));
        self.errors += found.errors;
    }

    /// Adds one round of saturation with streams.
    pub(crate) fn streamed(&mut self, found: &Saturated) {
        self.streams_per_second.push(per_second(found));
        self.cpu_us_per_chunk.extend(cpu_us_per(found, found.answers * CHUNKS));
        self.errors += found.errors;
    }
}

/// The table of what became of calls that were more than the model can answer.
pub(crate) fn print_overload(steps: &[Offered]) {
    println!("\noverload: a model that answers {:.0}/s", capacity());
    println!(
        "{:>8} {:>10} {:>10} {:>10} {:>6} {:>12} {:>12}",
        "offered", "calls/s", "good/s", "refused/s", "lost", "good p99 ms", "ref. p99 ms"
    );
    let rate = |count: u64, step: &Offered| count as f64 / step.seconds;
    for step in steps {
        println!(
            "{:>7}x {:>10.0} {:>10.0} {:>10.0} {:>6} {:>12.0} {:>12.1}",
            step.factor,
            rate(step.calls, step),
            rate(step.good, step),
            rate(step.refused, step),
            step.lost,
            percentile_us(&step.answered_ns, 99) / 1e3,
            percentile_us(&step.refused_ns, 99) / 1e3,
        );
    }
    let peak = steps.iter().map(|step| rate(step.good, step)).fold(0.0, f64::max);
    if let Some(last) = steps.last() {
        println!("goodput at {}x is {:.0} % of its peak", last.factor, rate(last.good, last) / peak * 100.0);
    }
}

fn per_second(found: &Saturated) -> f64 {
    found.answers as f64 / found.wall.as_secs_f64()
}

fn cpu_us_per(found: &Saturated, things: u64) -> Option<f64> {
    (things > 0 && found.cpu > Duration::ZERO).then(|| found.cpu.as_secs_f64() * 1e6 / things as f64)
}

fn percentile_us(nanos: &[u64], percent: usize) -> f64 {
    let mut sorted = nanos.to_vec();
    sorted.sort_unstable();
    let at = sorted.len().saturating_sub(1).saturating_mul(percent) / 100;
    sorted.get(at).map_or(f64::NAN, |&nanos| nanos as f64 / 1e3)
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

/// One line of the table: its name, the figure, and whether it is shown as what is added to a direct call.
type Row = (&'static str, fn(&Figures) -> &[f64], bool);

const ROWS: [Row; 13] = [
    ("latency p50, µs", |figures| &figures.p50_us, true),
    ("latency p99, µs", |figures| &figures.p99_us, true),
    ("requests per second, 64 connections", |figures| &figures.requests_per_second, false),
    ("CPU per request, µs", |figures| &figures.cpu_us_per_request, false),
    ("CPU per request without limits, µs", |figures| &figures.cpu_us_without_limits, false),
    ("first token, µs", |figures| &figures.first_token_us, true),
    ("chunk under way p50, µs", |figures| &figures.chunk_lag_p50_us, true),
    ("chunk under way p99, µs", |figures| &figures.chunk_lag_p99_us, true),
    ("streams per second, 32 at once", |figures| &figures.streams_per_second, false),
    ("CPU per streamed chunk, µs", |figures| &figures.cpu_us_per_chunk, false),
    ("memory when idle, MiB", |figures| &figures.idle_mib, false),
    ("memory at 64 connections, MiB", |figures| &figures.loaded_mib, false),
    ("spawn to first answer, ms", |figures| &figures.start_ms, false),
];

/// All figures of a run; the first are those of direct calls.
pub(crate) struct Report {
    targets: Vec<Figures>,
}

impl Report {
    /// A report of these targets, direct calls first.
    pub(crate) fn new(targets: Vec<Figures>) -> Self {
        Self { targets }
    }

    /// The table: direct, each peer (`+`: added to direct), and Postern as a ratio of the direct call and of the
    /// reference. Of what is added, the ratio to the direct call is that of the whole.
    pub(crate) fn print(&self) {
        let names: String = self.targets.iter().map(|target| format!("{:>14}", target.name)).collect();
        println!("{:<38}{names}{:>11}{:>14}", "median of rounds", "to direct", "to reference");
        for (name, figure, is_added) in ROWS {
            let medians = self.medians(figure);
            let cells: String =
                medians.iter().enumerate().map(|(at, value)| cell(at, *value, &medians, is_added)).collect();
            println!("{name:<38}{cells}{:>11}{:>14}", to_direct(&medians), to_reference(&medians, is_added));
        }
        let errors: String = self.targets.iter().map(|target| format!("{:>14}", target.errors)).collect();
        println!("{:<38}{errors}", "failed calls");
    }

    /// The medians as JSON: target → figure → value.
    ///
    /// # Errors
    /// [`BenchError::Json`] does not happen for numbers.
    pub(crate) fn json(&self) -> Result<String, BenchError> {
        let mut all = Map::new();
        for target in &self.targets {
            let mut figures: Map<String, Value> =
                ROWS.iter().map(|(name, figure, _)| ((*name).to_owned(), json!(median(figure(target))))).collect();
            figures.insert("failed calls".to_owned(), json!(target.errors));
            all.insert(target.name.to_owned(), Value::Object(figures));
        }
        Ok(serde_json::to_string_pretty(&all)?)
    }

    fn medians(&self, figure: fn(&Figures) -> &[f64]) -> Vec<Option<f64>> {
        self.targets.iter().map(|target| median(figure(target))).collect()
    }
}

/// Postern against the direct call.
fn to_direct(medians: &[Option<f64>]) -> String {
    match (medians.first(), medians.last()) {
        (Some(Some(direct)), Some(Some(postern))) if medians.len() > 1 => format!("{:.2}", postern / direct),
        _ => String::new(),
    }
}

/// Postern against the reference, over the direct call's own cost.
fn to_reference(medians: &[Option<f64>], is_added: bool) -> String {
    let [direct, reference, postern] = medians else { return String::new() };
    let base = if is_added { direct.unwrap_or(0.0) } else { 0.0 };
    match (reference, postern) {
        (Some(reference), Some(postern)) => format!("{:.2}", (postern - base) / (reference - base)),
        _ => String::new(),
    }
}

fn cell(at: usize, value: Option<f64>, medians: &[Option<f64>], is_added: bool) -> String {
    let direct = medians.first().copied().flatten();
    match (value, direct) {
        (None, _) => format!("{:>14}", "-"),
        (Some(value), Some(direct)) if is_added && at > 0 => format!("{:>14}", format!("+{:.1}", value - direct)),
        (Some(value), _) => format!("{value:>14.1}"),
    }
}

/// Says which round begins.
pub(crate) fn progress(round: usize, rounds: usize) {
    eprintln!("round {} of {rounds}", round + 1);
}

/// Says which process is under load.
pub(crate) fn watching(pid: u32) {
    println!("{pid}");
}

/// Says why the run ended.
pub(crate) fn complain(error: &BenchError) {
    eprintln!("postern-bench: {error}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let nanos: Vec<u64> = (1..=100).rev().map(|n| n * 1000).collect();
        assert_eq!((percentile_us(&nanos, 50), percentile_us(&nanos, 99)), (50.0, 99.0));
    }

    #[test]
    fn the_ratio_of_an_added_figure_leaves_the_direct_call_out() {
        assert_eq!(to_reference(&[Some(10.0), Some(30.0), Some(20.0)], true), "0.50");
        assert_eq!(to_reference(&[None, Some(40.0), Some(20.0)], false), "0.50");
        assert_eq!(to_direct(&[Some(10.0), Some(30.0), Some(20.0)]), "2.00");
        assert_eq!(to_direct(&[None, Some(40.0), Some(20.0)]), "");
    }
}
