//! Why a job stopped before its end. Asking for it again is safe.

use crate::accounting::spend_log::SettleError;
use crate::accounting::spend_removal::RemovalError;
use crate::accounting::spend_sums::SumError;
use crate::auth::budget_period::PeriodError;
use crate::flow::health::RoundError;
use crate::store::documents::DocumentError;
use crate::store::table::{ReadError, WriteError};

/// Why a job stopped.
#[derive(Debug, thiserror::Error)]
pub(super) enum JobError {
    /// The table could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The table could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A budget's period could not be read or begun.
    #[error(transparent)]
    Period(#[from] PeriodError),
    /// Deployments could not be probed.
    #[error(transparent)]
    Health(#[from] RoundError),
    /// A call could not be charged.
    #[error(transparent)]
    Charge(#[from] SettleError),
    /// Spend rows could not be summed up.
    #[error(transparent)]
    Sums(#[from] SumError),
    /// How far people were taken out of the log could not be kept.
    #[error(transparent)]
    Erasures(#[from] DocumentError),
    /// Spend rows could not be removed.
    #[error(transparent)]
    Rows(#[from] RemovalError),
}

impl JobError {
    /// Whether the store was out of reach, silent or overloaded, so that nothing else would fare better.
    pub(super) fn is_outage(&self) -> bool {
        match self {
            Self::Read(error) => error.is_outage(),
            Self::Write(error) => error.is_outage(),
            Self::Charge(error) => error.is_outage(),
            Self::Period(_) | Self::Health(_) | Self::Sums(_) | Self::Erasures(_) | Self::Rows(_) => false,
        }
    }
}
