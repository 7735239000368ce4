//! The seam: what every store can do, and how it fails. A caller decides by the error's variant, never by its text.

use super::item::{Item, Key};
use super::write::Write;
use async_trait::async_trait;
use std::error::Error;

/// Most writes in one transaction. DynamoDB's own limit.
pub const TRANSACTION_WRITES_MAX: usize = 100;

/// How fresh a read must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Freshness {
    /// Every write that was confirmed before the read began is seen.
    #[default]
    Latest,
    /// May lag by a second or so; costs half.
    Eventual,
}

/// Which items of a partition to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Which partition.
    pub partition: String,
    /// Only items whose sort key lies in this range.
    pub range: SortRange,
    /// From the highest sort key down.
    pub descending: bool,
    /// Most items in one page; 1 or more.
    pub limit: usize,
    /// Start behind this sort key: `Page::next` of the page before.
    pub after: Option<String>,
    /// How fresh the answer must be.
    pub freshness: Freshness,
}

impl Query {
    /// The first page of a partition, upwards, 100 items at most.
    pub fn partition(partition: impl Into<String>) -> Self {
        Self {
            partition: partition.into(),
            range: SortRange::All,
            descending: false,
            limit: 100,
            after: None,
            freshness: Freshness::Latest,
        }
    }
}

/// A range of sort keys, compared byte by byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortRange {
    /// All of the partition.
    All,
    /// Those that begin with this text; all, where it is empty.
    Prefix(String),
    /// Those from the first to the second, both included.
    Between(String, String),
}

/// Longest idempotency token, in bytes. DynamoDB's own limit.
pub const TOKEN_BYTES_MAX: usize = 36;

/// One page of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The items, in the query's order. May be fewer than the limit, even none, where `next` is set.
    pub items: Vec<Item>,
    /// Where the next page starts; `None`: there are no more.
    pub next: Option<String>,
}

/// Names one logical transaction, so that sending it twice applies it once. Kept for at least ten minutes.
/// From 1 to [`TOKEN_BYTES_MAX`] bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyToken(pub String);

/// A table of items.
///
/// Every write is atomic. Nothing is retried inside: a caller that gets [`WriteError::OutcomeUnknown`] reads the item
/// and decides.
#[async_trait]
pub trait Table: Send + Sync {
    /// The item, or `None` where there is none or it has ended.
    ///
    /// # Errors
    /// [`ReadError::Throttled`] or [`ReadError::Unavailable`]: nothing was read.
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, ReadError>;

    /// One page of a partition. Items that have ended are left out.
    ///
    /// # Errors
    /// [`ReadError::Throttled`] or [`ReadError::Unavailable`]: nothing was read.
    async fn query(&self, query: &Query) -> Result<Page, ReadError>;

    /// Does one write and returns the item as it stands after it (`None` after a delete or a check).
    ///
    /// # Errors
    /// [`WriteError::ConditionFailed`] carries the item that stood in the way. [`WriteError::OutcomeUnknown`]: the
    /// write may have happened.
    async fn write(&self, write: Write) -> Result<Option<Item>, WriteError>;

    /// Does all writes or none. No item may be named twice. With a token, the same call sent again is a no-op that
    /// succeeds, for at least ten minutes.
    ///
    /// # Errors
    /// As [`Table::write`]; [`WriteError::Conflict`] where another transaction was at the same items.
    async fn transact(&self, token: Option<IdempotencyToken>, writes: Vec<Write>) -> Result<(), WriteError>;
}

/// The cause below a store error, for logs only.
pub type Cause = Box<dyn Error + Send + Sync>;

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store asks for less; try again later.
    #[error("the store is throttling reads")]
    Throttled(#[source] Cause),
    /// The store cannot be reached or does not answer in time.
    #[error("the store cannot be reached")]
    Unavailable(#[source] Cause),
    /// What is stored there is not what this version of Postern writes.
    #[error("a stored item cannot be read: {0}")]
    Corrupt(String),
}

impl ReadError {
    /// Whether the store is out of reach, silent or overloaded.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Throttled(_) | Self::Unavailable(_) => true,
            Self::Corrupt(_) => false,
        }
    }
}

/// Why a write did not happen, or may not have.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A condition did not hold. Nothing changed.
    #[error("write {index} of the transaction met a condition that does not hold")]
    ConditionFailed {
        /// Which write of the transaction, the first where several conditions fail; 0 for a single write.
        index: usize,
        /// The item as it stands, where there is one that has not ended.
        old: Option<Box<Item>>,
    },
    /// Another transaction is at the same items. Nothing changed; try again.
    #[error("another transaction is writing the same items")]
    Conflict,
    /// The item is larger than a table takes. Nothing changed.
    #[error("an item of {bytes} bytes is over the limit of {limit} bytes")]
    TooLarge {
        /// The item's size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The request breaks a rule of the table (an empty key, an item named twice, too many writes).
    #[error("the write breaks a rule of the table: {0}")]
    Invalid(&'static str),
    /// The token was used before for other writes.
    #[error("the idempotency token was used before for other writes")]
    TokenReused,
    /// The store asks for less. Nothing changed; try again later.
    #[error("the store is throttling writes")]
    Throttled(#[source] Cause),
    /// The store cannot be reached. Nothing was sent.
    #[error("the store cannot be reached")]
    Unavailable(#[source] Cause),
    /// The store did not answer: the write may or may not have happened. Read the item; never repeat blindly.
    #[error("the store did not answer; the write may have happened")]
    OutcomeUnknown(#[source] Cause),
}

impl WriteError {
    /// Whether the store is out of reach, silent or overloaded.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Throttled(_) | Self::Unavailable(_) | Self::OutcomeUnknown(_) => true,
            Self::ConditionFailed { .. }
            | Self::Conflict
            | Self::TooLarge { .. }
            | Self::Invalid(_)
            | Self::TokenReused => false,
        }
    }
}
