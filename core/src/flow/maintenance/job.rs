//! The jobs by name.

use serde::{Serialize, Serializer};

/// A job, as events and reports name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Charges calls that nobody settled, and gives back what they held.
    ExpiredHolds,
    /// Begins the next period of budgets whose period has ended.
    BudgetRollover,
    /// Sums the spend log up for reports.
    SpendSums,
    /// Removes spend rows that a retention set later no longer wants.
    LogRetention,
    /// Replaces keys that are replaced on a schedule.
    KeyRotation,
    /// Seals values at rest anew that are sealed under an older key or in another form.
    Resealing,
    /// Takes people who were deleted out of the spend log.
    Erasure,
    /// Gives back the room of items that have ended.
    ExpiredItems,
    /// Asks deployments whether they answer.
    HealthChecks,
}

impl Job {
    /// Every job, in the order of a round: what users see first.
    pub const ALL: [Self; 9] = [
        Self::ExpiredHolds,
        Self::BudgetRollover,
        Self::SpendSums,
        Self::KeyRotation,
        Self::Resealing,
        Self::LogRetention,
        Self::Erasure,
        Self::ExpiredItems,
        Self::HealthChecks,
    ];

    /// The job's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExpiredHolds => "expired_holds",
            Self::BudgetRollover => "budget_rollover",
            Self::SpendSums => "spend_sums",
            Self::KeyRotation => "key_rotation",
            Self::Resealing => "resealing",
            Self::LogRetention => "log_retention",
            Self::Erasure => "erasure",
            Self::ExpiredItems => "expired_items",
            Self::HealthChecks => "health_checks",
        }
    }

    /// The job with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|job| job.name() == name)
    }
}

impl Serialize for Job {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
