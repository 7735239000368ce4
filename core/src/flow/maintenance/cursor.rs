//! Where a job goes on: one small item a job. It only ever saves work; a job that finds none, or an old one, does
//! what it does from further back.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `MAINT#budget_rollover` | `CURSOR` | `list`, `after`: the last entry that was looked at |
//! | `MAINT#spend_sums` | `CURSOR` | `day`: the first that is not summed whole |
//! | `MAINT#key_rotation` | `CURSOR` | `after`: the last entry that was looked at |
//! | `MAINT#resealing` | `CURSOR` | `list`, `after`: the last entry that was looked at |
//! | `MAINT#log_retention` | `CURSOR` | `day`, `retention_days`, `mixed_until` (see [`super::log_retention`]) |

use super::job::Job;
use crate::store::item::{Item, Key};
use crate::store::table::{Freshness, ReadError, Table, WriteError};
use crate::store::write::{Change, Write};

/// One job's place.
pub(super) struct Cursor<'run> {
    table: &'run dyn Table,
    key: Key,
}

impl<'run> Cursor<'run> {
    pub(super) fn of(job: Job, table: &'run dyn Table) -> Self {
        Self { table, key: Key::new(format!("MAINT#{}", job.name()), "CURSOR") }
    }

    /// What the last run left.
    pub(super) async fn read(&self) -> Result<Item, ReadError> {
        let item = self.table.get(&self.key, Freshness::Latest).await?;
        Ok(item.unwrap_or_else(|| Item::new(self.key.clone())))
    }

    /// Leaves something for the next run.
    pub(super) async fn change(&self, changes: Vec<Change>) -> Result<(), WriteError> {
        self.table.write(Write::Update { key: self.key.clone(), changes, when: Vec::new() }).await.map(drop)
    }
}
