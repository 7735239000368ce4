//! One write, taken apart into what a request is made of; the same for a single request and for a transaction.

use super::attribute::{Attributes, to_attributes, to_key};
use super::expression::{self, Placeholders};
use crate::clock::Timestamp;
use crate::store::write::Write;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use std::collections::HashMap;

/// What a request for one write is made of.
pub(super) struct Prepared {
    /// Which request it is.
    pub(super) kind: Kind,
    /// What must hold; `None`: nothing.
    pub(super) condition: Option<String>,
    /// The names that the expressions use.
    pub(super) names: Option<HashMap<String, String>>,
    /// The values that the expressions use.
    pub(super) values: Option<HashMap<String, AttributeValue>>,
}

/// Which request a write becomes.
pub(super) enum Kind {
    /// The whole item.
    Put(Attributes),
    /// The key, and the update expression; `None`: nothing changes but that the item is there.
    Update(Attributes, Option<String>),
    /// The key.
    Delete(Attributes),
    /// The key.
    Check(Attributes),
}

impl Prepared {
    /// Takes a write apart. `now` decides which items have ended.
    pub(super) fn new(write: &Write, now: Timestamp) -> Self {
        let mut placeholders = Placeholders::default();
        let (kind, condition) = match write {
            Write::Put { item, when } => {
                (Kind::Put(to_attributes(item)), expression::condition(when, now, &mut placeholders))
            }
            Write::Update { key, changes, when } => {
                let update = expression::update(changes, &mut placeholders);
                let condition = expression::condition_of_update(when, now, &mut placeholders);
                (Kind::Update(to_key(key), update), Some(condition))
            }
            Write::Delete { key, when } => {
                (Kind::Delete(to_key(key)), expression::condition(when, now, &mut placeholders))
            }
            Write::Check { key, when } => {
                let condition = expression::condition(when, now, &mut placeholders);
                // DynamoDB demands a condition of a check; this one always holds.
                let condition = condition.unwrap_or_else(|| expression::tautology(&mut placeholders));
                (Kind::Check(to_key(key)), Some(condition))
            }
        };
        Self { kind, condition, names: placeholders.take_names(), values: placeholders.take_values() }
    }

    /// The write as part of a transaction on `table`.
    ///
    /// # Errors
    /// [`BuildError`], where a part that DynamoDB demands is missing: an update without changes.
    pub(super) fn into_transaction_item(self, table: &str) -> Result<TransactWriteItem, BuildError> {
        let Self { kind, condition, names, values } = self;
        let old = ReturnValuesOnConditionCheckFailure::AllOld;
        let item = TransactWriteItem::builder();
        Ok(match kind {
            Kind::Put(attributes) => item.put(
                Put::builder()
                    .table_name(table)
                    .set_item(Some(attributes))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(old)
                    .build()?,
            ),
            Kind::Update(key, update) => item.update(
                Update::builder()
                    .table_name(table)
                    .set_key(Some(key))
                    .set_update_expression(update)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(old)
                    .build()?,
            ),
            Kind::Delete(key) => item.delete(
                Delete::builder()
                    .table_name(table)
                    .set_key(Some(key))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(old)
                    .build()?,
            ),
            Kind::Check(key) => item.condition_check(
                ConditionCheck::builder()
                    .table_name(table)
                    .set_key(Some(key))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(old)
                    .build()?,
            ),
        }
        .build())
    }
}
