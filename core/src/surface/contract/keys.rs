//! Virtual keys.

use super::described::{Answer, Described, Section};
use super::shared::{PAGE, SORT_ORDER, TOTAL_PAGES};
use crate::flow::admin::body::{Field, Kind};
use crate::flow::admin::keys::{block, bulk, delete, fields, info, regenerate, reset_spend};

/// A key that was made: the only answer that has its secret.
const MADE: &[Field] = &[
    ("key", Kind::Text),
    ("token", Kind::Text),
    ("key_name", Kind::Text),
    ("key_alias", Kind::Text),
    ("expires", Kind::Text),
    ("models", Kind::TextList),
    ("user_id", Kind::Text),
    ("team_id", Kind::Text),
    ("max_budget", Kind::Number),
    ("spend", Kind::Number),
];

/// A key as it is shown later.
const RECORD: &[Field] = &[
    ("token", Kind::Text),
    ("key_name", Kind::Text),
    ("key_alias", Kind::Text),
    ("spend", Kind::Number),
    ("expires", Kind::Text),
    ("models", Kind::TextList),
    ("metadata", Kind::Map),
    ("blocked", Kind::Flag),
];

const LISTED: &[Field] = &[
    PAGE,
    ("size", Kind::Integer),
    ("user_id", Kind::Text),
    ("team_id", Kind::Text),
    ("organization_id", Kind::Text),
    ("key_hash", Kind::Text),
    ("key_alias", Kind::Text),
    ("return_full_object", Kind::Flag),
    ("include_team_keys", Kind::Flag),
    ("sort_by", Kind::Text),
    SORT_ORDER,
];

const TOTAL_COUNT: Field = ("total_count", Kind::Integer);
const CURRENT_PAGE: Field = ("current_page", Kind::Integer);

pub(super) fn section() -> Section {
    Section {
        name: "Keys",
        about: "Virtual keys: what callers are known by. A key's secret is shown when it is made, and never again.",
        operations: OPERATIONS.to_vec(),
    }
}

const OPERATIONS: &[Described] = &[
    Described::of(&["POST /key/generate"], "Makes a key, and shows its secret this once.")
        .takes(|| fields::FIELDS.to_vec())
        .gives(MADE),
    Described::of(&["POST /key/service-account/generate"], "Makes a key that is no person's but its team's.")
        .takes(|| fields::FIELDS.to_vec())
        .needs(&["team_id"])
        .gives(MADE),
    Described::of(&["GET /key/info"], "Shows a key; the caller's own where none is named.")
        .asks(&[("key", Kind::Text)])
        .gives(&[("key", Kind::Text), ("info", Kind::Map)]),
    Described::of(&["POST /v2/key/info"], "Shows several keys.")
        .takes(|| info::FIELDS.to_vec())
        .gives(&[("key", Kind::TextList), ("info", Kind::List)]),
    Described::of(&["GET /key/list"], "Lists the keys that the caller may see, page by page.").asks(LISTED).gives(&[
        ("keys", Kind::List),
        TOTAL_COUNT,
        CURRENT_PAGE,
        TOTAL_PAGES,
    ]),
    Described::of(&["GET /key/aliases"], "Lists the aliases of the keys that the caller may see.")
        .asks(&[PAGE, ("size", Kind::Integer), ("search", Kind::Text)])
        .gives(&[("aliases", Kind::TextList), TOTAL_COUNT, CURRENT_PAGE, TOTAL_PAGES, ("size", Kind::Integer)]),
    Described::of(&["POST /key/update"], "Changes the fields of a key that are named; null takes one back to nothing.")
        .takes(|| fields::FIELDS.to_vec())
        .needs(&["key"])
        .gives(&[("key", Kind::Text), ("token", Kind::Text)]),
    Described::of(&["POST /key/bulk_update"], "Changes many keys, each by itself.")
        .takes(|| bulk::FIELDS.to_vec())
        .needs(&["keys"])
        .gives(&[
            ("total_requested", Kind::Integer),
            ("successful_updates", Kind::List),
            ("failed_updates", Kind::List),
        ]),
    Described::of(&["POST /key/delete"], "Deletes keys, by their secrets, tokens or aliases.")
        .takes(|| delete::FIELDS.to_vec())
        .gives(&[("deleted_keys", Kind::TextList)]),
    Described::of(&["POST /key/block"], "Refuses a key from now on.")
        .takes(|| block::FIELDS.to_vec())
        .needs(&["key"])
        .gives(RECORD),
    Described::of(&["POST /key/unblock"], "Admits a blocked key again.")
        .takes(|| block::FIELDS.to_vec())
        .needs(&["key"])
        .gives(RECORD),
    Described::of(
        &["POST /key/{key}/regenerate"],
        "Gives a key another secret. The one before ends at once, or after `grace_period`.",
    )
    .names("key")
    .takes(regenerated)
    .gives(MADE),
    Described::of(&["POST /key/regenerate"], "The same of the key that the body names.")
        .takes(regenerated)
        .needs(&["key"])
        .gives(MADE),
    Described::of(&["POST /key/{key}/reset_spend"], "Says what a key has spent in this period, in dollars.")
        .names("key")
        .takes(|| reset_spend::FIELDS.to_vec())
        .needs(&["reset_to"])
        .gives(&[("key_hash", Kind::Text), ("spend", Kind::Number), ("previous_spend", Kind::Number)]),
    Described::of(&["POST /key/health"], "Says whether the caller's own key is in order.")
        .answers(Answer::Object(&[("key", Kind::Text), ("logging_callbacks", Kind::Any)])),
];

fn regenerated() -> Vec<Field> {
    [fields::FIELDS, regenerate::FIELDS].concat()
}
