//! The process's log: lines to standard error, as text for people or JSON for machines.

use super::json_line::JsonLine;
use std::io::{self, IsTerminal};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::util::SubscriberInitExt;

/// How the process logs.
#[derive(Clone, Debug, Default)]
pub struct LogSettings {
    /// Everything of ours, not only what is worth a person's attention.
    pub debug: bool,
    /// One JSON object a line.
    pub json: bool,
    /// A filter in the form of `RUST_LOG`, over `debug`.
    pub filter: Option<String>,
}

/// Starts logging. A second call in one process does nothing. A filter that cannot be read falls back to the default.
pub fn start(settings: &LogSettings) {
    let default = if settings.debug { "warn,postern=debug,postern_core=debug" } else { "warn,postern=info" };
    let filter = settings.filter.as_deref().and_then(|filter| EnvFilter::try_new(filter).ok());
    let filter = filter.unwrap_or_else(|| EnvFilter::new(default));
    let lines =
        fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(io::stderr().is_terminal()).with_target(false);
    // A log that is already there (a test's) stays.
    let _ = if settings.json {
        lines.with_ansi(false).event_format(JsonLine).finish().try_init()
    } else {
        lines.finish().try_init()
    };
}
