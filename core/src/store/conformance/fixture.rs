//! A partition that no other case uses, and the short sentences in which cases speak to a table.

use super::super::item::{Item, Key};
use super::super::table::{Freshness, Page, Query, Table, WriteError};
use super::super::write::{Change, Condition, Write};
use crate::clock::{Clock, SystemClock};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A table and a partition of one's own in it.
#[derive(Clone)]
pub(super) struct Fixture {
    pub(super) table: Arc<dyn Table>,
    pub(super) partition: String,
}

impl Fixture {
    pub(super) fn new(table: Arc<dyn Table>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // The table may outlive this process, so the number alone would come again.
        let partition = format!("conformance/{}/{}/{number}", SystemClock.now().millis(), std::process::id());
        Self { table, partition }
    }

    pub(super) fn key(&self, sort: &str) -> Key {
        Key::new(self.partition.as_str(), sort)
    }

    pub(super) fn item(&self, sort: &str) -> Item {
        Item::new(self.key(sort))
    }

    /// Stores the item without any condition.
    pub(super) async fn put(&self, item: Item) {
        self.table.write(Write::Put { item, when: Vec::new() }).await.expect("an unconditional put succeeds");
    }

    pub(super) async fn get(&self, sort: &str) -> Option<Item> {
        self.table.get(&self.key(sort), Freshness::Latest).await.expect("a read succeeds")
    }

    pub(super) async fn update(&self, sort: &str, changes: Vec<Change>) -> Result<Option<Item>, WriteError> {
        self.table.write(self.update_write(sort, changes, Vec::new())).await
    }

    pub(super) fn update_write(&self, sort: &str, changes: Vec<Change>, when: Vec<Condition>) -> Write {
        Write::Update { key: self.key(sort), changes, when }
    }

    pub(super) fn put_write(&self, sort: &str, when: Vec<Condition>) -> Write {
        Write::Put { item: self.item(sort).with("by", "put"), when }
    }

    pub(super) fn check(&self, sort: &str, when: Vec<Condition>) -> Write {
        Write::Check { key: self.key(sort), when }
    }

    /// Whether all conditions hold of the item under `sort`. Asked by a check, a put and an update, which must agree;
    /// what they changed is put back.
    pub(super) async fn holds(&self, sort: &str, when: Vec<Condition>) -> bool {
        let before = self.get(sort).await;
        let mark = vec![Change::Set("marked".to_owned(), true.into())];
        let mut answers = Vec::new();
        for write in [
            self.check(sort, when.clone()),
            self.put_write(sort, when.clone()),
            self.update_write(sort, mark, when.clone()),
            Write::Delete { key: self.key(sort), when: when.clone() },
        ] {
            let answer = match self.table.write(write).await {
                Ok(_) => true,
                Err(WriteError::ConditionFailed { index: 0, .. }) => false,
                Err(other) => panic!("a condition holds or fails, but this says: {other:?}"),
            };
            answers.push(answer);
            self.restore(sort, before.clone()).await;
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "kinds of write disagree on {when:?}: {answers:?}");
        answers[0]
    }

    async fn restore(&self, sort: &str, before: Option<Item>) {
        match before {
            Some(item) => self.put(item).await,
            None => {
                let write = Write::Delete { key: self.key(sort), when: Vec::new() };
                self.table.write(write).await.expect("a delete succeeds");
            }
        }
    }

    /// All sort keys that the query gives, page by page.
    pub(super) async fn all_sorts(&self, mut query: Query) -> Vec<String> {
        let mut sorts = Vec::new();
        for _ in 0..1000 {
            let page: Page = self.table.query(&query).await.expect("a query succeeds");
            assert!(page.items.len() <= query.limit, "a page keeps to its limit");
            sorts.extend(page.items.into_iter().map(|item| item.key.sort));
            match page.next {
                Some(next) => query.after = Some(next),
                None => return sorts,
            }
        }
        panic!("the pages never end");
    }
}

/// The failed condition's index and old item.
pub(super) fn failed_condition(error: WriteError) -> (usize, Option<Item>) {
    match error {
        WriteError::ConditionFailed { index, old } => (index, old.map(|item| *item)),
        other => panic!("a failed condition was expected, not {other:?}"),
    }
}
