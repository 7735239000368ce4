//! What probes of deployments found: the last result of each, and those before. Written by who probes, read by everybody.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `HEALTH` | `D#<deployment id>` | the last result |
//! | `HEALTH` | `ROUND` | `at`: when the last round in the background began |
//! | `HEALTH#LOG` | `<milliseconds>#<deployment id>` | a result; ends after 30 days |

use crate::clock::Timestamp;
use crate::id::DeploymentId;
use crate::store::item::{Item, Key};
use crate::store::table::{Freshness, Query, ReadError, SortRange, Table, WriteError};
use crate::store::write::{Change, Condition, Write};
use std::sync::Arc;

const LATEST: &str = "HEALTH";
const LOG: &str = "HEALTH#LOG";
const DEPLOYMENT: &str = "D#";
const ROUND: &str = "ROUND";
const AT: &str = "at";
/// Milliseconds that results are kept.
const KEPT_MILLIS: i64 = 30 * 86_400_000;
/// Most results read at once.
const RESULTS_MAX: usize = 10_000;

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Which deployment.
    pub id: DeploymentId,
    /// Its public model name.
    pub model_name: String,
    /// What was wrong; `None`: it answered.
    pub error: Option<String>,
    /// Milliseconds until that was known.
    pub took_ms: i64,
    /// When.
    pub at: Timestamp,
    /// Who asked: a user, or nobody in the background.
    pub by: Option<String>,
}

/// The results of one table.
#[derive(Clone)]
pub struct HealthLog {
    table: Arc<dyn Table>,
}

impl HealthLog {
    /// Those of this table.
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table }
    }

    /// Takes the turn of probing in the background, where the last round began `interval_millis` ago or earlier. Of
    /// several instances one gets it.
    ///
    /// # Errors
    /// [`WriteError`]: nobody knows whose turn it is.
    pub async fn take_turn(&self, now: Timestamp, interval_millis: i64) -> Result<bool, WriteError> {
        let key = Key::new(LATEST, ROUND);
        let turn = |when| Write::Update {
            key: key.clone(),
            changes: vec![Change::Set(AT.to_owned(), now.millis().into())],
            when: vec![when],
        };
        for when in [Condition::AtMost(AT.to_owned(), now.millis() - interval_millis), Condition::Lacks(AT.to_owned())]
        {
            match self.table.write(turn(when)).await {
                Ok(_) => return Ok(true),
                Err(WriteError::ConditionFailed { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Records a result.
    ///
    /// # Errors
    /// [`WriteError`] of the store.
    pub async fn record(&self, checked: &Checked) -> Result<(), WriteError> {
        let id = checked.id.as_str();
        let latest = item(Key::new(LATEST, format!("{DEPLOYMENT}{id}")), checked);
        let logged = item(Key::new(LOG, format!("{:013}#{id}", checked.at.millis())), checked);
        let logged = logged.expiring(checked.at.plus_millis(KEPT_MILLIS));
        self.table.write(Write::Put { item: logged, when: Vec::new() }).await?;
        self.table.write(Write::Put { item: latest, when: Vec::new() }).await.map(drop)
    }

    /// The last result of each deployment.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub async fn latest(&self) -> Result<Vec<Checked>, ReadError> {
        let range = SortRange::Prefix(DEPLOYMENT.to_owned());
        let query = Query { range, freshness: Freshness::Eventual, ..Query::partition(LATEST) };
        self.read(query, DEPLOYMENT.len()).await
    }

    /// Every result that is kept, the newest first.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub async fn history(&self) -> Result<Vec<Checked>, ReadError> {
        self.read(Query { descending: true, ..Query::partition(LOG) }, "0000000000000#".len()).await
    }

    async fn read(&self, mut query: Query, id_at: usize) -> Result<Vec<Checked>, ReadError> {
        let mut results = Vec::new();
        loop {
            let page = self.table.query(&query).await?;
            results.extend(page.items.iter().filter_map(|item| checked(item, id_at)));
            match page.next {
                Some(next) if results.len() < RESULTS_MAX => query.after = Some(next),
                _ => return Ok(results),
            }
        }
    }
}

fn item(key: Key, checked: &Checked) -> Item {
    Item::new(key)
        .with("model_name", checked.model_name.as_str())
        .with_some("error", checked.error.as_deref())
        .with("took_ms", checked.took_ms)
        .with(AT, checked.at.millis())
        .with_some("by", checked.by.as_deref())
}

fn checked(item: &Item, id_at: usize) -> Option<Checked> {
    Some(Checked {
        id: DeploymentId::new(item.key.sort.get(id_at..)?),
        model_name: item.text("model_name")?.to_owned(),
        error: item.text("error").map(str::to_owned),
        took_ms: item.number("took_ms")?,
        at: Timestamp::from_millis(item.number(AT)?),
        by: item.text("by").map(str::to_owned),
    })
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::store::embedded::EmbeddedTable;

    const NOW: Timestamp = Timestamp::from_seconds(600_000);

    fn log() -> HealthLog {
        HealthLog::new(Arc::new(EmbeddedTable::in_memory(Arc::new(ManualClock::at(NOW))).unwrap()))
    }

    #[tokio::test]
    async fn one_of_several_gets_the_turn_and_the_next_comes_after_the_interval() {
        let log = log();
        assert!(log.take_turn(NOW, 1_000).await.unwrap());
        assert!(!log.take_turn(NOW.plus_millis(999), 1_000).await.unwrap());
        assert!(log.take_turn(NOW.plus_millis(1_000), 1_000).await.unwrap());
    }

    #[tokio::test]
    async fn the_last_result_counts_and_those_before_are_kept() {
        let log = log();
        let result = |seconds: i64, error: Option<&str>| Checked {
            id: DeploymentId::new("d"),
            model_name: "gpt".to_owned(),
            error: error.map(str::to_owned),
            took_ms: 7,
            at: NOW.plus_millis(seconds * 1_000),
            by: None,
        };
        let (first, second) = (result(0, Some("down")), result(1, None));
        log.record(&first).await.unwrap();
        log.record(&second).await.unwrap();
        assert_eq!(log.latest().await.unwrap(), std::slice::from_ref(&second));
        assert_eq!(log.history().await.unwrap(), [second, first]);
    }
}
