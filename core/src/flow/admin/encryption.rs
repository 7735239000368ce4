//! `/credentials/migrate-encryption`: everything that is sealed under another key, or in another form, than it would be
//! now is counted, or sealed anew at once instead of by maintenance. Values stay readable before, while and after.

use super::error::{AdminError, Problem};
use super::params::Params;
use crate::auth::rights::Actor;
use crate::calendar;
use crate::clock::Timestamp;
use crate::crypto::resealed::{Resealed, Work};
use crate::crypto::{SealError, Sealer};
use crate::flow::resealable::{Position, Resealable};
use crate::store::documents::Documents;
use crate::store::table::Table;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The list that says when somebody asked for it last, so that the record of changes tells.
pub const LIST: &str = "ENCRYPTION";
/// The one entry of the list.
const NAME: &str = "migrate_encryption";

/// Entries looked at before the place is told where to go on: some seconds' work where each has a data key of its own.
const EXAMINED_MAX: u64 = 1_000;
/// Entries read at a time.
const PAGE: usize = 50;

/// The parameter that says where to go on.
pub const AFTER: &str = "after";
/// The parameter that asks for the count alone.
pub const DRY_RUN: &str = "dry_run";

/// The operations on what is sealed.
pub struct EncryptionAdmin {
    sealed: Resealable,
    sealer: Sealer,
    asked: Documents,
}

/// What came of each kind of entries, in the order in which they are walked.
#[derive(Default)]
struct Report(Vec<(&'static str, Resealed)>);

impl EncryptionAdmin {
    /// Operations on what `sealer` seals. That somebody asked for them is kept in `table`.
    pub fn new(sealed: Resealable, sealer: Sealer, table: Arc<dyn Table>) -> Self {
        Self { sealed, sealer, asked: Documents::new(table, LIST) }
    }

    /// Seals anew what is sealed otherwise than it would be now; with `dry_run` counts it. Where there is more than one
    /// call does, the answer's `next`, sent as `after`, goes on.
    ///
    /// # Errors
    /// [`AdminError::Sealing`] where there is no key to seal with; the mistakes of parameters; those of the store.
    pub async fn migrate(&self, actor: &Actor, params: &Params, now: Timestamp) -> Result<Value, AdminError> {
        let dry_run = params.flag(DRY_RUN)?.unwrap_or(false);
        let work = if dry_run { Work::Count } else { Work::Seal };
        let from = position(params)?;
        if work == Work::Seal {
            if !self.sealer.can_seal() {
                return Err(AdminError::Sealing(SealError::NoKey));
            }
            self.note(actor, &from, now).await?;
        }
        let report = self.walk(from, work).await?;
        Ok(json!({"status": "success", "dry_run": dry_run, "report": report}))
    }

    /// Counts what is sealed otherwise than it would be now.
    ///
    /// # Errors
    /// The mistakes of parameters; those of the store.
    pub async fn check(&self, params: &Params) -> Result<Value, AdminError> {
        let report = self.walk(position(params)?, Work::Count).await?;
        Ok(json!({"status": "success", "report": report}))
    }

    async fn walk(&self, mut at: Position, work: Work) -> Result<Value, AdminError> {
        let (mut report, mut examined, is_part) = (Report::default(), 0, at != Position::default());
        while examined < EXAMINED_MAX {
            let Some((location, page)) = self.sealed.next(&at, PAGE, work).await? else {
                return Ok(report.told(is_part, None));
            };
            examined += page.examined;
            at.advance(page.next.clone());
            report.add(location.name(), page);
        }
        Ok(report.told(true, Some(&at)))
    }

    /// Leaves word of who asked, before anything is done.
    async fn note(&self, actor: &Actor, from: &Position, now: Timestamp) -> Result<(), AdminError> {
        let value = json!({"asked_at": calendar::rfc3339(now), "asked_by": actor.user_id, "from": from.to_string()});
        let value: Map<String, Value> = value.as_object().cloned().unwrap_or_default();
        match self.asked.get(NAME).await? {
            None => self.asked.create(NAME, value).await?,
            Some(before) => self.asked.replace(&before, value).await?,
        };
        Ok(())
    }
}

impl Report {
    fn add(&mut self, name: &'static str, page: Resealed) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => known.add(page),
            None => self.0.push((name, page)),
        }
    }

    /// In LiteLLM's words. What could not be judged counts as old, so that nothing is vouched for that nobody knows,
    /// and of a part nothing is vouched for the whole.
    fn told(&self, is_part: bool, next: Option<&Position>) -> Value {
        let old: u64 = self.0.iter().map(|(_, counts)| counts.old + counts.failed).sum();
        let closed: u64 = self.0.iter().map(|(_, counts)| counts.closed).sum();
        let locations: Map<String, Value> =
            self.0.iter().map(|(name, counts)| ((*name).to_owned(), told(counts))).collect();
        json!({
            "residual_legacy": (!is_part).then_some(old),
            "total_undecryptable": closed,
            "locations": locations,
            "is_complete": next.is_none(),
            "next": next.map(ToString::to_string),
        })
    }
}

fn told(counts: &Resealed) -> Value {
    let Resealed { examined, old, done, plain, closed, failed, .. } = counts;
    let current = examined.saturating_sub(old + done + plain + closed + failed);
    json!({
        "scanned": examined,
        "migrated": done,
        "already_v2": current,
        "plaintext": plain,
        "undecryptable": closed,
        "legacy": old + failed,
    })
}

fn position(params: &Params) -> Result<Position, AdminError> {
    let Some(text) = params.text(AFTER) else { return Ok(Position::default()) };
    let place = vec!["query".into(), AFTER.into()];
    let message = "must be what an answer gave as `next`";
    Position::parse(text).ok_or_else(|| Problem::new("value_error", place, message.to_owned()).into())
}
