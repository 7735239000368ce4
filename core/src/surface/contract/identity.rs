//! Single sign-on, for browsers and command lines.

use super::described::{Answer, Described, Section};
use crate::flow::admin::body::Kind;

pub(super) fn section() -> Section {
    Section {
        name: "Sign-in",
        about: "Single sign-on with a provider of the configuration. What a sign-in has begun with is sealed in a cookie.",
        operations: OPERATIONS.to_vec(),
    }
}

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
    Described::of(&["GET /sso/get/ui_settings"], "What a dashboard has to know.")
        .gives(&[("PROXY_BASE_URL", Kind::Text), ("SSO_ENABLED", Kind::Flag)]),
    Described::of(&["GET /get/sso_settings"], "Shows how people sign in, secrets masked.")
        .gives(&[("values", Kind::Map), ("field_schema", Kind::Map)]),
];
