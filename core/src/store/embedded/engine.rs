//! The one connection that writes. Transactions are judged one by one against the items in memory, and only a batch's
//! outcome is stored: a budget that sixty-four transactions touch is written once.

use super::super::item::{Item, Key};
use super::super::table::WriteError;
use super::super::write::Write;
use super::evaluate::{Outcome, outcome};
use super::fingerprint::Fingerprint;
use super::sql::{self, RowError};
use super::working_set::WorkingSet;
use super::{codec, open};
use crate::clock::{Clock, Timestamp};
use rusqlite::Connection;
use std::collections::HashMap;
use std::sync::Arc;

/// How long one period of tokens is. A token is known in its own period and the next: ten to twenty minutes.
const TOKEN_PERIOD_SECONDS: i64 = 600;

/// Bytes of one page of the file.
const PAGE_BYTES: usize = 4096;

/// The answer to one transaction: the item of a single write as it stands after it.
pub(super) type Answer = Result<Option<Item>, WriteError>;

/// One logical transaction that breaks no rule of the table.
pub(super) struct Transaction {
    /// Its token, and the fingerprint of its writes.
    pub(super) token: Option<(String, Fingerprint)>,
    /// What it asks for.
    pub(super) writes: Vec<Write>,
    /// Whether the answer carries the item that the last write left.
    pub(super) wants_item: bool,
}

/// Why a batch was not stored.
#[derive(Debug)]
pub(super) struct Failure {
    cause: String,
    outcome_unknown: bool,
}

impl Failure {
    /// The failure, as each caller of the batch sees it.
    pub(super) fn as_error(&self) -> WriteError {
        let cause = self.cause.clone().into();
        if self.outcome_unknown { WriteError::OutcomeUnknown(cause) } else { WriteError::Unavailable(cause) }
    }
}

/// The writing connection and what it holds in memory.
pub(super) struct Engine {
    connection: Connection,
    clock: Arc<dyn Clock>,
    working: WorkingSet,
    tokens: HashMap<String, Fingerprint>,
    /// The time of the open batch; `None` between batches.
    now: Option<Timestamp>,
    encoded: Vec<u8>,
    pages_written: usize,
}

impl Engine {
    /// An engine on a connection whose tables are in place.
    pub(super) fn new(connection: Connection, clock: Arc<dyn Clock>) -> Self {
        Self {
            connection,
            clock,
            working: WorkingSet::default(),
            tokens: HashMap::new(),
            now: None,
            encoded: Vec::new(),
            pages_written: 0,
        }
    }

    /// Judges a transaction as the next of the open batch. Its answer holds once [`Engine::commit`] has returned.
    pub(super) fn judge(&mut self, transaction: Transaction) -> Answer {
        let now = self.begin_batch().map_err(unavailable)?;
        if let Some((token, fingerprint)) = &transaction.token {
            match self.find_token(now, token).map_err(unavailable)? {
                Some(known) if known == *fingerprint => return Ok(None),
                Some(_) => return Err(WriteError::TokenReused),
                None => {}
            }
        }
        let mut outcomes = Vec::with_capacity(transaction.writes.len());
        for (index, write) in transaction.writes.into_iter().enumerate() {
            let place = self.place(write.key()).map_err(unavailable)?;
            let old = self.working.item(place).filter(|item| !item.ended(now));
            outcomes.push((place, outcome(write, index, old)?));
        }
        let mut left = None;
        for (place, outcome) in outcomes {
            let item = match outcome {
                Outcome::Same => continue,
                Outcome::Stored(item) => Some(item),
                Outcome::Removed => None,
            };
            if transaction.wants_item {
                left.clone_from(&item);
            }
            self.working.replace(place, item);
        }
        self.tokens.extend(transaction.token);
        Ok(left)
    }

    /// Stores the open batch. After a failure nothing of it is held in memory.
    ///
    /// # Errors
    /// [`Failure`]: nothing was stored, or nobody knows.
    pub(super) fn commit(&mut self) -> Result<(), Failure> {
        let Some(now) = self.now.take() else { return Ok(()) };
        let stored = self.store_batch(now);
        self.tokens.clear();
        match stored {
            Ok(()) => self.working.stored(),
            Err(_) => self.working.forget(),
        }
        stored
    }

    /// Runs `work` on the connection, between batches.
    pub(super) fn look<T>(&mut self, work: impl FnOnce(&Connection) -> T) -> T {
        work(&self.connection)
    }

    /// Removes those of `keys` whose items have ended, and at most `tokens_max` old tokens. Returns how many items went.
    ///
    /// # Errors
    /// [`Failure`]: nothing was removed, or nobody knows.
    pub(super) fn remove_ended(&mut self, keys: Vec<Key>, tokens_max: usize) -> Result<usize, Failure> {
        match self.mark_ended(keys, tokens_max) {
            Ok(removed) => self.commit().map(|()| removed),
            Err(cause) => {
                self.recover();
                Err(Failure { cause: cause.to_string(), outcome_unknown: false })
            }
        }
    }

    /// Pages that were written since this was last asked, roughly.
    pub(super) fn take_pages_written(&mut self, at_least: usize) -> Option<usize> {
        (self.pages_written >= at_least).then(|| std::mem::take(&mut self.pages_written))
    }

    /// Writes one page that says what it said. The first write after a finished checkpoint starts the log over and waits
    /// for the disk; better here than in a caller's transaction.
    pub(super) fn start_log_over(&mut self) -> rusqlite::Result<()> {
        open::write_schema_version(&self.connection)
    }

    /// Lets go of everything that is not stored, after a batch that ended in the middle. What SQLite still holds of it is
    /// undone before the next batch begins.
    pub(super) fn recover(&mut self) {
        self.now = None;
        self.tokens.clear();
        self.working.forget();
    }

    fn mark_ended(&mut self, keys: Vec<Key>, tokens_max: usize) -> Result<usize, RowError> {
        let now = self.begin_batch()?;
        let mut removed = 0;
        for key in keys {
            let place = self.place(&key)?;
            if self.working.item(place).is_some_and(|item| item.ended(now)) {
                self.working.replace(place, None);
                removed += 1;
            }
        }
        sql::drop_tokens(&self.connection, token_period(now) - 1, tokens_max)?;
        Ok(removed)
    }

    fn begin_batch(&mut self) -> Result<Timestamp, RowError> {
        if let Some(now) = self.now {
            return Ok(now);
        }
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        sql::begin(&self.connection)?;
        let now = self.clock.now();
        self.now = Some(now);
        Ok(now)
    }

    fn place(&mut self, key: &Key) -> Result<usize, RowError> {
        if let Some(place) = self.working.place(key) {
            return Ok(place);
        }
        let item = sql::load(&self.connection, key)?;
        Ok(self.working.hold(key.clone(), item))
    }

    fn find_token(&self, now: Timestamp, token: &str) -> Result<Option<Fingerprint>, RowError> {
        match self.tokens.get(token) {
            Some(known) => Ok(Some(*known)),
            None => Ok(sql::find_token(&self.connection, token_period(now), token)?),
        }
    }

    fn store_batch(&mut self, now: Timestamp) -> Result<(), Failure> {
        if let Err(cause) = self.store_rows(now) {
            // What cannot be undone now is undone before the next batch begins.
            let _ = self.connection.execute_batch("ROLLBACK");
            return Err(Failure { cause: cause.to_string(), outcome_unknown: false });
        }
        sql::commit(&self.connection).map_err(|cause| {
            let _ = self.connection.execute_batch("ROLLBACK");
            Failure { cause: cause.to_string(), outcome_unknown: true }
        })
    }

    fn store_rows(&mut self, now: Timestamp) -> rusqlite::Result<()> {
        for (key, item) in self.working.dirty() {
            match item {
                Some(item) => {
                    codec::encode(&item.attributes, &mut self.encoded);
                    sql::store(&self.connection, item, &self.encoded)?;
                    self.pages_written += 1 + self.encoded.len() / PAGE_BYTES;
                }
                None => {
                    sql::remove(&self.connection, key)?;
                    self.pages_written += 1;
                }
            }
        }
        for (token, fingerprint) in &self.tokens {
            sql::keep_token(&self.connection, token_period(now), token, fingerprint)?;
            self.pages_written += 1;
        }
        Ok(())
    }
}

fn token_period(now: Timestamp) -> i64 {
    now.seconds().div_euclid(TOKEN_PERIOD_SECONDS)
}

fn unavailable(cause: RowError) -> WriteError {
    WriteError::Unavailable(cause.into())
}
