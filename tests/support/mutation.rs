//! The algorithm without one of its conditions: a table that leaves it out of every write. Each must matter: some world
//! goes wrong without it.

use async_trait::async_trait;
use postern_core::store::item::{Item, Key};
use postern_core::store::table::{Freshness, IdempotencyToken, Page, Query, ReadError, Table, WriteError};
use postern_core::store::write::{Condition, Write};
use std::sync::Arc;

/// One condition that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// What is missing, in words.
    pub name: &'static str,
    /// In which batches.
    batch: Batch,
    /// How the partition of the item begins, and its sort key; empty: any.
    item: (&'static str, &'static str),
    condition: Kind,
}

/// Which batches of writes are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Batch {
    Any,
    /// Ends a hold with the call's true row.
    Settlement,
    /// Ends a hold with a row that charges the reservation.
    Sweep,
    /// Ends a hold without a row.
    Void,
    /// Makes a hold larger.
    Extension,
}

/// Which condition is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Absent,
    AtMost(&'static str),
    /// Where what is not there counts as 0, and only there.
    AtMostOrLacks(&'static str),
    /// Where what is not there fails it, and only there.
    IsAtMost(&'static str),
    AtLeast(&'static str),
    Equals(&'static str),
}

const fn without(name: &'static str, batch: Batch, item: (&'static str, &'static str), condition: Kind) -> Mutation {
    Mutation { name, batch, item, condition }
}

/// Every condition of the algorithm that stands alone. That a key is still listed when its period begins follows from its
/// record, which the same transaction asks for.
pub const ALL: [Mutation; 18] = [
    without("reserve: the hold is absent", Batch::Any, ("HOLD", ""), Kind::Absent),
    without("reserve: the budget has room", Batch::Any, ("", ""), Kind::AtMost("used")),
    without("reserve: the window is open", Batch::Any, ("RATE", "WINDOW"), Kind::AtLeast("start")),
    without("reserve: the window has room for a request", Batch::Any, ("RATE", "WINDOW"), Kind::AtMost("requests")),
    without("reserve: the window has room for the tokens", Batch::Any, ("RATE", "WINDOW"), Kind::AtMost("tokens")),
    without("reserve: the window before is over", Batch::Any, ("RATE", "WINDOW"), Kind::AtMostOrLacks("start")),
    without("reserve: there is room beside others", Batch::Any, ("RATE", "PARALLEL"), Kind::AtMost("count")),
    without("settle: the row is absent", Batch::Settlement, ("LOG", ""), Kind::Absent),
    without("sweep: the row is absent", Batch::Sweep, ("LOG", ""), Kind::Absent),
    without("extend: the hold stands as read", Batch::Extension, ("HOLD", ""), Kind::Equals("held")),
    without("settle: the hold stands as read", Batch::Settlement, ("HOLD", ""), Kind::Equals("held")),
    without("sweep: the hold stands as read", Batch::Sweep, ("HOLD", ""), Kind::Equals("held")),
    without("void: the hold stands as read", Batch::Void, ("HOLD", ""), Kind::Equals("held")),
    without("correct tokens: the window is the one", Batch::Any, ("RATE", "WINDOW"), Kind::IsAtMost("start")),
    without("late settle: the row is unsettled", Batch::Any, ("LOG", ""), Kind::Equals("unsettled")),
    without("period: it ends when it was read to end", Batch::Any, ("KEY", "KEY"), Kind::Equals("budget_reset_at")),
    without("period: it is as long as it was read to be", Batch::Any, ("KEY", "KEY"), Kind::Equals("budget_duration")),
    without("period: nothing else was taken off", Batch::Any, ("KEY", "SPEND"), Kind::Equals("spend_adjustment")),
];

/// The mutation of that name.
///
/// Panics where there is none.
pub fn named(name: &str) -> Mutation {
    ALL.into_iter().find(|mutation| mutation.name == name).expect("a mutation of that name")
}

impl Mutation {
    fn concerns(&self, batch: Batch) -> bool {
        self.batch == Batch::Any || self.batch == batch
    }

    fn strip(&self, write: &mut Write) {
        let key = write.key();
        let (partition, sort) = self.item;
        let is_partition = partition.is_empty() || key.partition.split('#').next() == Some(partition);
        let is_meant = is_partition && (sort.is_empty() || key.sort == sort);
        if !is_meant {
            return;
        }
        let (Write::Put { when, .. }
        | Write::Update { when, .. }
        | Write::Delete { when, .. }
        | Write::Check { when, .. }) = write;
        when.retain(|condition| !self.condition.is(condition));
    }
}

impl Kind {
    fn is(self, condition: &Condition) -> bool {
        match (self, condition) {
            (Self::Absent, Condition::Absent) => true,
            (Self::AtMost(name), Condition::AtMost(named, _) | Condition::AtMostOrLacks(named, _))
            | (Self::AtMostOrLacks(name), Condition::AtMostOrLacks(named, _))
            | (Self::IsAtMost(name), Condition::AtMost(named, _))
            | (Self::AtLeast(name), Condition::AtLeastOrLacks(named, _))
            | (Self::Equals(name), Condition::Equals(named, _)) => name == named,
            // The first adjustment is as-read when it is missing.
            (Self::Equals("spend_adjustment"), Condition::Lacks(named)) => named == "spend_adjustment",
            _ => false,
        }
    }
}

impl Batch {
    fn of(writes: &[Write]) -> Self {
        let row = writes.iter().find_map(|write| match write {
            Write::Put { item, .. } if item.key.partition.starts_with("LOG#") => Some(item),
            _ => None,
        });
        match row {
            Some(row) if row.attributes.contains_key("unsettled") => Self::Sweep,
            Some(_) => Self::Settlement,
            None if writes.iter().any(is_extension) => Self::Extension,
            None => Self::Void,
        }
    }
}

fn is_extension(write: &Write) -> bool {
    matches!(write, Write::Update { key, .. } if key.partition.starts_with("HOLD#"))
}

/// A table that leaves the condition out.
pub struct Stripped {
    table: Arc<dyn Table>,
    mutation: Mutation,
}

impl Stripped {
    /// `table` without the condition.
    pub fn new(table: Arc<dyn Table>, mutation: Mutation) -> Self {
        Self { table, mutation }
    }
}

#[async_trait]
impl Table for Stripped {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, ReadError> {
        self.table.get(key, freshness).await
    }

    async fn query(&self, query: &Query) -> Result<Page, ReadError> {
        self.table.query(query).await
    }

    async fn write(&self, write: Write) -> Result<Option<Item>, WriteError> {
        self.table.write(write).await
    }

    async fn transact(&self, token: Option<IdempotencyToken>, mut writes: Vec<Write>) -> Result<(), WriteError> {
        if self.mutation.concerns(Batch::of(&writes)) {
            writes.iter_mut().for_each(|write| self.mutation.strip(write));
        }
        self.table.transact(token, writes).await
    }
}
