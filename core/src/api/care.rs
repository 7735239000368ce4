//! The two ways to bound a call's cost: as it is likely, or as it cannot be passed. Pure.

/// How carefully a call's cost is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// By a likely size: the input is estimated, and an answer that says no cap is taken for this many tokens.
    Balanced {
        /// `reserve_output_tokens`.
        reserve_output_tokens: u64,
    },
    /// By what cannot be passed, provided that the output cap is sent upstream.
    Strict {
        /// The cap of an answer whose request says none.
        output_tokens: Option<u64>,
    },
}
