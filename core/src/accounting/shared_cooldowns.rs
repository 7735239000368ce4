//! What instances tell each other of deployments that they leave alone. Each cooldown is an item of its own, which ends
//! with it: nobody reads before it writes, and the latest end of a name holds.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `COOLING` | `<end in milliseconds, 15 digits>#<name of the breaker>` | nothing; ends with the cooldown |

use crate::clock::Timestamp;
use crate::store::item::{Item, Key, SORT_BYTES_MAX};
use crate::store::table::{Freshness, Query, ReadError, SortRange, Table, WriteError};
use crate::store::write::Write;
use std::sync::Arc;

const PARTITION: &str = "COOLING";
/// Most cooldowns read in one round: a bound on what a round can cost.
const COOLDOWNS_MAX: usize = 10_000;

/// The cooldowns of one table.
#[derive(Clone)]
pub struct SharedCooldowns {
    table: Arc<dyn Table>,
}

impl SharedCooldowns {
    /// Those of this table.
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table }
    }

    /// Tells of a cooldown. A name that is too long for a table is kept to oneself.
    ///
    /// # Errors
    /// [`WriteError`]: others may or may not know.
    pub async fn tell(&self, name: &str, until_millis: i64) -> Result<(), WriteError> {
        let sort = format!("{until_millis:015}#{name}");
        if sort.len() > SORT_BYTES_MAX {
            return Ok(());
        }
        // Ends are kept by the second.
        let end = Timestamp::from_millis(until_millis.saturating_add(999));
        let item = Item::new(Key::new(PARTITION, sort)).expiring(end);
        self.table.write(Write::Put { item, when: Vec::new() }).await.map(drop)
    }

    /// Who cools down at `now`, and until when.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub async fn told(&self, now: Timestamp) -> Result<Vec<(String, i64)>, ReadError> {
        let range = SortRange::Between(format!("{:015}", now.millis().max(0)), "~".to_owned());
        let mut query = Query { range, freshness: Freshness::Eventual, ..Query::partition(PARTITION) };
        let mut told = Vec::new();
        loop {
            let page = self.table.query(&query).await?;
            told.extend(page.items.iter().filter_map(|item| read(&item.key.sort)));
            match page.next {
                Some(next) if told.len() < COOLDOWNS_MAX => query.after = Some(next),
                _ => return Ok(told),
            }
        }
    }
}

fn read(sort: &str) -> Option<(String, i64)> {
    let (until, name) = sort.split_once('#')?;
    Some((name.to_owned(), until.parse().ok()?))
}
