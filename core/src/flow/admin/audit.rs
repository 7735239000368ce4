//! `/audit`: who changed what. The log is written by the table itself (`crate::audit`); here it is told which items are
//! objects, and shown.

use super::encryption;
use super::error::AdminError;
use super::params::Params;
use crate::audit::log::{AuditLog, Chain, Wanted};
use crate::audit::{Entry, Object};
use crate::auth::key_mappings;
use crate::calendar::{self, DAY_MILLIS};
use crate::crypto::key_hash;
use crate::store::item::Key;
use serde_json::{Value, json};

/// Most records of one page.
const PAGE_SIZE_MAX: u64 = 1_000;

/// Partitions that begin so, with the rest as the object's id: the kind in LiteLLM's words.
const BY_PREFIX: [(&str, &str); 8] = [
    ("KEY#", "LiteLLM_VerificationToken"),
    ("TEAM#", "LiteLLM_TeamTable"),
    ("USER#", "LiteLLM_UserTable"),
    ("ORG#", "LiteLLM_OrganizationTable"),
    ("BUDGET#", "LiteLLM_BudgetTable"),
    ("CUSTOMER#", "LiteLLM_EndUserTable"),
    ("TAG#", "LiteLLM_TagTable"),
    ("ORG_MEMBERS#", "LiteLLM_OrganizationMembership"),
];

/// Lists of documents, with the document's name as the object's id.
const BY_LIST: [(&str, &str); 7] = [
    ("MODELS", "LiteLLM_ProxyModelTable"),
    ("CREDENTIALS", "LiteLLM_CredentialsTable"),
    ("INVITATIONS", "LiteLLM_InvitationLink"),
    ("RECORD_DEFAULTS", "LiteLLM_Config"),
    ("CONFIG", "LiteLLM_Config"),
    (encryption::LIST, "LiteLLM_Config"),
    (key_mappings::LIST, "LiteLLM_JWTKeyMapping"),
];

/// Items of an object's partition that only serve others: what a hash opens, and notes of what a user is in.
const NO_OBJECTS: [&str; 2] = ["SECRET", "TEAM#"];

const MEMBERS: &str = "MEMBER#";
const MEMBERSHIP: &str = "LiteLLM_TeamMembership";

/// Which object an item is.
pub fn object(key: &Key) -> Option<Object> {
    let Key { partition, sort } = key;
    if let Some((_, kind)) = BY_LIST.iter().find(|(list, _)| list == partition) {
        return Some(Object { kind, id: sort.clone() });
    }
    if NO_OBJECTS.iter().any(|name| sort.starts_with(name)) {
        return None;
    }
    let (prefix, kind) = BY_PREFIX.iter().find(|(prefix, _)| partition.starts_with(prefix))?;
    let id = partition.strip_prefix(prefix)?;
    // A member's limits and its totals.
    let member = sort.strip_prefix(MEMBERS).or_else(|| sort.split_once('#').map(|(_, user)| user));
    match (*kind, member) {
        ("LiteLLM_TeamTable", Some(user)) => Some(Object { kind: MEMBERSHIP, id: format!("{id}/{user}") }),
        ("LiteLLM_OrganizationMembership", _) => Some(Object { kind, id: format!("{id}/{sort}") }),
        (kind, _) => Some(Object { kind, id: id.to_owned() }),
    }
}

/// What administrators ask of the log.
pub struct AuditAdmin {
    log: AuditLog,
}

impl AuditAdmin {
    /// Shows this log.
    pub fn new(log: AuditLog) -> Self {
        Self { log }
    }

    /// Records page by page, the latest first, filtered by `changed_by`, `changed_by_api_key`, `action`, `table_name`,
    /// `object_id`, `object_key_hash`, `object_team_id`, `start_date` and `end_date`; `sort_order=asc` turns them around.
    ///
    /// # Errors
    /// The mistakes of parameters; those of the store.
    pub async fn list(&self, params: &Params) -> Result<Value, AdminError> {
        let page = params.number("page", 1, 1..=u64::MAX)?;
        let page_size = params.number("page_size", 10, 1..=PAGE_SIZE_MAX)?;
        let mut entries = self.log.list(&wanted(params)?).await?;
        if params.text("sort_order") == Some("asc") {
            entries.reverse();
        }
        let total = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        let skipped = usize::try_from((page - 1).saturating_mul(page_size)).unwrap_or(usize::MAX);
        let taken = usize::try_from(page_size).unwrap_or(usize::MAX);
        let shown: Vec<Value> = entries.iter().skip(skipped).take(taken).map(shown).collect();
        let total_pages = total.div_ceil(page_size);
        Ok(
            json!({"audit_logs": shown, "total": total, "page": page, "page_size": page_size, "total_pages": total_pages}),
        )
    }

    /// Every record of changes of one object, and of changes that a user of this id made.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn about(&self, id: &str) -> Result<Value, AdminError> {
        let of = |object: Option<&str>, user: Option<&str>| Wanted {
            object: object.map(str::to_owned),
            user: user.map(str::to_owned),
            ..Wanted::default()
        };
        let mut entries = self.log.list(&of(Some(id), None)).await?;
        entries.extend(self.log.list(&of(None, Some(id))).await?);
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.number));
        entries.dedup_by_key(|entry| entry.number);
        Ok(entries.iter().map(shown).collect())
    }

    /// One record.
    ///
    /// # Errors
    /// [`AdminError::NoSuchAuditLog`]; those of the store.
    pub async fn entry(&self, id: &str) -> Result<Value, AdminError> {
        let missing = || AdminError::NoSuchAuditLog(id.to_owned());
        let number = id.parse::<i64>().ok().filter(|number| *number > 0).ok_or_else(missing)?;
        self.log.entry(number).await?.as_ref().map(shown).ok_or_else(missing)
    }

    /// Whether the log is whole.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn verify(&self) -> Result<Value, AdminError> {
        Ok(match self.log.verify().await? {
            Chain::Whole(records) => json!({"intact": true, "records": records}),
            Chain::Broken { number, fault } => json!({"intact": false, "id": number.to_string(), "fault": fault}),
        })
    }
}

fn wanted(params: &Params) -> Result<Wanted, AdminError> {
    let text = |name: &str| params.text(name).map(str::to_owned);
    let hash = |name: &str| {
        let of = |key: &str| key_hash::hash_if_needed(key).map_or(key.to_owned(), |hash| hash.as_str().to_owned());
        params.text(name).map(of)
    };
    let end = params.time("end_date")?;
    Ok(Wanted {
        user: text("changed_by"),
        key: hash("changed_by_api_key"),
        action: text("action"),
        kind: text("table_name"),
        object: text("object_id").or(hash("object_key_hash")).or(text("object_team_id")),
        from: params.time("start_date")?.map(|(from, _)| from),
        // The whole of a day.
        to: end.map(|(to, is_day)| if is_day { to.plus_millis(DAY_MILLIS - 1) } else { to }),
    })
}

fn shown(entry: &Entry) -> Value {
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| text.into());
    json!({
        "id": entry.number.to_string(),
        "updated_at": calendar::rfc3339(entry.at),
        "changed_by": entry.user,
        "changed_by_api_key": entry.key,
        "changed_from": entry.address,
        "route": entry.route,
        "action": entry.action,
        "table_name": entry.kind,
        "object_id": entry.object,
        "before_value": json(&entry.before),
        "updated_values": json(&entry.after),
        "previous_hash": entry.previous,
        "hash": entry.hash,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_objects_or_serve_others() {
        let of =
            |partition: &str, sort: &str| object(&Key::new(partition, sort)).map(|object| (object.kind, object.id));
        assert_eq!(of("KEY#h", "KEY"), Some(("LiteLLM_VerificationToken", "h".to_owned())));
        assert_eq!(of("KEY#h", "SPEND"), Some(("LiteLLM_VerificationToken", "h".to_owned())));
        assert_eq!(of("TEAM#t", "MEMBER#u"), Some(("LiteLLM_TeamMembership", "t/u".to_owned())));
        assert_eq!(of("MODELS", "m"), Some(("LiteLLM_ProxyModelTable", "m".to_owned())));
        assert_eq!(of("ORG_MEMBERS#o", "u"), Some(("LiteLLM_OrganizationMembership", "o/u".to_owned())));
        for (partition, sort) in [("KEY#h", "SECRET"), ("KEYS", "1#h"), ("KEY_ALIAS#a", "ALIAS"), ("TEAMS", "1#t")] {
            assert_eq!(of(partition, sort), None, "{partition} {sort}");
        }
    }
}
