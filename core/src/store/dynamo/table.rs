//! [`DynamoTable`]: one table of DynamoDB behind the seam.

use super::attribute::{Attributes, SORT, from_attributes, to_key};
use super::ended::instead_of_update;
use super::expression::Placeholders;
use super::failure::{Failure, read_failure, write_failure};
use super::key_range::{key_condition, start_after};
use super::prepared::{Kind, Prepared};
use super::size::check_size;
use super::token::Tokens;
use crate::aws::connection::AwsConnection;
use crate::aws::settings::Service;
use crate::clock::{Clock, Timestamp};
use crate::store::item::{Item, Key};
use crate::store::rules::{check_transaction, check_write};
use crate::store::silence::StoreWait;
use crate::store::table::{Freshness, IdempotencyToken, Page, Query, ReadError, Table, WriteError};
use crate::store::write::Write;
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::StalledStreamProtectionConfig;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use std::sync::Arc;
use std::time::Duration;

/// How often a write that meets an ended item is sent in another form, before it counts as a conflict.
pub(super) const FORMS_MAX: usize = 4;
/// A query of more items than this reads pages, for an administrator or a job: nobody waits for its first byte.
const FEW: usize = 10;
/// The pause before a read is repeated.
const READ_PAUSE: Duration = Duration::from_millis(5);

/// Of a wait for the store, what is left to whoever asked it.
const LEFT: Duration = Duration::from_millis(35);
/// A page is waited for so long at least.
const PAGE: Duration = Duration::from_secs(2);

/// How long DynamoDB is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To a new connection, TLS included. Nothing is sent where it ends.
    pub connect: Duration,
    /// One try of a read. A read is tried twice.
    pub read_attempt: Duration,
    /// One try of a page, of up to a megabyte; the whole call takes at most twice as long.
    pub page_attempt: Duration,
    /// The whole call of anything else. A write that ends by it may have happened.
    pub operation: Duration,
}

impl Timeouts {
    /// For calls whose client waits for a first byte. As usual, they keep the promise that an outage of the store is
    /// answered within 250 ms, for one call of the store a request in an outage.
    #[must_use]
    pub fn within(wait: StoreWait) -> Self {
        let operation = wait.0.saturating_sub(LEFT);
        Self {
            connect: operation * 3 / 4,
            read_attempt: operation.saturating_sub(2 * READ_PAUSE) / 2,
            page_attempt: operation.max(PAGE),
            operation,
        }
    }

    /// For what nobody's first byte waits for: an administrator's changes, jobs.
    #[must_use]
    pub fn patient() -> Self {
        let most = Duration::from_secs(5);
        Self { connect: most / 2, read_attempt: most / 2, page_attempt: most, operation: most }
    }
}

/// A table of DynamoDB, of the shape that [`super::create_table_if_missing`] makes.
///
/// Items past their end count as absent by the clock given here, whether or not DynamoDB's TTL has removed them.
pub struct DynamoTable {
    pub(super) name: String,
    pub(super) writer: Client,
    reader: Client,
    pager: Client,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tokens: Tokens,
}

impl DynamoTable {
    /// The table of this name. Calls nothing; the first call connects.
    pub fn new(connection: &AwsConnection, name: impl Into<String>, clock: Arc<dyn Clock>, timeouts: Timeouts) -> Self {
        let client = |attempt, operation, retry| client(connection, timeouts.connect, (attempt, operation), retry);
        Self {
            name: name.into(),
            writer: client(timeouts.operation, timeouts.operation, RetryConfig::disabled()),
            reader: client(timeouts.read_attempt, timeouts.operation, retry_once()),
            pager: client(timeouts.page_attempt, 2 * timeouts.page_attempt, retry_once()),
            clock,
            tokens: Tokens::default(),
        }
    }

    /// Sends one write in one form.
    async fn send(&self, write: &Write, now: Timestamp) -> Result<Option<Item>, Failure> {
        let prepared = Prepared::new(write, now);
        if matches!(prepared.kind, Kind::Check(_)) {
            return self.send_transaction(None, vec![prepared]).await.map(|()| None);
        }
        let Prepared { kind, condition, names, values } = prepared;
        let old = ReturnValuesOnConditionCheckFailure::AllOld;
        match kind {
            Kind::Put(attributes) => {
                let request = self.writer.put_item().table_name(&self.name).set_item(Some(attributes));
                let request = request.set_condition_expression(condition).set_expression_attribute_names(names);
                let request = request.set_expression_attribute_values(values);
                let sent = request.return_values_on_condition_check_failure(old).send().await;
                sent.map(|_| put_item(write)).map_err(write_failure)
            }
            Kind::Update(key, update) => {
                let request = self.writer.update_item().table_name(&self.name).set_key(Some(key));
                let request = request.set_update_expression(update).set_condition_expression(condition);
                let request = request.set_expression_attribute_names(names).set_expression_attribute_values(values);
                let request = request.return_values(ReturnValue::AllNew);
                let sent = request.return_values_on_condition_check_failure(old).send().await;
                written(sent.map_err(write_failure)?.attributes)
            }
            Kind::Delete(key) | Kind::Check(key) => {
                let request = self.writer.delete_item().table_name(&self.name).set_key(Some(key));
                let request = request.set_condition_expression(condition).set_expression_attribute_names(names);
                let request = request.set_expression_attribute_values(values);
                let sent = request.return_values_on_condition_check_failure(old).send().await;
                sent.map(|_| None).map_err(write_failure)
            }
        }
    }

    fn living(&self, stored: Attributes) -> Result<Option<Item>, ReadError> {
        let item = from_attributes(stored)?;
        Ok((!item.ended(self.clock.now())).then_some(item))
    }
}

#[async_trait]
impl Table for DynamoTable {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, ReadError> {
        let request = self.reader.get_item().table_name(&self.name).set_key(Some(to_key(key)));
        let request = request.consistent_read(freshness == Freshness::Latest);
        let answer = Box::pin(request.send()).await.map_err(read_failure)?;
        answer.item.map_or(Ok(None), |stored| self.living(stored))
    }

    async fn query(&self, query: &Query) -> Result<Page, ReadError> {
        let mut placeholders = Placeholders::default();
        let Some(condition) = key_condition(query, &mut placeholders) else { return Ok(Page::default()) };
        let start = start_after(query).map(|after| to_key(&Key::new(query.partition.clone(), after)));
        let client = if query.limit > FEW { &self.pager } else { &self.reader };
        let request = client.query().table_name(&self.name).key_condition_expression(condition);
        let request = request.set_expression_attribute_names(placeholders.take_names());
        let request = request.set_expression_attribute_values(placeholders.take_values());
        let request = request.set_exclusive_start_key(start).scan_index_forward(!query.descending);
        let request = request.consistent_read(query.freshness == Freshness::Latest);
        let request = request.limit(i32::try_from(query.limit.max(1)).unwrap_or(i32::MAX));
        let answer = Box::pin(request.send()).await.map_err(read_failure)?;
        let next = match answer.last_evaluated_key.and_then(|mut key| key.remove(SORT)) {
            Some(AttributeValue::S(sort)) => Some(sort),
            _ => None,
        };
        let living = answer.items.unwrap_or_default().into_iter().filter_map(|stored| self.living(stored).transpose());
        Ok(Page { items: living.collect::<Result<_, _>>()?, next })
    }

    async fn write(&self, write: Write) -> Result<Option<Item>, WriteError> {
        check_write(&write)?;
        check_size(&write)?;
        let mut renewal = None;
        for _ in 0..FORMS_MAX {
            let now = self.clock.now();
            let form = renewal.as_ref().unwrap_or(&write);
            match Box::pin(self.send(form, now)).await {
                Ok(item) => return Ok(item),
                Err(Failure::Final(error)) => return Err(error),
                // The new item met another one, put there meanwhile: back to the update.
                Err(Failure::Refused(_)) if renewal.is_some() => renewal = None,
                Err(Failure::Refused(refusals)) => {
                    let old = refusals.into_iter().next().and_then(|refusal| refusal.old);
                    let ended = old.as_ref().is_some_and(|item| item.ended(now));
                    renewal = if ended { instead_of_update(&write) } else { None };
                    if renewal.is_none() {
                        let old = old.filter(|_| !ended).map(Box::new);
                        return Err(WriteError::ConditionFailed { index: 0, old });
                    }
                }
            }
        }
        Err(WriteError::Conflict)
    }

    async fn transact(&self, token: Option<IdempotencyToken>, writes: Vec<Write>) -> Result<(), WriteError> {
        check_transaction(token.as_ref(), &writes)?;
        writes.iter().try_for_each(check_size)?;
        Box::pin(self.transact_in_any_form(token.as_ref(), &writes)).await
    }
}

fn client(
    connection: &AwsConnection,
    connect: Duration,
    (attempt, operation): (Duration, Duration),
    retry: RetryConfig,
) -> Client {
    // The same time to connect in every client: the HTTP client pools connections by it.
    let waits = TimeoutConfig::builder()
        .connect_timeout(connect)
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build();
    let config = aws_sdk_dynamodb::config::Builder::from(&connection.sdk_config(Service::DynamoDb))
        .timeout_config(waits)
        .retry_config(retry)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build();
    Client::from_conf(config)
}

/// Reading twice does no harm; writes are never repeated here.
fn retry_once() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(2).with_initial_backoff(READ_PAUSE).with_max_backoff(READ_PAUSE)
}

fn put_item(write: &Write) -> Option<Item> {
    let Write::Put { item, .. } = write else { return None };
    let mut item = item.clone();
    item.expires_at = item.expires_at.map(|end| Timestamp::from_seconds(end.seconds()));
    Some(item)
}

/// The item after an update. The update has happened even where it cannot be read.
fn written(stored: Option<Attributes>) -> Result<Option<Item>, Failure> {
    let read = stored.map(from_attributes).transpose();
    read.map_err(|error| Failure::Final(WriteError::OutcomeUnknown(error.into())))
}
