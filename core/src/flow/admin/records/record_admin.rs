//! What every operation on records works with.

use super::forms::Form;
use crate::accounting::subject_keys::StoredSubjectKeys;
use crate::auth::cache::PrincipalCache;
use crate::auth::key_listing::KeyFilter;
use crate::auth::key_record::StoredKey;
use crate::auth::records::{Directory, Record, RecordId, RecordKind, RecordStore, RecordStoreError, StoredRecord};
use crate::auth::rights::Actor;
use crate::clock::{Random, Timestamp};
use crate::config::RecordDefaults;
use crate::crypto::subject::{Subject, SubjectKeys};
use crate::flow::admin::error::AdminError;
use crate::flow::admin::keys::key_admin::KeyAdmin;
use serde_json::{Map, Value};
use std::sync::Arc;
use uuid::Builder;

/// Most times a change is tried that meets another of the same record.
const ATTEMPTS_MAX: u32 = 16;

/// The operations on records; each kind stands in a file of its own.
pub struct RecordAdmin {
    pub(super) records: RecordStore,
    pub(super) keys: Arc<KeyAdmin>,
    directory: Arc<Directory>,
    cache: Arc<PrincipalCache>,
    random: Arc<dyn Random>,
    /// The keys that what is kept of users' calls is sealed under.
    subjects: Option<StoredSubjectKeys>,
    /// What new users get where their maker says nothing.
    pub(super) user_defaults: RecordDefaults,
    /// The same of new teams.
    pub(super) team_defaults: RecordDefaults,
}

impl RecordAdmin {
    /// Operations on `records`, and on the `keys` below them. `directory` and `cache` are those that requests are
    /// admitted with, so that a change made here counts at once in this process.
    pub fn new(
        records: RecordStore,
        keys: Arc<KeyAdmin>,
        directory: Arc<Directory>,
        cache: Arc<PrincipalCache>,
        random: Arc<dyn Random>,
    ) -> Self {
        let (user_defaults, team_defaults) = Default::default();
        Self { records, keys, directory, cache, random, subjects: None, user_defaults, team_defaults }
    }

    /// Destroys the keys of users and end users who are deleted, and with them what is kept of their calls.
    pub fn shredding(self, subjects: StoredSubjectKeys) -> Self {
        Self { subjects: Some(subjects), ..self }
    }

    /// Destroys the key of a user or end user.
    pub(super) async fn shred(&self, id: &RecordId) -> Result<(), AdminError> {
        let (Some(subjects), Some(subject)) = (&self.subjects, subject_of(id)) else { return Ok(()) };
        subjects.destroy(&subject).await.map_err(AdminError::Write)
    }

    /// Whether anything is kept of the calls of somebody who may have no record.
    pub(super) async fn has_kept(&self, id: &RecordId) -> bool {
        match (&self.subjects, subject_of(id)) {
            (Some(subjects), Some(subject)) => !matches!(subjects.existing(&subject).await, Ok(None)),
            _ => false,
        }
    }

    /// Gives new users and new teams what their maker does not say otherwise.
    pub fn with_defaults(self, user_defaults: RecordDefaults, team_defaults: RecordDefaults) -> Self {
        Self { user_defaults, team_defaults, ..self }
    }

    /// The record with what was spent below it.
    pub(super) async fn find(&self, id: &RecordId) -> Result<StoredRecord, AdminError> {
        self.records.get(id).await?.ok_or_else(|| AdminError::Missing(id.clone()))
    }

    /// A new record as the fields ask for.
    pub(super) async fn make(
        &self,
        actor: &Actor,
        id: RecordId,
        (form, asked): (&Form, &Map<String, Value>),
        now: Timestamp,
    ) -> Result<StoredRecord, AdminError> {
        let mut record = Record::new(id, now, actor.user_id.as_deref());
        form.apply(asked, &mut record, now)?;
        self.check_new(actor, &record).await?;
        self.check_budget(&record).await?;
        self.create(record).await
    }

    /// Stores a new record.
    pub(super) async fn create(&self, record: Record) -> Result<StoredRecord, AdminError> {
        let done = self.records.create(&record, Vec::new()).await;
        self.changed(&record.id);
        match done {
            Ok(()) => Ok(StoredRecord { record, totals: Default::default() }),
            Err(RecordStoreError::Taken) => Err(AdminError::Taken(record.id)),
            Err(error) => Err(error.into()),
        }
    }

    /// Changes a record to what `change` makes of it, as often as others change it meanwhile.
    pub(super) async fn change(
        &self,
        actor: &Actor,
        id: &RecordId,
        now: Timestamp,
        change: impl Fn(&mut Record) -> Result<(), AdminError>,
    ) -> Result<StoredRecord, AdminError> {
        for _ in 0..ATTEMPTS_MAX {
            let before = self.find(id).await?;
            let mut after = before.record.clone();
            change(&mut after)?;
            self.check_change(actor, &before.record, &after).await?;
            if after.limits.budget_id != before.record.limits.budget_id {
                self.check_budget(&after).await?;
            }
            after.updated_at = now;
            after.updated_by = actor.user_id.clone();
            let done = self.records.update(&before.record, &after).await;
            self.changed(id);
            match done {
                Ok(()) => return Ok(StoredRecord { record: after, totals: before.totals }),
                Err(RecordStoreError::Changed) => {}
                Err(RecordStoreError::NotFound) => return Err(AdminError::Missing(id.clone())),
                Err(error) => return Err(error.into()),
            }
        }
        Err(AdminError::Busy)
    }

    /// Blocks or unblocks a record.
    pub(super) async fn set_blocked(
        &self,
        actor: &Actor,
        id: &RecordId,
        blocked: bool,
        now: Timestamp,
    ) -> Result<StoredRecord, AdminError> {
        self.check_removes(actor, id).await?;
        let done = self.records.set_blocked(id, blocked, actor.user_id.as_deref(), now).await;
        // Also where the outcome is not known: the next request reads the truth.
        self.changed(id);
        match done {
            Err(RecordStoreError::NotFound) => Err(AdminError::Missing(id.clone())),
            Err(error) => Err(error.into()),
            Ok(record) => Ok(StoredRecord { record, totals: self.records.totals(id).await? }),
        }
    }

    /// Removes a record; `None` where there was none.
    pub(super) async fn remove(&self, id: &RecordId) -> Result<Option<StoredRecord>, AdminError> {
        self.shred(id).await?;
        let Some(stored) = self.records.get(id).await? else { return Ok(None) };
        let done = self.records.delete(&stored.record, Vec::new()).await;
        self.changed(id);
        match done {
            Ok(()) => Ok(Some(stored)),
            Err(RecordStoreError::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// All records of a kind, in order of creation.
    pub(super) async fn all(&self, kind: RecordKind) -> Result<Vec<StoredRecord>, AdminError> {
        let mut found = Vec::new();
        for listing in self.records.list(kind).await? {
            // One deleted since it was listed is left out.
            found.extend(self.records.get(&listing.id(kind)).await?);
        }
        Ok(found)
    }

    /// The keys that a filter admits, oldest first.
    pub(super) async fn keys_of(&self, filter: &KeyFilter) -> Result<Vec<StoredKey>, AdminError> {
        let mut found = Vec::new();
        for listing in self.keys.keys.list(filter).await?.iter().rev() {
            found.extend(self.keys.load(&listing.hash).await?);
        }
        Ok(found)
    }

    /// Makes this process forget what it knew of a record, and of the callers below it.
    pub(super) fn changed(&self, id: &RecordId) {
        self.directory.forget(id);
        match id {
            RecordId::Of(RecordKind::Customer | RecordKind::Tag, _) => {}
            RecordId::Of(RecordKind::Team | RecordKind::User | RecordKind::Organization | RecordKind::Budget, _)
            | RecordId::Member { .. } => self.cache.invalidate_all(),
        }
    }

    /// Makes this process read every caller anew.
    pub(super) fn forget_callers(&self) {
        self.cache.invalidate_all();
    }

    /// A new id, for who names none.
    pub(super) fn new_id(&self) -> Result<String, AdminError> {
        let mut bytes = [0; 16];
        self.random.fill(&mut bytes)?;
        Ok(Builder::from_random_bytes(bytes).into_uuid().to_string())
    }

    async fn check_budget(&self, record: &Record) -> Result<(), AdminError> {
        match record.limits.budget_id.as_deref() {
            Some(id) => self.keys.check_budget(id).await,
            None => Ok(()),
        }
    }
}

/// Whose key goes with a record.
fn subject_of(id: &RecordId) -> Option<Subject> {
    match id {
        RecordId::Of(RecordKind::User, _) => Some(Subject::User(id.name().to_owned())),
        RecordId::Of(RecordKind::Customer, _) => Some(Subject::EndUser(id.name().to_owned())),
        RecordId::Of(RecordKind::Team | RecordKind::Organization | RecordKind::Budget | RecordKind::Tag, _)
        | RecordId::Member { .. } => None,
    }
}
