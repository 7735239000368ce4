//! Keys for those who have signed in: a user's own, for a day.

use super::fields;
use super::key_admin::KeyAdmin;
use crate::auth::key_listing::KeyFilter;
use crate::auth::key_record::KeyRecord;
use crate::clock::Timestamp;
use crate::crypto::key_hash;
use crate::flow::admin::error::AdminError;
use crate::money::NanoDollars;
use crate::secret::Secret;
use serde_json::{Map, Value, json};
use std::error::Error;

/// How long such a key lives, in milliseconds, and as keys are asked for.
pub const SESSION_MILLIS: i64 = 24 * 60 * 60 * 1000;
const SESSION: &str = "24h";
/// The member of its metadata that says what for.
const SESSION_OF: &str = "session";
const BROWSER: &str = "sso";
const COMMAND_LINE: &str = "litellm-cli";
const SESSIONS: [&str; 2] = [BROWSER, COMMAND_LINE];

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionOf<'s> {
    /// A browser, which may spend so much.
    Browser(NanoDollars),
    /// A command line, for one of the user's teams.
    CommandLine(Option<&'s str>),
}

impl KeyAdmin {
    /// Makes a key for a session of a user. It may do what the user's record says, and is in no secret manager.
    ///
    /// # Errors
    /// [`AdminError::NoEntropy`] and those of the store.
    pub async fn generate_for_session(
        &self,
        user: &str,
        session: SessionOf<'_>,
        now: Timestamp,
    ) -> Result<Secret, AdminError> {
        let mut key = key_hash::generate(self.random.as_ref())?;
        if let SessionOf::CommandLine(_) = session {
            // LiteLLM's command line shows the first twenty characters.
            let more = key_hash::generate(self.random.as_ref())?;
            let more = more.expose().trim_start_matches(key_hash::KEY_PREFIX);
            key = Secret::new(format!("{}{more}", key.expose()));
        }
        let name = key_hash::abbreviate(key.expose());
        let mut record = KeyRecord::new(key_hash::hash(key.expose()), name, now, Some(user));
        let asked = match session {
            SessionOf::Browser(budget) => json!({"max_budget": budget.dollars(), "metadata": {SESSION_OF: BROWSER}}),
            SessionOf::CommandLine(_) => json!({"metadata": {SESSION_OF: COMMAND_LINE}}),
        };
        let mut asked: Map<String, Value> = asked.as_object().cloned().unwrap_or_default();
        asked.insert("duration".to_owned(), SESSION.into());
        fields::apply(&asked, &mut record, now)?;
        record.key_type = Some("default".to_owned());
        record.user_id = Some(user.to_owned());
        if let SessionOf::CommandLine(team) = session {
            record.team_id = team.map(str::to_owned);
        }
        self.keys.create(&record, NanoDollars::ZERO).await?;
        if let Err(error) = self.forget_sessions(user, now).await {
            tracing::warn!(error = &error as &dyn Error, user, "keys of sessions that are over are still there");
        }
        Ok(key)
    }

    /// Removes the keys of a user's sessions that are over: they would become more with each sign-in.
    async fn forget_sessions(&self, user: &str, now: Timestamp) -> Result<(), AdminError> {
        let own = KeyFilter { user_id: Some(user.to_owned()), ..KeyFilter::default() };
        for listing in self.keys.list(&own).await? {
            let Some(stored) = self.load(&listing.hash).await? else { continue };
            let of = stored.record.metadata.get(SESSION_OF).and_then(Value::as_str);
            if of.is_some_and(|of| SESSIONS.contains(&of)) && stored.record.is_expired(now) {
                self.keys.delete(&stored.record).await?;
                self.cache.invalidate(&listing.hash);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests {
    use super::*;
    use crate::auth::cache::PrincipalCache;
    use crate::auth::key_store::KeyStore;
    use crate::auth::records::RecordStore;
    use crate::clock::{ManualClock, SystemRandom};
    use crate::store::embedded::EmbeddedTable;
    use crate::store::table::Table;
    use std::sync::Arc;

    const NOW: Timestamp = Timestamp::from_seconds(1_763_700_000);

    #[tokio::test]
    async fn keys_of_sessions_go_when_they_are_over_and_others_stay() {
        let table: Arc<dyn Table> = Arc::new(EmbeddedTable::in_memory(Arc::new(ManualClock::at(NOW))).unwrap());
        let (store, records) = (KeyStore::new(Arc::clone(&table)), RecordStore::new(table));
        let cache = Arc::new(PrincipalCache::new(1_000, 10));
        let keys = KeyAdmin::new(store, records, cache, Arc::new(SystemRandom));
        let browser = SessionOf::Browser(NanoDollars::from_dollars(10.0));
        let first = keys.generate_for_session("u", browser, NOW).await.unwrap();
        let other = keys.generate_for_session("v", browser, NOW).await.unwrap();
        let mut own = KeyRecord::new(key_hash::hash("sk-own"), String::new(), NOW, None);
        (own.user_id, own.expires) = (Some("u".to_owned()), Some(NOW));
        keys.keys.create(&own, NanoDollars::ZERO).await.unwrap();
        let later = NOW.plus_millis(SESSION_MILLIS);
        let line = keys.generate_for_session("u", SessionOf::CommandLine(Some("t")), later).await.unwrap();
        assert!(keys.load(&key_hash::hash(first.expose())).await.unwrap().is_none());
        for key in ["sk-own", other.expose(), line.expose()] {
            assert!(keys.load(&key_hash::hash(key)).await.unwrap().is_some());
        }
        let made = keys.load(&key_hash::hash(line.expose())).await.unwrap().unwrap().record;
        assert_eq!((made.team_id.as_deref(), made.expires), (Some("t"), Some(later.plus_millis(SESSION_MILLIS))));
    }
}
