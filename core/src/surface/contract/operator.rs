//! What operators change and look at: stored settings, the cache, the record of changes.

use super::described::{Answer, Described, Section};
use super::shared::{PAGE, PAGE_SIZE, SORT_ORDER, STATUS};
use crate::flow::admin::body::{Field, Kind};
use crate::flow::admin::config::{allowed_ips, config_admin, fallbacks, fields, pass_through, public_models};

const VERSION: &[Field] = &[("message", Kind::Text), ("version", Kind::Integer)];

const STORED: &[Field] = &[("param_name", Kind::Text), ("param_value", Kind::Map), ("version", Kind::Integer)];

pub(super) fn settings() -> Section {
    Section {
        name: "Settings",
        about: "Settings in the table (`store_model_in_db`), in versions. What the file says goes before them.",
        operations: SETTINGS.to_vec(),
    }
}

const SETTINGS: &[Described] = &[
    Described::of(&["POST /config/update"], "Stores settings. `version` refuses the change where another came before.")
        .takes(|| config_admin::FIELDS.to_vec())
        .gives(VERSION),
    Described::of(&["GET /config/get"], "Shows the stored settings, secrets masked.")
        .gives(&[("version", Kind::Integer), ("settings", Kind::Map)]),
    Described::of(&["GET /config/history"], "Lists the versions, the latest first.")
        .asks(&[("before", Kind::Integer), ("page_size", Kind::Integer)])
        .gives(&[("versions", Kind::List)]),
    Described::of(&["POST /config/rollback"], "Makes an earlier version the latest.")
        .takes(|| vec![config_admin::VERSION])
        .needs(&["version"])
        .gives(VERSION),
    Described::of(&["POST /config/field/update"], "Stores one setting.")
        .takes(|| fields::FIELDS.to_vec())
        .needs(&["field_name", "field_value", "config_type"])
        .gives(STORED),
    Described::of(&["POST /config/field/delete"], "Takes one setting back.")
        .takes(|| fields::FIELDS.to_vec())
        .needs(&["field_name", "config_type"])
        .gives(STORED),
    Described::of(&["GET /config/field/info"], "Shows one setting, and where it is said.")
        .asks(&[("field_name", Kind::Text), ("config_type", Kind::Text)])
        .needs(&["field_name"])
        .gives(&[("field_name", Kind::Text), ("field_value", Kind::Any), ("source", Kind::Text)]),
    Described::of(&["GET /config/list"], "Lists the settings of a section.")
        .asks(&[("config_type", Kind::Text)])
        .needs(&["config_type"])
        .answers(Answer::List(&[("field_name", Kind::Text), ("field_type", Kind::Text), ("field_value", Kind::Any)])),
    Described::of(&["GET /get/allowed_ips"], "Lists from where callers may call; null: from everywhere.")
        .gives(&[("data", Kind::TextList)]),
    Described::of(&["POST /add/allowed_ip"], "Admits an address or a network.")
        .takes(|| allowed_ips::FIELDS.to_vec())
        .needs(&["ip"])
        .gives(STATUS),
    Described::of(&["POST /delete/allowed_ip"], "Takes an address or a network from the list.")
        .takes(|| allowed_ips::FIELDS.to_vec())
        .needs(&["ip"])
        .gives(STATUS),
    Described::of(&["POST /fallback"], "Says who stands in for a model where a call fails.")
        .takes(|| fallbacks::FIELDS.to_vec())
        .needs(&["model", "fallback_models"])
        .gives(&[("model", Kind::Text), ("fallback_models", Kind::TextList), ("fallback_type", Kind::Text)]),
    Described::of(&["GET /fallback/{*key}"], "Shows who stands in for a model.")
        .names("model")
        .asks(FALLBACK_TYPE)
        .gives(&[("model", Kind::Text), ("fallback_models", Kind::TextList), ("fallback_type", Kind::Text)]),
    Described::of(&["DELETE /fallback/{*key}"], "Lets nobody stand in for a model.")
        .names("model")
        .asks(FALLBACK_TYPE)
        .gives(&[("model", Kind::Text), ("fallback_type", Kind::Text), ("message", Kind::Text)]),
    Described::of(
        &["GET /config/cost_discount_config", "GET /config/cost_margin_config"],
        "Shows what is taken off the cost of calls, and what is put on it.",
    )
    .gives(&[("values", Kind::Map)]),
    Described::of(
        &["PATCH /config/cost_discount_config", "PATCH /config/cost_margin_config"],
        "Says what is taken off the cost of calls, and what is put on it.",
    )
    .takes(|| vec![("global", Kind::Any), ("openai", Kind::Any)])
    .gives(&[("message", Kind::Text), ("status", Kind::Text), ("values", Kind::Map)]),
    Described::of(&["POST /model_group/make_public"], "Says which models everybody may know of.")
        .takes(|| public_models::GROUPS.to_vec())
        .needs(&["model_groups"])
        .gives(&[("message", Kind::Text), ("public_model_groups", Kind::TextList), ("updated_by", Kind::Text)]),
    Described::of(&["POST /model_hub/update_useful_links"], "Says which links stand beside the public models.")
        .takes(|| public_models::LINKS.to_vec())
        .needs(&["useful_links"])
        .gives(&[("message", Kind::Text), ("useful_links", Kind::Map), ("updated_by", Kind::Text)]),
    Described::of(&["GET /router/settings"], "Lists the settings of the router with what they are.")
        .gives(&[("fields", Kind::List), ("current_values", Kind::Map)]),
    Described::of(&["GET /router/fields"], "Lists the settings of the router.").gives(&[("fields", Kind::List)]),
    Described::of(&["GET /config/pass_through_endpoint"], "Lists paths of the operator's own, or shows one.")
        .asks(ENDPOINT_ID)
        .gives(ENDPOINTS),
    Described::of(&["POST /config/pass_through_endpoint"], "Adds a path whose requests go to another service.")
        .takes(|| pass_through::FIELDS.to_vec())
        .needs(&["path", "target"])
        .gives(ENDPOINTS),
    Described::of(&["POST /config/pass_through_endpoint/{*key}"], "Changes what is named of such a path.")
        .names("endpoint_id")
        .takes(|| pass_through::FIELDS.to_vec())
        .gives(ENDPOINTS),
    Described::of(&["DELETE /config/pass_through_endpoint"], "Removes such a path.")
        .asks(ENDPOINT_ID)
        .needs(&["endpoint_id"])
        .gives(ENDPOINTS),
    Described::of(&["GET /config/pass_through_endpoints/settings"], "Lists what there is to say of such a path.")
        .answers(Answer::List(&[("field_name", Kind::Text), ("field_type", Kind::Text)])),
    Described::of(&["GET /config/yaml"], "The form of a configuration, as JSON Schema."),
];

const ENDPOINT_ID: &[Field] = &[("endpoint_id", Kind::Text)];

const ENDPOINTS: &[Field] = &[("endpoints", Kind::List)];

const FALLBACK_TYPE: &[Field] = &[("fallback_type", Kind::OneOf(fallbacks::KIND_NAMES))];

const PINGED: &[Field] = &[("status", Kind::Text), ("cache_type", Kind::Text)];

pub(super) fn cache() -> Section {
    Section { name: "Cache", about: "Answers that are kept for later.", operations: CACHE.to_vec() }
}

const CACHE: &[Described] = &[
    Described::of(&["GET /cache/ping", "POST /cache/settings/test"], "Writes an entry and removes it.").gives(PINGED),
    Described::of(&["POST /cache/delete"], "Removes entries by their keys.")
        .takes(|| vec![("keys", Kind::TextList)])
        .needs(&["keys"])
        .gives(&[("status", Kind::Text)]),
    Described::of(&["POST /cache/flushall"], "Removes every entry of this gateway.").gives(&[("status", Kind::Text)]),
    Described::of(&["GET /cache/redis/info"], "What the Redis says of itself."),
    Described::of(&["GET /cache/settings"], "Shows how answers are kept.")
        .gives(&[("fields", Kind::List), ("current_values", Kind::Map)]),
    Described::of(&["POST /cache/settings"], "Refused: the configuration says how answers are kept."),
];

const ENTRY: &[Field] = &[
    ("id", Kind::Text),
    ("updated_at", Kind::Text),
    ("changed_by", Kind::Text),
    ("action", Kind::Text),
    ("table_name", Kind::Text),
    ("object_id", Kind::Text),
    ("before_value", Kind::Any),
    ("updated_values", Kind::Any),
    ("hash", Kind::Text),
];

pub(super) fn audit() -> Section {
    Section {
        name: "Audit",
        about: "The record of changes: each with who, from where and what, chained to the one before by its hash.",
        operations: AUDIT.to_vec(),
    }
}

const AUDIT: &[Described] = &[
    Described::of(&["GET /audit"], "Lists changes, page by page.").asks(WANTED).gives(&[
        ("audit_logs", Kind::List),
        ("total", Kind::Integer),
        ("page", Kind::Integer),
        ("page_size", Kind::Integer),
        ("total_pages", Kind::Integer),
    ]),
    Described::of(&["GET /audit/verify"], "Reads the chain, and says whether it is whole.")
        .gives(&[("intact", Kind::Flag)]),
    Described::of(&["GET /audit/{key}"], "Shows a change.").gives(ENTRY),
];

const WANTED: &[Field] = &[
    PAGE,
    PAGE_SIZE,
    SORT_ORDER,
    ("changed_by", Kind::Text),
    ("changed_by_api_key", Kind::Text),
    ("action", Kind::Text),
    ("table_name", Kind::Text),
    ("object_id", Kind::Text),
    ("object_key_hash", Kind::Text),
    ("object_team_id", Kind::Text),
    ("start_date", Kind::Text),
    ("end_date", Kind::Text),
];
