//! One call in the spend log, as an item of the table and back. Plain data.
//!
//! The log is written once a call, on the way of every answer, so an item has few attributes: `key` and `spend`, which
//! others than this room may read, and `row`, all the rest as JSON text.

use super::spend_row_text::{deployment, millis, millis_option, usage};
use crate::calendar;
use crate::clock::Timestamp;
use crate::id::{DeploymentId, KeyHash, RequestId};
use crate::money::NanoDollars;
use crate::store::item::{Item, Key};
use crate::store::table::ReadError;
use crate::usage::Usage;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Most bytes of a text that a client chose, in a row that had to be trimmed.
const TRIMMED_BYTES_MAX: usize = 1024;

/// Room for the text of a usual row, so that it does not grow step by step.
const ROW_BYTES_USUAL: usize = 640;

/// One call: who made it, where it went, what it used and cost, how it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct SpendRow {
    /// The call.
    pub request_id: RequestId,
    /// The hash of the key that pays.
    pub key: KeyHash,
    /// What the call cost.
    pub cost: NanoDollars,
    /// Everything else.
    pub details: SpendDetails,
}

/// What a row says beyond its call, key and cost. Empty fields take no room in the log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpendDetails {
    /// The kind of call, as LiteLLM names it: `acompletion`, `aembedding`, `atext_completion`.
    pub call_type: Cow<'static, str>,
    /// The key's alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_alias: Option<String>,
    /// The key's user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The key's team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_id: Option<String>,
    /// The organization that the call counts for: the key's own, or else its team's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The public model name that was called.
    pub model_group: String,
    /// The model as the deployment names it, `openai/gpt-4o`; empty: no deployment was chosen.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// The deployment that answered.
    #[serde(with = "deployment", skip_serializing_if = "Option::is_none")]
    pub deployment_id: Option<DeploymentId>,
    /// The provider's name.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub provider: Cow<'static, str>,
    /// Where the provider was called.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub api_base: String,
    /// When the call arrived.
    #[serde(with = "millis")]
    pub started_at: Timestamp,
    /// When its last byte was ready.
    #[serde(with = "millis")]
    pub ended_at: Timestamp,
    /// When its first token was ready; `None`: as `ended_at`.
    #[serde(with = "millis_option", skip_serializing_if = "Option::is_none")]
    pub first_token_at: Option<Timestamp>,
    /// The tokens used.
    #[serde(with = "usage")]
    pub usage: Usage,
    /// How the call ended.
    #[serde(skip_serializing_if = "Outcome::is_success")]
    pub outcome: Outcome,
    /// Whether the answer was streamed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stream: bool,
    /// Whether the answer came from the cache.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cache_hit: bool,
    /// The address that the call came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requester_ip: Option<String>,
    /// What the client calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The call's tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The end user that the request names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_user: Option<String>,
    /// The request and its answer, sealed under the keys of those whose call it was ([`super::subject_keys`]); base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The client's own data with the call.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
}

/// How a call ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// With an answer.
    #[default]
    Success,
    /// With an error.
    Failure {
        /// The error's class, as LiteLLM names it: `RateLimitError`.
        class: String,
        /// The status that was answered.
        code: String,
        /// What was answered.
        message: String,
    },
}

impl Outcome {
    /// Whether the call got an answer.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Success)
    }
}

impl SpendRow {
    /// Where the row of a call stands: a function of its id, so that a row is found by its id, and several shards a day
    /// (1 to 16), so that no partition takes all writes.
    pub fn place(request_id: RequestId, shards: u8) -> Key {
        let shard = request_id.shard() % shards.max(1);
        Key::new(partition(&calendar::day(request_id.arrived()), shard), request_id.to_string())
    }

    /// Whether the call is to be charged: it cost money or used tokens.
    pub fn is_charged(&self) -> bool {
        self.cost != NanoDollars::ZERO || self.details.usage.total() > 0
    }

    /// The row without what a client can make as large as it likes, for the case that it would not fit the table. The
    /// charge is the same.
    pub fn trimmed(&self) -> Self {
        let mut trimmed = self.clone();
        let details = &mut trimmed.details;
        details.metadata = Map::new();
        details.tags = Vec::new();
        details.content = None;
        let texts = [&mut details.model_group, &mut details.model];
        let options = [&mut details.end_user, &mut details.user_agent].into_iter().flatten();
        texts.into_iter().chain(options).for_each(shorten);
        if let Outcome::Failure { message, .. } = &mut details.outcome {
            shorten(message);
        }
        trimmed
    }

    /// The row as an item that ends at `expires_at`.
    pub fn to_item(&self, expires_at: Option<Timestamp>, shards: u8) -> Item {
        let mut row = Vec::with_capacity(ROW_BYTES_USUAL);
        // Text, numbers, lists and maps with text keys always serialise, into UTF-8.
        let written = serde_json::to_writer(&mut row, &self.details);
        let row = written.ok().and_then(|()| String::from_utf8(row).ok()).unwrap_or_default();
        let mut item = Item::new(Self::place(self.request_id, shards))
            .with("key", self.key.as_str())
            .with("spend", self.cost.nanos())
            .with("row", row);
        item.expires_at = expires_at;
        item
    }

    /// The row in an item.
    ///
    /// # Errors
    /// [`ReadError::Corrupt`] names the item.
    pub fn from_item(item: &Item) -> Result<Self, ReadError> {
        let corrupt = || ReadError::Corrupt(format!("spend row `{}` / `{}`", item.key.partition, item.key.sort));
        Ok(Self {
            request_id: RequestId::parse(&item.key.sort).ok_or_else(corrupt)?,
            key: item.text("key").and_then(KeyHash::parse).ok_or_else(corrupt)?,
            cost: NanoDollars::new(item.number("spend").ok_or_else(corrupt)?),
            details: item.text("row").and_then(|row| serde_json::from_str(row).ok()).ok_or_else(corrupt)?,
        })
    }
}

fn shorten(text: &mut String) {
    let end = (0..=TRIMMED_BYTES_MAX.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.truncate(end.unwrap_or(0));
}

/// Most shards of a day; readers look into all of them.
pub const SHARDS_MAX: u8 = 16;

/// The partition of one shard (0 to 15) of one day (`2024-01-15`).
pub(super) fn partition(day: &str, shard: u8) -> String {
    format!("LOG#{day}#{shard:x}")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A call that arrived at `millis` and cost `nanos`.
    pub(in crate::accounting) fn row(millis: i64, tail: u8, nanos: i64) -> SpendRow {
        let at = Timestamp::from_millis(millis);
        SpendRow {
            request_id: RequestId::at(at, &[tail; 10]),
            key: crate::crypto::key_hash::hash("sk-1"),
            cost: NanoDollars::new(nanos),
            details: SpendDetails {
                call_type: "acompletion".into(),
                user_id: Some("u-1".to_owned()),
                model_group: "gpt".to_owned(),
                model: "openai/gpt-4o".to_owned(),
                deployment_id: Some(DeploymentId::new("gpt-1")),
                provider: "openai".into(),
                started_at: at,
                ended_at: at.plus_millis(7),
                first_token_at: Some(at.plus_millis(3)),
                usage: Usage { prompt_tokens: 12, completion_tokens: 5, reasoning_tokens: 2, ..Usage::default() },
                tags: vec!["t1".to_owned()],
                ..SpendDetails::default()
            },
        }
    }

    #[test]
    fn a_row_survives_the_table_whole() {
        let mut row = row(1_763_700_000_123, 7, 80_000);
        assert_eq!(SpendRow::from_item(&row.to_item(None, SHARDS_MAX)).unwrap(), row);
        row.details.outcome =
            Outcome::Failure { class: "Timeout".to_owned(), code: "408".to_owned(), message: "late".to_owned() };
        row.details.metadata.insert("a".to_owned(), Value::from(1));
        assert_eq!(SpendRow::from_item(&row.to_item(None, SHARDS_MAX)).unwrap(), row);
    }

    #[test]
    fn a_row_stands_where_its_id_says() {
        let row = row(1_763_700_000_123, 0x1b, 0);
        let place = SpendRow::place(row.request_id, SHARDS_MAX);
        assert_eq!(place.partition, "LOG#2025-11-21#b");
        assert_eq!(RequestId::parse(&place.sort), Some(row.request_id));
    }
}
