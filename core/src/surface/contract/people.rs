//! Users, invitations, end users, shared budgets and tags.

use super::described::{Answer, Described, Section};
use super::shared::{MESSAGE, PAGE, PAGE_SIZE, SORTED_PAGE, TOTAL, TOTAL_PAGES};
use crate::flow::admin::body::{Field, Kind};
use crate::flow::admin::records::defaults::Defaults;
use crate::flow::admin::records::person::ANONYMIZE;
use crate::flow::admin::records::{budgets, bulk, forms, invitations, users};

const USER: &[Field] = &[
    ("user_id", Kind::Text),
    ("user_email", Kind::Text),
    ("user_role", Kind::Text),
    ("teams", Kind::List),
    ("models", Kind::TextList),
    ("metadata", Kind::Map),
    ("spend", Kind::Number),
    ("max_budget", Kind::Number),
];

const USER_ID: &[Field] = &[("user_id", Kind::Text)];

const CUSTOMER: &[Field] = &[
    ("user_id", Kind::Text),
    ("alias", Kind::Text),
    ("blocked", Kind::Flag),
    ("spend", Kind::Number),
    ("litellm_budget_table", Kind::Map),
];

const BUDGET: &[Field] = &[
    ("budget_id", Kind::Text),
    ("max_budget", Kind::Number),
    ("soft_budget", Kind::Number),
    ("budget_duration", Kind::Text),
    ("rpm_limit", Kind::Integer),
    ("tpm_limit", Kind::Integer),
    ("max_parallel_requests", Kind::Integer),
];

const INVITATION: &[Field] =
    &[("id", Kind::Text), ("user_id", Kind::Text), ("is_accepted", Kind::Flag), ("expires_at", Kind::Text)];

/// Of which calls an export tells.
const CALLS: &[Field] = &[("calls_since", Kind::Text), ("calls_until", Kind::Text)];

const DEFAULTS: &[Field] = &[("values", Kind::Map), ("field_schema", Kind::Map)];

const DEFAULTS_CHANGED: &[Field] = &[("message", Kind::Text), ("status", Kind::Text), ("settings", Kind::Map)];

pub(super) fn users() -> Section {
    Section {
        name: "Users",
        about: "People: their roles, limits and teams, and everything that is stored about one.",
        operations: USERS.to_vec(),
    }
}

const USERS: &[Described] = &[
    Described::of(&["POST /user/new"], "Makes a user, and a key for it unless `auto_create_key` says no.")
        .takes(|| forms::USER.fields())
        .gives(&[("user_id", Kind::Text), ("key", Kind::Text)]),
    Described::of(&["GET /user/info"], "Shows a user with its keys and teams; the caller where none is named.")
        .asks(USER_ID)
        .gives(&[("user_id", Kind::Text), ("user_info", Kind::Map), ("keys", Kind::List), ("teams", Kind::List)]),
    Described::of(&["GET /v2/user/info"], "Shows a user alone.").asks(USER_ID).gives(USER),
    Described::of(&["GET /user/{key}"], "All that is stored about a user, as one file.")
        .names("user_id")
        .asks(CALLS)
        .gives(&[("user_id", Kind::Text), ("user", Kind::Map), ("calls", Kind::List), ("audit_logs", Kind::List)]),
    Described::of(&["GET /user/list"], "Lists the users that the caller may see, page by page.")
        .asks(SORTED_PAGE)
        .also_asks(LISTED)
        .gives(&[("users", Kind::List), TOTAL, PAGE, PAGE_SIZE, TOTAL_PAGES]),
    Described::of(&["GET /user/filter/ui"], "Finds users by parts of their ids and addresses.")
        .asks(&[("user_id", Kind::Text), ("user_email", Kind::Text), ("search", Kind::Text), PAGE, PAGE_SIZE])
        .answers(Answer::List(&[("user_id", Kind::Text), ("user_email", Kind::Text)])),
    Described::of(&["POST /user/update"], "Changes the fields of a user that are named.")
        .takes(|| forms::USER.fields())
        .needs(&["user_id"])
        .gives(&[("user_id", Kind::Text), ("data", Kind::Map)]),
    Described::of(&["POST /user/bulk_update"], "Changes many users, each by itself.")
        .takes(|| bulk::USERS.to_vec())
        .gives(&[("results", Kind::List), ("total_requested", Kind::Integer)]),
    Described::of(
        &["POST /user/delete", "DELETE /user/delete"],
        "Deletes users and their keys. `anonymize` says what becomes of the rows of their calls.",
    )
    .takes(|| users::DELETION.to_vec())
    .answers(Answer::Json),
    Described::of(&["POST /user/block"], "Refuses every key of a user from now on.")
        .takes(|| users::NAMED.to_vec())
        .needs(&["user_id"])
        .gives(USER),
    Described::of(&["POST /user/unblock"], "Admits the keys of a blocked user again.")
        .takes(|| users::NAMED.to_vec())
        .needs(&["user_id"])
        .gives(USER),
    Described::of(&["GET /user/available_roles"], "Lists the roles that a user may have."),
    Described::of(&["GET /get/internal_user_settings"], "Shows what new users get where nobody says more.")
        .gives(DEFAULTS),
    Described::of(&["PATCH /update/internal_user_settings"], "Changes what new users get.")
        .takes(|| Defaults::User.asked())
        .gives(DEFAULTS_CHANGED),
    Described::of(&["GET /get/default_team_settings"], "Shows what new teams get where nobody says more.")
        .gives(DEFAULTS),
    Described::of(&["PATCH /update/default_team_settings"], "Changes what new teams get.")
        .takes(|| Defaults::Team.asked())
        .gives(DEFAULTS_CHANGED),
    Described::of(&["POST /invitation/new"], "Invites a user, for seven days.")
        .takes(|| invitations::INVITED.to_vec())
        .needs(&["user_id"])
        .gives(INVITATION),
    Described::of(&["GET /invitation/info"], "Shows an invitation.")
        .asks(&[("invitation_id", Kind::Text)])
        .needs(&["invitation_id"])
        .gives(INVITATION),
    Described::of(&["POST /invitation/update"], "Accepts an invitation.")
        .takes(|| invitations::ACCEPTED.to_vec())
        .needs(&["invitation_id"])
        .gives(INVITATION),
    Described::of(&["POST /invitation/delete"], "Takes an invitation back.")
        .takes(|| invitations::NAMED.to_vec())
        .needs(&["invitation_id"])
        .gives(INVITATION),
];

const LISTED: &[Field] = &[
    ("role", Kind::Text),
    ("user_ids", Kind::Text),
    ("sso_user_ids", Kind::Text),
    ("user_email", Kind::Text),
    ("team", Kind::Text),
];

pub(super) fn customers() -> Section {
    Section {
        name: "End users",
        about: "Those whom a caller calls for (`user` of a request), each with limits of its own.",
        operations: CUSTOMERS.to_vec(),
    }
}

const CUSTOMERS: &[Described] = &[
    Described::of(&["POST /customer/new", "POST /end_user/new"], "Makes an end user known.")
        .takes(|| forms::CUSTOMER.fields())
        .needs(&["user_id"])
        .gives(CUSTOMER),
    Described::of(&["GET /customer/info", "GET /end_user/info"], "Shows an end user.")
        .asks(&[("end_user_id", Kind::Text)])
        .needs(&["end_user_id"])
        .gives(CUSTOMER),
    Described::of(&["GET /customer/list", "GET /end_user/list"], "Lists the end users that are known.")
        .answers(Answer::List(CUSTOMER)),
    Described::of(
        &["GET /customer/export", "GET /end_user/export"],
        "All that is stored about an end user, as one file.",
    )
    .asks(&[("end_user_id", Kind::Text)])
    .also_asks(CALLS)
    .needs(&["end_user_id"])
    .gives(&[("end_user_id", Kind::Text), ("calls", Kind::List), ("audit_logs", Kind::List)]),
    Described::of(
        &["POST /customer/update", "POST /end_user/update"],
        "Changes the fields of an end user that are named.",
    )
    .takes(|| forms::CUSTOMER.fields())
    .needs(&["user_id"])
    .gives(CUSTOMER),
    Described::of(
        &["POST /customer/delete", "POST /end_user/delete"],
        "Deletes end users. `anonymize` says what becomes of the rows of their calls.",
    )
    .takes(|| vec![("user_ids", Kind::TextList), ANONYMIZE])
    .needs(&["user_ids"])
    .gives(&[("deleted_customers", Kind::Integer), ("message", Kind::Text)]),
    Described::of(&["POST /customer/block", "POST /end_user/block"], "Refuses calls for these end users.")
        .takes(|| vec![("user_ids", Kind::TextList)])
        .needs(&["user_ids"])
        .gives(&[("blocked_users", Kind::List)]),
    Described::of(&["POST /customer/unblock", "POST /end_user/unblock"], "Admits calls for them again.")
        .takes(|| vec![("user_ids", Kind::TextList)])
        .needs(&["user_ids"])
        .gives(&[("blocked_users", Kind::List)]),
];

pub(super) fn shared_limits() -> Section {
    Section {
        name: "Budgets and tags",
        about: "Limits that several records share by a budget's id, and those of calls that carry a tag.",
        operations: BUDGETS.to_vec(),
    }
}

const BUDGETS: &[Described] = &[
    Described::of(&["POST /budget/new"], "Makes a budget.").takes(|| forms::BUDGET.fields()).gives(BUDGET),
    Described::of(&["POST /budget/info"], "Shows several budgets.")
        .takes(|| vec![("budgets", Kind::TextList)])
        .needs(&["budgets"])
        .answers(Answer::List(BUDGET)),
    Described::of(&["GET /budget/settings"], "Lists the fields of a budget with what each is.")
        .asks(&[("budget_id", Kind::Text)])
        .needs(&["budget_id"])
        .answers(Answer::List(&[("field_name", Kind::Text), ("field_type", Kind::Text)])),
    Described::of(&["GET /budget/list"], "Lists the budgets.").answers(Answer::List(BUDGET)),
    Described::of(&["POST /budget/update"], "Changes the fields of a budget that are named.")
        .takes(|| forms::BUDGET.fields())
        .needs(&["budget_id"])
        .gives(BUDGET),
    Described::of(&["POST /budget/delete"], "Deletes a budget.")
        .takes(|| budgets::NAMED.to_vec())
        .needs(&["id"])
        .gives(BUDGET),
    Described::of(&["POST /tag/new"], "Makes a tag.")
        .takes(|| forms::TAG.fields())
        .needs(&["name"])
        .gives(&[("message", Kind::Text), ("tag", Kind::Map)]),
    Described::of(&["POST /tag/info"], "Shows several tags, each under its name.")
        .takes(|| vec![("names", Kind::TextList)])
        .needs(&["names"]),
    Described::of(&["GET /tag/list"], "Lists the tags.").answers(Answer::List(&[("name", Kind::Text)])),
    Described::of(&["POST /tag/update"], "Changes the fields of a tag that are named.")
        .takes(|| forms::TAG.fields())
        .needs(&["name"])
        .gives(&[("message", Kind::Text), ("tag", Kind::Map)]),
    Described::of(&["POST /tag/delete"], "Deletes a tag.")
        .takes(|| forms::TAG.fields())
        .needs(&["name"])
        .gives(MESSAGE),
];
