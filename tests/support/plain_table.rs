//! A table that is a map and a lock: every call is done at once, on the caller's own thread. For simulations, which need
//! many thousands of writes in an order that a seed decides. It passes the suite that every table passes.

use async_trait::async_trait;
use postern_core::clock::{Clock, Timestamp};
use postern_core::store::item::{ITEM_BYTES_MAX, Item, Key, Value};
use postern_core::store::rules::{check_transaction, check_write};
use postern_core::store::table::{Freshness, IdempotencyToken, Page, Query, ReadError, SortRange, Table, WriteError};
use postern_core::store::write::{Change, Write};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A table in a map.
pub struct PlainTable {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    partitions: BTreeMap<String, BTreeMap<String, Item>>,
    tokens: HashMap<String, Vec<Write>>,
}

impl PlainTable {
    /// An empty table, whose items end by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// The item, as [`Table::get`] gives it.
    pub fn look(&self, key: &Key) -> Option<Item> {
        self.state().live(key, self.clock.now()).cloned()
    }

    /// What stands there, ended or not.
    pub fn stored(&self, key: &Key) -> Option<Item> {
        self.state().stored(key).cloned()
    }

    /// Every item whose partition begins with `prefix`, ended or not.
    pub fn every(&self, prefix: &str) -> Vec<Item> {
        let state = self.state();
        let partitions = state.partitions.range(prefix.to_owned()..).take_while(|(name, _)| name.starts_with(prefix));
        partitions.flat_map(|(_, items)| items.values().cloned()).collect()
    }

    /// As [`Table::transact`], without waiting for anything.
    ///
    /// # Errors
    /// As [`Table::transact`].
    pub fn apply(&self, token: Option<&IdempotencyToken>, writes: &[Write]) -> Result<(), WriteError> {
        check_transaction(token, writes)?;
        let mut state = self.state();
        match token.and_then(|token| state.tokens.get(&token.0)) {
            Some(before) if before == writes => return Ok(()),
            Some(_) => return Err(WriteError::TokenReused),
            None => {}
        }
        state.apply(writes, self.clock.now())?;
        if let Some(token) = token {
            state.tokens.insert(token.0.clone(), writes.to_vec());
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Table for PlainTable {
    async fn get(&self, key: &Key, _: Freshness) -> Result<Option<Item>, ReadError> {
        Ok(self.look(key))
    }

    async fn query(&self, query: &Query) -> Result<Page, ReadError> {
        let (state, now) = (self.state(), self.clock.now());
        let Some(items) = state.partitions.get(&query.partition) else { return Ok(Page::default()) };
        let wanted = items.values().filter(|item| !item.ended(now) && is_wanted(query, &item.key.sort));
        let mut items: Vec<Item> = if query.descending {
            wanted.rev().take(query.limit + 1).cloned().collect()
        } else {
            wanted.take(query.limit + 1).cloned().collect()
        };
        let is_more = items.len() > query.limit;
        items.truncate(query.limit);
        let next = items.last().filter(|_| is_more).map(|item| item.key.sort.clone());
        Ok(Page { items, next })
    }

    async fn write(&self, write: Write) -> Result<Option<Item>, WriteError> {
        check_write(&write)?;
        let now = self.clock.now();
        let mut state = self.state();
        state.apply(std::slice::from_ref(&write), now)?;
        let is_shown = matches!(write, Write::Put { .. } | Write::Update { .. });
        Ok(state.stored(write.key()).filter(|_| is_shown).cloned())
    }

    async fn transact(&self, token: Option<IdempotencyToken>, writes: Vec<Write>) -> Result<(), WriteError> {
        self.apply(token.as_ref(), &writes)
    }
}

impl State {
    fn stored(&self, key: &Key) -> Option<&Item> {
        self.partitions.get(&key.partition)?.get(&key.sort)
    }

    fn live(&self, key: &Key, now: Timestamp) -> Option<&Item> {
        self.stored(key).filter(|item| !item.ended(now))
    }

    /// Judges every write, then does all of them.
    fn apply(&mut self, writes: &[Write], now: Timestamp) -> Result<(), WriteError> {
        let mut outcomes = Vec::with_capacity(writes.len());
        for (index, write) in writes.iter().enumerate() {
            let old = self.live(write.key(), now);
            if !write.conditions().iter().all(|condition| condition.holds(old)) {
                return Err(WriteError::ConditionFailed { index, old: old.cloned().map(Box::new) });
            }
            outcomes.push(outcome(write, old)?);
        }
        for (write, outcome) in writes.iter().zip(outcomes) {
            let Key { partition, sort } = write.key();
            let Some(after) = outcome else { continue };
            let items = self.partitions.entry(partition.clone()).or_default();
            match after {
                Some(item) => drop(items.insert(sort.clone(), item)),
                None => drop(items.remove(sort)),
            }
        }
        Ok(())
    }
}

/// What stands there after the write; `None`: what stood there before.
fn outcome(write: &Write, old: Option<&Item>) -> Result<Option<Option<Item>>, WriteError> {
    let mut item = match write {
        Write::Check { .. } => return Ok(None),
        Write::Delete { .. } => return Ok(Some(None)),
        Write::Put { item, .. } => item.clone(),
        Write::Update { key, changes, .. } => {
            let mut item = old.cloned().unwrap_or_else(|| Item::new(key.clone()));
            changes.iter().try_for_each(|change| make(change, &mut item))?;
            item
        }
    };
    let bytes = item.size();
    if bytes > ITEM_BYTES_MAX {
        return Err(WriteError::TooLarge { bytes, limit: ITEM_BYTES_MAX });
    }
    item.expires_at = item.expires_at.map(|end| Timestamp::from_seconds(end.seconds()));
    Ok(Some(Some(item)))
}

fn make(change: &Change, item: &mut Item) -> Result<(), WriteError> {
    let attributes = &mut item.attributes;
    match change {
        Change::Set(name, value) => drop(attributes.insert(name.clone(), value.clone())),
        Change::SetIfMissing(name, value) => drop(attributes.entry(name.clone()).or_insert_with(|| value.clone())),
        Change::Remove(name) => drop(attributes.remove(name)),
        Change::Expire(at) => item.expires_at = *at,
        Change::Add(name, by) => {
            let old = attributes.get(name).map_or(Some(0), Value::as_number);
            let old = old.ok_or(WriteError::Invalid("only a number can be added to"))?;
            let sum = old.checked_add(*by).ok_or(WriteError::Invalid("the sum does not fit an `i64`"))?;
            attributes.insert(name.clone(), sum.into());
        }
    }
    Ok(())
}

fn is_wanted(query: &Query, sort: &str) -> bool {
    let is_behind = match &query.after {
        Some(after) if query.descending => sort < after.as_str(),
        Some(after) => sort > after.as_str(),
        None => true,
    };
    is_behind
        && match &query.range {
            SortRange::All => true,
            SortRange::Prefix(prefix) => sort.starts_with(prefix.as_str()),
            SortRange::Between(first, last) => first.as_str() <= sort && sort <= last.as_str(),
        }
}
