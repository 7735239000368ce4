//! What was spent by calls that no budget refuses, for who is to be told of it. Beside the counters of budgets, and never
//! in the way of a call.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `SOFT#<kind>#<id>` | as its budget's counter: the period's start, or `ALL` | `spent`: added to; ends with its period |

use super::ledger::Ledger;
use super::limits::Counter;
use crate::money::NanoDollars;
use crate::store::item::Key;
use crate::store::table::WriteError;
use crate::store::write::{Change, Write};

const SPENT: &str = "spent";

impl Ledger {
    /// Adds what a call cost to what was spent in the period that `counter` counts, and returns the sum. One write, so
    /// that of calls in all processes each sees another sum.
    ///
    /// # Errors
    /// As [`crate::store::table::Table::write`].
    pub async fn add_spent(&self, counter: &Counter, cost: NanoDollars) -> Result<NanoDollars, WriteError> {
        let Key { partition, sort } = counter.key();
        let name = partition.split_once('#').map_or(&**partition, |(_, name)| name);
        let mut changes = vec![Change::Add(SPENT.to_owned(), cost.nanos())];
        if let Counter::Period { expires_at: Some(end), .. } = counter {
            changes.push(Change::Expire(Some(*end)));
        }
        let key = Key::new(format!("SOFT#{name}"), &**sort);
        let item = self.table.write(Write::Update { key, changes, when: Vec::new() }).await?;
        Ok(NanoDollars::new(item.and_then(|item| item.number(SPENT)).unwrap_or(0)))
    }
}
