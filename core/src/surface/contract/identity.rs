//! Single sign-on, for browsers and command lines, and the keys that stand for tokens.

use super::described::{Answer, Described, Section};
use crate::flow::admin::body::{Field, Kind};
use crate::flow::admin::records::key_mappings;

pub(super) fn section() -> Section {
    Section {
        name: "Sign-in",
        about: "Single sign-on with a provider of the configuration. What a sign-in has begun with is sealed in a cookie.",
        operations: OPERATIONS.to_vec(),
    }
}

const MAPPING: &[Field] = &[
    ("id", Kind::Text),
    ("jwt_claim_name", Kind::Text),
    ("jwt_claim_value", Kind::Text),
    ("is_active", Kind::Flag),
    ("created_at", Kind::Text),
];

const OPERATIONS: &[Described] = &[
    Described::of(&["GET /sso/key/generate"], "Sends a browser to the provider.")
        .asks(&[("provider", Kind::Text), ("source", Kind::Text), ("key", Kind::Text)])
        .answers(Answer::Elsewhere)
        .open(),
    Described::of(&["GET /sso/callback"], "Where the provider sends it back to.")
        .asks(&[("code", Kind::Text), ("state", Kind::Text), ("error", Kind::Text), ("iss", Kind::Text)])
        .answers(Answer::Elsewhere)
        .open(),
    Described::of(&["POST /sso/cli/start"], "Begins the sign-in of a command line.").answers(Answer::Json).open(),
    Described::of(&["POST /sso/cli/complete/{key}"], "Confirms, in the browser, the code that the command line shows.")
        .names("login_id")
        .answers(Answer::Page)
        .open(),
    Described::of(&["GET /sso/cli/poll/{key}"], "Asks whether the sign-in of a command line is done.")
        .names("login_id")
        .asks(&[("team_id", Kind::Text)])
        .answers(Answer::Json)
        .open(),
    Described::of(
        &["POST /jwt/key/mapping/new"],
        "Lets a virtual key stand for whoever shows a token with this claim.",
    )
    .takes(|| key_mappings::NEW.to_vec())
    .needs(&["jwt_claim_name", "jwt_claim_value"])
    .gives(MAPPING),
    Described::of(&["GET /jwt/key/mapping/list"], "Lists which keys stand for tokens, the latest first.")
        .asks(&[("page", Kind::Integer), ("size", Kind::Integer)])
        .gives(&[("mappings", Kind::List), ("total_count", Kind::Integer), ("total_pages", Kind::Integer)]),
    Described::of(&["GET /jwt/key/mapping/info"], "Shows one of them.")
        .asks(key_mappings::NAMED)
        .needs(&["id"])
        .gives(MAPPING),
    Described::of(&["POST /jwt/key/mapping/update"], "Changes its key, its description, or whether it counts.")
        .takes(|| key_mappings::CHANGED.to_vec())
        .needs(&["id"])
        .gives(MAPPING),
    Described::of(&["POST /jwt/key/mapping/delete"], "Deletes it; the key stays.")
        .takes(|| key_mappings::NAMED.to_vec())
        .needs(&["id"])
        .gives(&[("status", Kind::Text)]),
    Described::of(&["GET /sso/get/ui_settings"], "What a dashboard has to know.")
        .gives(&[("PROXY_BASE_URL", Kind::Text), ("SSO_ENABLED", Kind::Flag)]),
    Described::of(&["GET /get/sso_settings"], "Shows how people sign in, secrets masked.")
        .gives(&[("values", Kind::Map), ("field_schema", Kind::Map)]),
];
