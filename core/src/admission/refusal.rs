//! Why a call is not made: which limit stands in the way, what is left of it, when it is free again.

use super::limits::Wording;
use super::queue::TurnedAway;
use crate::clock::Timestamp;
use crate::money::NanoDollars;
use crate::store::table::{ReadError, WriteError};
use std::fmt;

/// What is limited in a window or at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Requests a window.
    Requests,
    /// Tokens a window.
    Tokens,
    /// Requests in flight.
    Parallel,
}

impl Rate {
    /// Its name in texts and headers, as LiteLLM's clients know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::Parallel => "max_parallel_requests",
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a call is not made.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// What the call may cost is more than the budget has left.
    #[error("{}", over_budget(*.wording, .owner, *.used, *.limit))]
    Budget {
        /// The scope's kind.
        kind: &'static str,
        /// Whose budget.
        owner: String,
        /// What was charged, with what calls under way hold.
        used: NanoDollars,
        /// The budget.
        limit: NanoDollars,
        /// The words for it.
        wording: Wording,
        /// When it begins anew; `None`: never by itself.
        resets_at: Option<Timestamp>,
        /// Seconds until then, 1 or more.
        retry_after: Option<i64>,
    },
    /// A window is full, or as many requests are under way as may be.
    #[error(
        "Rate limit exceeded for {kind}: {id}. Limit type: {rate}. Current limit: {limit}, Remaining: {remaining}. \
         Limit resets at: {} UTC",
        clock_time(*.resets_at)
    )]
    Rate {
        /// The scope's kind.
        kind: &'static str,
        /// Which of its kind.
        id: String,
        /// What is limited.
        rate: Rate,
        /// The limit.
        limit: i64,
        /// What is left of it; a call may ask for more than that.
        remaining: i64,
        /// When it is free again.
        resets_at: Timestamp,
        /// Seconds until then, 1 or more.
        retry_after: i64,
    },
    /// Every deployment of the model has as many requests in flight as it may, and waiting does not help.
    #[error(transparent)]
    Crowded(#[from] TurnedAway),
    /// The store cannot say whether the limits allow the call, so it is not made.
    #[error("The limits of the key cannot be checked at the moment. Try again.")]
    Unavailable(#[source] StoreFailure),
}

/// What the store failed at.
#[derive(Debug, thiserror::Error)]
pub enum StoreFailure {
    /// Reading.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Writing.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Answering in time.
    #[error("the store did not answer in time")]
    Late,
}

impl StoreFailure {
    /// Whether the store is out of reach, silent or overloaded, so that trying another time may help. A crowd at the
    /// same limits is no outage, nor is an item that cannot be read.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Read(error) => error.is_outage(),
            Self::Write(error) => error.is_outage(),
            Self::Late => true,
        }
    }

    /// Whether what was asked for may have happened, or may happen yet.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Late | Self::Write(WriteError::OutcomeUnknown(_)))
    }
}

fn over_budget(wording: Wording, owner: &str, used: NanoDollars, limit: NanoDollars) -> String {
    let (used, limit) = (used.dollars(), limit.dollars());
    match wording {
        Wording::Exceeded => format!("Budget has been exceeded! {owner} Current cost: {used:?}, Max budget: {limit:?}"),
        Wording::Over => format!("ExceededBudget: {owner} over budget. Spend={used:?}, Budget={limit:?}"),
    }
}

/// A point in time as LiteLLM writes it in refusals: `2025-11-21 04:40:00`.
pub fn clock_time(at: Timestamp) -> String {
    let text = crate::calendar::rfc3339(at);
    text.chars().take(19).map(|c| if c == 'T' { ' ' } else { c }).collect()
}
