//! What every operation on spend works with.

use crate::accounting::spend_log::SpendLog;
use crate::accounting::spend_query::{SPAN_DAYS_MAX, SpendQuery};
use crate::accounting::subject_keys::StoredSubjectKeys;
use crate::auth::key_store::KeyStore;
use crate::calendar::DAY_MILLIS;
use crate::clock::Timestamp;
use crate::crypto::key_hash;
use crate::flow::admin::error::AdminError;
use crate::flow::admin::params::Params;
use crate::flow::model_call::ProviderBudgets;

/// Days looked back where the caller gives no start and rows are kept for ever.
const LOOK_BACK_DAYS: i64 = 30;

/// The operations on spend; each family stands in a file of its own.
pub struct SpendAdmin {
    pub(super) log: SpendLog,
    pub(super) keys: KeyStore,
    /// Opens what is kept of calls.
    pub(super) subjects: Option<StoredSubjectKeys>,
    pub(super) provider_budgets: Option<ProviderBudgets>,
}

/// The rows that parameters ask for.
pub(super) struct Asked {
    /// Which rows. `None`: no row can be meant.
    pub(super) query: Option<SpendQuery>,
    /// Whether the parameters name both ends of the span.
    pub(super) has_span: bool,
    /// Whether both are whole days.
    pub(super) is_of_days: bool,
}

impl SpendAdmin {
    /// Operations on the rows of `log`, paid by the keys of `keys`.
    pub fn new(log: SpendLog, keys: KeyStore) -> Self {
        Self { log, keys, subjects: None, provider_budgets: None }
    }

    /// Shows what is kept of calls, as far as these keys open it.
    pub fn showing(self, subjects: StoredSubjectKeys) -> Self {
        Self { subjects: Some(subjects), ..self }
    }

    /// Tells of these budgets too.
    pub fn telling_of(self, budgets: ProviderBudgets) -> Self {
        Self { provider_budgets: Some(budgets), ..self }
    }

    /// The parameters with the token of the key that `api_key` means: a key that was replaced is known by its first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn named_by_token(&self, params: &Params) -> Result<Params, AdminError> {
        let named = match params.text("api_key").and_then(key_hash::hash_if_needed) {
            Some(hash) => self.keys.meant(&hash).await?,
            None => None,
        };
        let params = params.clone();
        Ok(match named {
            Some(stored) => params.with("api_key", stored.record.hash.as_str()),
            None => params,
        })
    }

    /// Reads `start_date`, `end_date`, `api_key`, `user_id` and `team_id`. An end that is a day means all of it.
    pub(super) fn asked(&self, params: &Params, now: Timestamp) -> Result<Asked, AdminError> {
        let (start, end) = (params.time("start_date")?, params.time("end_date")?);
        let until = match end {
            Some((midnight, true)) => midnight.plus_millis(DAY_MILLIS - 1),
            Some((at, false)) => at,
            None => now,
        };
        // Nothing can have arrived later than now; a day is left for clocks that differ.
        let until = until.min(now.plus_millis(DAY_MILLIS));
        let from = start.map_or_else(|| until.plus_millis(-self.look_back_days() * DAY_MILLIS), |(at, _)| at);
        let mut query = SpendQuery::span(from, until);
        query.user_id = params.text("user_id").map(str::to_owned);
        query.team_id = params.text("team_id").map(str::to_owned);
        let has_span = start.is_some() && end.is_some();
        let is_of_days = [start, end].iter().all(|end| end.is_some_and(|(_, is_day)| is_day));
        match params.text("api_key").map(key_hash::hash_if_needed) {
            Some(None) => Ok(Asked { query: None, has_span, is_of_days }),
            key => Ok(Asked { query: Some(SpendQuery { key: key.flatten(), ..query }), has_span, is_of_days }),
        }
    }

    pub(super) fn look_back_days(&self) -> i64 {
        self.log.retention_days().map_or(LOOK_BACK_DAYS, i64::from).min(SPAN_DAYS_MAX)
    }
}
