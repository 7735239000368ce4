//! What ends a run: a peer or a connection that does not do what the bench asks.

/// Why the bench cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// A file, socket or process failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A peer ended or never answered with 200.
    #[error("`{name}` did not come up; its output is in `{log}`")]
    NotUp {
        /// The peer's name.
        name: &'static str,
        /// Where its output went.
        log: String,
    },
    /// A peer answered something else than 200.
    #[error("an answer of `{what}` had the status {status}: {body}")]
    Status {
        /// What was asked for.
        what: &'static str,
        /// The status.
        status: u16,
        /// The answer's body.
        body: String,
    },
    /// The answer of `/key/generate` held no key.
    #[error("`/key/generate` answered no key: {0}")]
    NoKey(String),
    /// The figures could not be written as JSON.
    #[error("the figures could not be written: {0}")]
    Json(#[from] serde_json::Error),
}
