//! Keys that are replaced on a schedule (`auto_rotate`, `rotation_interval`). The new secret goes to the secret manager, as
//! nobody else is told it; the one before goes on for a tenth of the interval, a day at most, so that whoever reads the
//! manager now and then never holds a secret that has ended.

use super::key_admin::KeyAdmin;
use super::schedule::{AUTO_ROTATE, INTERVAL, is_on, with_secret};
use crate::auth::key_listing::{KEY_ROTATION_AT, KeyPage, rotates_at};
use crate::auth::key_record::KeyRecord;
use crate::auth::key_store::KeyStoreError;
use crate::calendar::{DAY_MILLIS, rfc3339};
use crate::clock::Timestamp;
use crate::duration::Duration;
use crate::flow::admin::error::AdminError;
use crate::id::KeyHash;
use crate::secret::Secret;
use crate::store::table::ReadError;
use serde_json::Value;

/// Parts of an interval for which the secret before goes on: one.
const GRACE_PARTS: i64 = 10;

impl KeyAdmin {
    /// That somebody is told the new secrets of a key that is replaced on a schedule.
    ///
    /// # Errors
    /// [`AdminError::Unsupported`].
    pub(super) fn check_rotation(&self, record: &KeyRecord) -> Result<(), AdminError> {
        let reason = "nobody would be told the new key: set `key_management_settings.store_virtual_keys` with a \
                      `key_management_system` that may be written, or call /key/regenerate with a `grace_period`";
        match is_on(record) && self.stored.is_none() {
            true => Err(AdminError::Unsupported { field: AUTO_ROTATE, reason }),
            false => Ok(()),
        }
    }

    /// The next `limit` keys of the list behind the position `after`, which says whose turn comes when.
    ///
    /// # Errors
    /// As [`Table::query`](crate::store::table::Table::query).
    pub async fn page(&self, after: Option<String>, limit: usize) -> Result<KeyPage, ReadError> {
        self.keys.page(after, limit).await
    }

    /// Replaces the secret of a key whose turn has come. Whether it did: not where others have, or where nobody would be
    /// told.
    ///
    /// # Errors
    /// [`AdminError::NotStored`]: the manager does not take it, and the key is as it was. Those of the store.
    pub async fn rotate(&self, hash: &KeyHash, now: Timestamp) -> Result<bool, AdminError> {
        let Some(before) = self.load(hash).await?.map(|stored| stored.record) else { return Ok(false) };
        let every = before.document.get(INTERVAL).and_then(Value::as_str);
        let (Some(due), Some(every)) = (rotates_at(&before), every) else { return Ok(false) };
        if due > now || before.is_expired(now) || self.stored.is_none() {
            return Ok(false);
        }
        let every = Duration::parse(every)?;
        let key = self.chosen_or_new_key(None)?;
        let mut after = before.clone();
        with_secret(&mut after, &key, now);
        after.document.insert(KEY_ROTATION_AT.to_owned(), rfc3339(every.after(now)).into());
        let grace = (every.seconds_from(now) * 1_000 / GRACE_PARTS).min(DAY_MILLIS);
        match self.swap_secret(&before, &after, &key, Some(now.plus_millis(grace))).await {
            Err(AdminError::Busy) => Ok(false),
            done => done.map(|()| true),
        }
    }

    /// Stores a record with another secret, and tells the secret manager. The one before goes on until `until`.
    pub(super) async fn swap_secret(
        &self,
        before: &KeyRecord,
        after: &KeyRecord,
        key: &Secret,
        until: Option<Timestamp>,
    ) -> Result<(), AdminError> {
        let done = self.keys.replace_secret(before, after, until).await;
        self.cache.invalidate(&after.hash);
        done.map_err(|error| match error {
            KeyStoreError::Changed => AdminError::Busy,
            other => other.into(),
        })?;
        self.keep(before, after, key).await
    }

    /// Tells the secret manager of a new secret. Where it does not take it, the key is as it was: nobody has seen the
    /// new one.
    async fn keep(&self, before: &KeyRecord, after: &KeyRecord, key: &Secret) -> Result<(), AdminError> {
        let Some(stored) = &self.stored else { return Ok(()) };
        let Err(error) = stored.store(after, key).await else { return Ok(()) };
        self.keys.restore_secret(after, before).await?;
        self.cache.invalidate(&after.hash);
        Err(AdminError::NotStored(error))
    }
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests {
    use super::*;
    use crate::auth::cache::PrincipalCache;
    use crate::auth::key_store::KeyStore;
    use crate::auth::records::RecordStore;
    use crate::auth::rights::{Actor, Scope};
    use crate::clock::{Clock, ManualClock, SystemRandom};
    use crate::crypto::key_hash;
    use crate::flow::admin::keys::stored_keys::StoredKeys;
    use crate::flow::maintenance::{Event, Maintenance};
    use crate::principal::{Principal, Role};
    use crate::secrets::{SecretError, SecretKeeper};
    use crate::store::embedded::EmbeddedTable;
    use crate::store::table::Table;
    use async_trait::async_trait;
    use serde_json::json;
    use std::sync::{Arc, Mutex};

    const NOW: Timestamp = Timestamp::from_millis(1_763_700_000_000);
    const HOUR: i64 = 3_600_000;

    /// A manager that keeps the last secret, or is down.
    #[derive(Default)]
    struct Kept(Mutex<(Option<String>, bool)>);

    #[async_trait]
    impl SecretKeeper for Kept {
        async fn write(&self, _: &str, value: &Secret) -> Result<(), SecretError> {
            let mut kept = self.0.lock().unwrap();
            if kept.1 {
                return Err(SecretError::Unavailable { name: String::new(), cause: "down".into() });
            }
            kept.0 = Some(value.expose().to_owned());
            Ok(())
        }

        async fn delete(&self, _: &str) -> Result<(), SecretError> {
            Ok(())
        }
    }

    struct World {
        keys: Arc<KeyAdmin>,
        kept: Arc<Kept>,
        clock: Arc<ManualClock>,
        jobs: Maintenance,
        store: KeyStore,
    }

    fn world(stores: bool) -> World {
        let clock = Arc::new(ManualClock::at(NOW));
        let table: Arc<dyn Table> = Arc::new(EmbeddedTable::in_memory(clock.clone()).unwrap());
        let (store, records) = (KeyStore::new(table.clone()), RecordStore::new(table.clone()));
        let cache = Arc::new(PrincipalCache::new(0, 10));
        let keys = KeyAdmin::new(store.clone(), records, cache, Arc::new(SystemRandom));
        let kept = Arc::new(Kept::default());
        let keeper: Arc<dyn SecretKeeper> = kept.clone();
        let stored = stores.then(|| StoredKeys::new(keeper, Box::new(str::to_owned)));
        let keys = Arc::new(keys.storing(stored));
        let jobs = Maintenance::new(table, None, None, clock.clone());
        jobs.rotating(Arc::clone(&keys));
        World { keys, kept, clock, jobs, store }
    }

    impl World {
        async fn made(&self) -> Result<Value, AdminError> {
            let actor = Actor::new(Arc::new(Principal::bare(Role::Master, key_hash::hash("m"))), Scope::everything());
            let body = json!({"auto_rotate": true, "rotation_interval": "10h", "key_alias": "nightly"});
            self.keys.generate(&actor, body.to_string().as_bytes(), self.clock.now()).await
        }

        /// How many keys a run of the job replaces, and passes over.
        async fn run(&self) -> (u64, u64) {
            let event = Event::read(&json!({"task": "key_rotation"})).unwrap();
            let report = self.jobs.run(&event, self.clock.now().plus_millis(60_000)).await;
            (report.jobs[0].done, report.jobs[0].passed_over)
        }

        fn kept(&self) -> String {
            self.kept.0.lock().unwrap().0.clone().unwrap()
        }

        async fn opens(&self, secret: &str) -> bool {
            let presented = self.store.presented(&key_hash::hash(secret)).await.unwrap();
            presented.is_some_and(|presented| presented.until.is_none_or(|until| until > self.clock.now()))
        }
    }

    #[tokio::test]
    async fn a_key_is_replaced_when_its_turn_comes_and_the_manager_is_told() {
        let world = world(true);
        let first = world.made().await.unwrap()["key"].as_str().unwrap().to_owned();
        assert_eq!(world.run().await, (0, 0), "it is not its turn");
        world.clock.advance_millis(10 * HOUR);
        assert_eq!(world.run().await, (1, 0));
        let second = world.kept();
        assert_ne!(second, first);
        assert!(world.opens(&second).await && world.opens(&first).await, "the one before goes on for an hour");
        assert_eq!(world.run().await, (0, 0), "once a turn");
        world.clock.advance_millis(HOUR);
        assert!(world.opens(&second).await && !world.opens(&first).await);
        world.clock.advance_millis(9 * HOUR);
        assert_eq!(world.run().await, (1, 0));
        let hash = key_hash::hash(&first);
        let record = world.store.get(&hash).await.unwrap().unwrap().record;
        assert_eq!(record.document["rotation_count"], 2);
        assert_eq!(rotates_at(&record), Some(NOW.plus_millis(30 * HOUR)));
    }

    #[tokio::test]
    async fn a_manager_that_is_down_leaves_the_key_as_it_was() {
        let world = world(true);
        let first = world.made().await.unwrap()["key"].as_str().unwrap().to_owned();
        world.clock.advance_millis(10 * HOUR);
        world.kept.0.lock().unwrap().1 = true;
        assert_eq!(world.run().await, (0, 1));
        assert!(world.opens(&first).await);
        world.kept.0.lock().unwrap().1 = false;
        assert_eq!(world.run().await, (1, 0), "its turn comes again");
        assert!(world.opens(&world.kept()).await);
    }

    #[tokio::test]
    async fn nobody_who_is_told_no_schedule() {
        let refused = world(false).made().await.unwrap_err();
        assert!(matches!(refused, AdminError::Unsupported { field: AUTO_ROTATE, .. }), "{refused}");
    }
}
