//! Any sequence of operations gives the same answers from the store and from a map that a child can read.

use super::super::item::{Item, Key, Value};
use super::super::table::{Freshness, IdempotencyToken, Query, SortRange, Table, WriteError};
use super::super::write::{Change, Condition, Write};
use super::EmbeddedTable;
use crate::clock::{Clock, ManualClock, Timestamp};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug)]
enum Operation {
    Write(Write),
    Transact(Option<u8>, Vec<Write>),
    Get(Key),
    Query(Query),
    Wait(i64),
    Sweep,
}

/// What a caller can tell apart.
#[derive(Debug, PartialEq)]
enum Answer {
    Item(Option<Item>),
    Items(Vec<Item>),
    Done,
    Refused(usize, Option<Item>),
    Invalid,
    TokenReused,
}

#[derive(Default)]
struct Model {
    items: BTreeMap<Key, Item>,
    tokens: BTreeMap<u8, Vec<Write>>,
    now_millis: i64,
}

impl Model {
    fn find(&self, key: &Key) -> Option<&Item> {
        let item = self.items.get(key)?;
        let ended = item.expires_at.is_some_and(|end| end.millis() <= self.now_millis);
        if ended { None } else { Some(item) }
    }

    fn answer(&mut self, operation: &Operation) -> Answer {
        match operation {
            Operation::Get(key) => Answer::Item(self.find(key).cloned()),
            Operation::Query(query) => Answer::Items(self.query(query)),
            Operation::Write(write) => match self.apply(std::slice::from_ref(write)) {
                Answer::Done => match write {
                    Write::Put { .. } | Write::Update { .. } => Answer::Item(self.items.get(write.key()).cloned()),
                    Write::Delete { .. } | Write::Check { .. } => Answer::Item(None),
                },
                refused => refused,
            },
            Operation::Transact(token, writes) => {
                if let Some(known) = token.and_then(|token| self.tokens.get(&token)) {
                    return if known == writes { Answer::Done } else { Answer::TokenReused };
                }
                let answer = self.apply(writes);
                if let (Answer::Done, Some(token)) = (&answer, token) {
                    self.tokens.insert(*token, writes.clone());
                }
                answer
            }
            Operation::Wait(millis) => {
                self.now_millis += millis;
                Answer::Done
            }
            Operation::Sweep => Answer::Done,
        }
    }

    fn apply(&mut self, writes: &[Write]) -> Answer {
        let mut after = self.items.clone();
        for (index, write) in writes.iter().enumerate() {
            let old = self.find(write.key()).cloned();
            if !write.conditions().iter().all(|condition| holds(condition, &old)) {
                return Answer::Refused(index, old);
            }
            match write {
                Write::Put { item, .. } => after.insert(item.key.clone(), item.clone()),
                Write::Delete { key, .. } => after.remove(key),
                Write::Check { .. } => None,
                Write::Update { key, changes, .. } => match change(key, changes, old) {
                    Some(item) => after.insert(key.clone(), item),
                    None => return Answer::Invalid,
                },
            };
        }
        self.items = after;
        Answer::Done
    }

    fn query(&self, query: &Query) -> Vec<Item> {
        let wanted = |sort: &String| match &query.range {
            SortRange::All => true,
            SortRange::Prefix(prefix) => sort.starts_with(prefix),
            SortRange::Between(first, last) => first <= sort && sort <= last,
        };
        let mut items: Vec<Item> = self.items.keys().filter_map(|key| self.find(key)).cloned().collect();
        items.retain(|item| item.key.partition == query.partition && wanted(&item.key.sort));
        if query.descending {
            items.reverse();
        }
        items
    }
}

fn holds(condition: &Condition, old: &Option<Item>) -> bool {
    let value = |name: &String| old.as_ref().and_then(|item| item.attributes.get(name).cloned());
    match condition {
        Condition::Exists => old.is_some(),
        Condition::Absent => old.is_none(),
        Condition::Equals(name, wanted) => value(name).as_ref() == Some(wanted),
        Condition::Differs(name, unwanted) => value(name).as_ref() != Some(unwanted),
        Condition::AtLeast(name, least) => matches!(value(name), Some(Value::Number(number)) if number >= *least),
        Condition::AtMost(name, most) => matches!(value(name), Some(Value::Number(number)) if number <= *most),
        Condition::AtLeastOrLacks(name, least) => match value(name) {
            Some(Value::Number(number)) => number >= *least,
            other => other.is_none(),
        },
        Condition::AtMostOrLacks(name, most) => match value(name) {
            Some(Value::Number(number)) => number <= *most,
            other => other.is_none(),
        },
        Condition::Has(name) => value(name).is_some(),
        Condition::Lacks(name) => value(name).is_none(),
    }
}

fn change(key: &Key, changes: &[Change], old: Option<Item>) -> Option<Item> {
    let mut item = old.unwrap_or(Item::new(key.clone()));
    for change in changes {
        match change {
            Change::Set(name, value) => drop(item.attributes.insert(name.clone(), value.clone())),
            Change::SetIfMissing(name, _) if item.attributes.contains_key(name) => {}
            Change::SetIfMissing(name, value) => drop(item.attributes.insert(name.clone(), value.clone())),
            Change::Remove(name) => drop(item.attributes.remove(name)),
            Change::Expire(end) => item.expires_at = *end,
            Change::Add(name, amount) => {
                let sum = match item.attributes.get(name) {
                    None => *amount,
                    Some(Value::Number(number)) => number.checked_add(*amount)?,
                    Some(_) => return None,
                };
                item.attributes.insert(name.clone(), Value::Number(sum));
            }
        }
    }
    Some(item)
}

async fn ask(table: &EmbeddedTable, clock: &ManualClock, operation: Operation) -> Answer {
    let answer = match operation {
        Operation::Get(key) => return Answer::Item(table.get(&key, Freshness::Latest).await.unwrap()),
        Operation::Query(mut query) => {
            let mut items = Vec::new();
            loop {
                let page = table.query(&query).await.unwrap();
                items.extend(page.items);
                match page.next {
                    Some(next) => query.after = Some(next),
                    None => return Answer::Items(items),
                }
            }
        }
        Operation::Wait(millis) => {
            clock.advance_millis(millis);
            return Answer::Done;
        }
        Operation::Sweep => table.sweep_expired(3).await.map(|_| Answer::Done),
        Operation::Write(write) => table.write(write).await.map(Answer::Item),
        Operation::Transact(token, writes) => {
            let token = token.map(|token| IdempotencyToken(token.to_string()));
            table.transact(token, writes).await.map(|()| Answer::Done)
        }
    };
    match answer {
        Ok(answer) => answer,
        Err(WriteError::ConditionFailed { index, old }) => Answer::Refused(index, old.map(|item| *item)),
        Err(WriteError::Invalid(_)) => Answer::Invalid,
        Err(WriteError::TokenReused) => Answer::TokenReused,
        Err(other) => panic!("the model never fails like this: {other:?}"),
    }
}

const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn any_key() -> impl Strategy<Value = Key> {
    ("[pq]", "[abc]{1,2}").prop_map(|(partition, sort)| Key::new(partition, sort))
}

fn any_name() -> impl Strategy<Value = String> {
    "[xyz]"
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![4 => (-2_i64..3).prop_map(Value::Number), 1 => any::<i64>().prop_map(Value::Number),
        1 => "[a\0]{0,2}".prop_map(Value::Text), 1 => any::<bool>().prop_map(Value::Bool)]
}

fn any_end() -> impl Strategy<Value = Timestamp> {
    (-2_i64..6).prop_map(|seconds| Timestamp::from_seconds(START.seconds() + seconds))
}

fn any_condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        Just(Condition::Exists),
        Just(Condition::Absent),
        (any_name(), any_value()).prop_map(|(name, value)| Condition::Equals(name, value)),
        (any_name(), any_value()).prop_map(|(name, value)| Condition::Differs(name, value)),
        (any_name(), -2_i64..3).prop_map(|(name, least)| Condition::AtLeast(name, least)),
        (any_name(), -2_i64..3).prop_map(|(name, most)| Condition::AtMost(name, most)),
        (any_name(), -2_i64..3).prop_map(|(name, least)| Condition::AtLeastOrLacks(name, least)),
        (any_name(), -2_i64..3).prop_map(|(name, most)| Condition::AtMostOrLacks(name, most)),
        any_name().prop_map(Condition::Has),
        any_name().prop_map(Condition::Lacks),
    ]
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any_name(), any_value()).prop_map(|(name, value)| Change::Set(name, value)),
        (any_name(), any_value()).prop_map(|(name, value)| Change::SetIfMissing(name, value)),
        (any_name(), -2_i64..3).prop_map(|(name, amount)| Change::Add(name, amount)),
        any_name().prop_map(Change::Remove),
        option::of(any_end()).prop_map(Change::Expire),
    ]
}

fn any_write() -> impl Strategy<Value = Write> {
    let attributes = proptest::collection::btree_map(any_name(), any_value(), 0..4);
    let item = (any_key(), attributes, option::of(any_end())).prop_map(|(key, attributes, expires_at)| Item {
        key,
        attributes,
        expires_at,
    });
    let when = || vec(any_condition(), 0..2);
    let changes = vec(any_change(), 1..4).prop_map(|mut changes| {
        changes.sort_by(|one, other| one.attribute().cmp(&other.attribute()));
        changes.dedup_by(|one, other| one.attribute() == other.attribute());
        changes
    });
    prop_oneof![
        (item, when()).prop_map(|(item, when)| Write::Put { item, when }),
        (any_key(), changes, when()).prop_map(|(key, changes, when)| Write::Update { key, changes, when }),
        (any_key(), when()).prop_map(|(key, when)| Write::Delete { key, when }),
        (any_key(), when()).prop_map(|(key, when)| Write::Check { key, when }),
    ]
}

fn any_query() -> impl Strategy<Value = Query> {
    let range = prop_oneof![
        Just(SortRange::All),
        "[abc]{0,2}".prop_map(SortRange::Prefix),
        ("[abc]{1,2}", "[abc]{1,2}").prop_map(|(first, last)| SortRange::Between(first, last)),
    ];
    ("[pq]", range, any::<bool>(), 1_usize..4).prop_map(|(partition, range, descending, limit)| Query {
        range,
        descending,
        limit,
        ..Query::partition(partition)
    })
}

fn any_operation() -> impl Strategy<Value = Operation> {
    let writes = vec(any_write(), 1..4).prop_map(|mut writes| {
        writes.sort_by(|one, other| one.key().cmp(other.key()));
        writes.dedup_by(|one, other| one.key() == other.key());
        writes
    });
    prop_oneof![
        4 => any_write().prop_map(Operation::Write),
        4 => (option::of(0_u8..3), writes).prop_map(|(token, writes)| Operation::Transact(token, writes)),
        1 => any_key().prop_map(Operation::Get),
        2 => any_query().prop_map(Operation::Query),
        1 => (0_i64..1500).prop_map(Operation::Wait),
        1 => Just(Operation::Sweep),
    ]
}

proptest! {
    #[test]
    fn the_store_agrees_with_a_map(operations in vec(any_operation(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let clock = Arc::new(ManualClock::at(START));
            let table = EmbeddedTable::in_memory(clock.clone()).unwrap();
            let mut model = Model { now_millis: clock.now().millis(), ..Model::default() };
            for (step, operation) in operations.into_iter().enumerate() {
                let wanted = model.answer(&operation);
                let shown = format!("step {step}: {operation:?}");
                prop_assert_eq!(ask(&table, &clock, operation).await, wanted, "{}", shown);
            }
            Ok(())
        })?;
    }
}
