//! `GET /user/{user_id}` and `GET /customer/export`: all that is stored about a person, as one document.

use super::audit::AuditAdmin;
use super::error::{AdminError, Problem};
use super::params::Params;
use super::records::record_admin::RecordAdmin;
use super::spend::spend_admin::SpendAdmin;
use crate::accounting::erasure::Person;
use crate::auth::rights::Actor;
use crate::calendar::{self, DAY_MILLIS, rfc3339};
use crate::clock::Timestamp;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Most calls in one document.
const CALLS_MAX: usize = 50_000;

/// Days that are looked back for calls of an end user, who may have no record that says since when there are some.
const LOOK_BACK_DAYS: i64 = 366;

/// What is known of people.
pub struct PersonAdmin {
    /// Who they are.
    pub records: Arc<RecordAdmin>,
    /// What they did.
    pub spend: Arc<SpendAdmin>,
    /// What was done to their records, and by them.
    pub audit: Arc<AuditAdmin>,
}

impl PersonAdmin {
    /// All about a user: record, keys, memberships, invitations, calls (with what is kept of them), consent given with calls,
    /// and the record of changes. Of more than 50,000 calls the newest; `calls_until` of the answer, as the parameter of that
    /// name, gives the next. Calls since the account was made, or since `calls_since`.
    ///
    /// # Errors
    /// [`AdminError::Missing`], [`AdminError::Forbidden`], the mistakes of parameters.
    pub async fn export(&self, actor: &Actor, id: &str, params: &Params, now: Timestamp) -> Result<Value, AdminError> {
        let mut person = self.records.person(actor, id).await?;
        let made = made_at(&person, "user");
        self.add_calls(&mut person, &Person::User(id.to_owned()), (params, made), now).await?;
        person.insert("audit_logs".to_owned(), self.audit.about(id).await?);
        Ok(person.into())
    }

    /// The same of the end user of the parameter `end_user_id`, who need not have a record.
    ///
    /// # Errors
    /// As [`PersonAdmin::export`].
    pub async fn export_end_user(&self, params: &Params, now: Timestamp) -> Result<Value, AdminError> {
        let id = params.text("end_user_id").ok_or_else(|| Problem::missing(&["query", "end_user_id"]))?;
        let mut person = self.records.end_user(id).await?;
        self.add_calls(&mut person, &Person::EndUser(id.to_owned()), (params, None), now).await?;
        person.insert("audit_logs".to_owned(), self.audit.about(id).await?);
        Ok(person.into())
    }

    async fn add_calls(
        &self,
        person: &mut Map<String, Value>,
        whose: &Person,
        (params, made_at): (&Params, Option<Timestamp>),
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let until = params.time("calls_until")?.map_or(now, |(at, _)| at);
        let unsaid = made_at.unwrap_or_else(|| now.plus_millis(-LOOK_BACK_DAYS * DAY_MILLIS));
        let since = params.time("calls_since")?.map_or(unsaid, |(at, _)| at);
        let (calls, more) = self.spend.calls_of(whose, (since, until), CALLS_MAX).await?;
        let consents: Vec<Value> = calls.iter().filter_map(consent).collect();
        person.insert("exported_at".to_owned(), rfc3339(now).into());
        person.insert("consents".to_owned(), consents.into());
        person.insert("calls".to_owned(), calls.into());
        person.insert("calls_since".to_owned(), rfc3339(since).into());
        person.insert("calls_until".to_owned(), more.map_or(Value::Null, |at| rfc3339(at).into()));
        Ok(())
    }
}

/// When an account was made.
fn made_at(person: &Map<String, Value>, record: &str) -> Option<Timestamp> {
    person.get(record)?.get("created_at").and_then(Value::as_str).and_then(calendar::parse)
}

/// What a call says of consent (`metadata.user_consent`, `metadata.consent_date`).
fn consent(call: &Value) -> Option<Value> {
    let told = call.pointer("/metadata/spend_logs_metadata")?;
    let said = told.get("user_consent")?;
    let date = told.get("consent_date");
    Some(json!({"request_id": call.get("request_id"), "at": call.get("startTime"), "user_consent": said,
        "consent_date": date}))
}
