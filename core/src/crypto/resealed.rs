//! What came of sealing stored values anew, a page at a time. Knows nothing.

/// What a page of work came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Values looked at.
    pub examined: u64,
    /// Values sealed anew.
    pub done: u64,
    /// Values that could not be opened, sealed or stored; the log says why.
    pub passed_over: u64,
    /// The last that was looked at; `None`: there are no more.
    pub next: Option<String>,
}
