//! Teams and organizations, with their members.

use super::described::{Answer, Described, Section};
use super::shared::{PAGE, PAGE_SIZE, SORTED_PAGE, TOTAL, TOTAL_PAGES};
use crate::flow::admin::body::{Field, Kind};
use crate::flow::admin::keys::reset_spend;
use crate::flow::admin::records::{bulk, forms, organization_members, permissions, teams};

const TEAM: &[Field] = &[
    ("team_id", Kind::Text),
    ("team_alias", Kind::Text),
    ("organization_id", Kind::Text),
    ("members_with_roles", Kind::List),
    ("models", Kind::TextList),
    ("metadata", Kind::Map),
    ("blocked", Kind::Flag),
    ("spend", Kind::Number),
    ("max_budget", Kind::Number),
];

const TEAM_ID: &[Field] = &[("team_id", Kind::Text)];

/// What changed.
const TEAM_CHANGED: &[Field] = &[("team_id", Kind::Text), ("data", Kind::Map)];

const ORGANIZATION: &[Field] = &[
    ("organization_id", Kind::Text),
    ("organization_alias", Kind::Text),
    ("models", Kind::TextList),
    ("metadata", Kind::Map),
    ("spend", Kind::Number),
    ("members", Kind::List),
    ("teams", Kind::List),
];

const MEMBER: &[Field] = &[
    ("team_id", Kind::Text),
    ("user_id", Kind::Text),
    ("max_budget_in_team", Kind::Number),
    ("rpm_limit", Kind::Integer),
    ("tpm_limit", Kind::Integer),
];

const ORGANIZATION_MEMBER: &[Field] =
    &[("organization_id", Kind::Text), ("user_id", Kind::Text), ("user_role", Kind::Text)];

pub(super) fn section() -> Section {
    Section {
        name: "Teams",
        about: "Teams share limits and models. Each has members, each of whom may have limits of its own in it.",
        operations: TEAMS.to_vec(),
    }
}

const TEAMS: &[Described] = &[
    Described::of(&["POST /team/new"], "Makes a team.").takes(|| forms::TEAM.fields()).gives(TEAM),
    Described::of(&["GET /team/info"], "Shows a team with its keys and members.")
        .asks(TEAM_ID)
        .needs(&["team_id"])
        .gives(&[
            ("team_id", Kind::Text),
            ("team_info", Kind::Map),
            ("keys", Kind::List),
            ("team_memberships", Kind::List),
        ]),
    Described::of(&["GET /team/list"], "Lists the teams that the caller may see.")
        .asks(&[("user_id", Kind::Text), ("organization_id", Kind::Text)])
        .answers(Answer::List(&[("team_id", Kind::Text)])),
    Described::of(&["GET /v2/team/list"], "The same, page by page.").asks(SORTED_PAGE).also_asks(LISTED).gives(&[
        ("teams", Kind::List),
        TOTAL,
        PAGE,
        PAGE_SIZE,
        TOTAL_PAGES,
    ]),
    Described::of(&["GET /team/available"], "Lists the teams that anybody may join.").answers(Answer::List(&[])),
    Described::of(&["POST /team/update"], "Changes the fields of a team that are named.")
        .takes(|| forms::TEAM.fields())
        .needs(&["team_id"])
        .gives(TEAM_CHANGED),
    Described::of(&["PATCH /team/{key}"], "The same of the team in the path.")
        .names("team_id")
        .takes(|| forms::TEAM.fields())
        .gives(TEAM_CHANGED),
    Described::of(&["POST /team/delete"], "Deletes teams and their keys.")
        .takes(|| vec![("team_ids", Kind::TextList)])
        .needs(&["team_ids"])
        .gives(&[("deleted_teams", Kind::List)]),
    Described::of(&["POST /team/block"], "Refuses every key of a team from now on.")
        .takes(|| forms::TEAM.fields())
        .needs(&["team_id"])
        .gives(TEAM),
    Described::of(&["POST /team/unblock"], "Admits the keys of a blocked team again.")
        .takes(|| forms::TEAM.fields())
        .needs(&["team_id"])
        .gives(TEAM),
    Described::of(&["POST /team/model/add"], "Lets a team call more models.")
        .takes(|| teams::MODELS.to_vec())
        .needs(&["team_id", "models"])
        .gives(TEAM),
    Described::of(&["POST /team/model/delete"], "Takes models from a team.")
        .takes(|| teams::MODELS.to_vec())
        .needs(&["team_id", "models"])
        .gives(TEAM),
    Described::of(&["POST /team/member_add", "POST /team/member/add"], "Adds a member, or a list of them, to a team.")
        .takes(|| forms::MEMBER.fields())
        .needs(&["team_id"])
        .gives(TEAM),
    Described::of(&["POST /team/bulk_member_add"], "Adds many members, each by itself.")
        .takes(|| bulk::MEMBERS.to_vec())
        .needs(&["team_id"])
        .gives(&[("team_id", Kind::Text), ("results", Kind::List), ("total_requested", Kind::Integer)]),
    Described::of(&["POST /team/member_update"], "Changes the role or the limits of a member.")
        .takes(|| forms::MEMBER.fields())
        .needs(&["team_id"])
        .gives(MEMBER),
    Described::of(&["POST /team/member_delete"], "Takes a member out of a team.")
        .takes(|| forms::MEMBER.fields())
        .needs(&["team_id"])
        .gives(TEAM),
    Described::of(&["GET /team/{key}/members/me"], "Shows the caller's own membership of a team.")
        .names("team_id")
        .gives(&[("team_id", Kind::Text), ("user_id", Kind::Text), ("role", Kind::Text), ("spend", Kind::Number)]),
    Described::of(
        &["POST /team/{key}/member/{user}/reset_spend", "POST /team/{key}/member/{user}/reset_budget"],
        "Says what a member has spent in a team in this period, in dollars.",
    )
    .names("team_id")
    .takes(|| reset_spend::FIELDS.to_vec())
    .needs(&["reset_to"])
    .gives(&[("team_id", Kind::Text), ("user_id", Kind::Text), ("spend", Kind::Number)]),
    Described::of(&["GET /team/filter/ui"], "Finds teams by parts of their ids and aliases.")
        .asks(&[("team_id", Kind::Text), ("team_alias", Kind::Text), PAGE, PAGE_SIZE])
        .answers(Answer::List(TEAM)),
    Described::of(&["GET /team/permissions_list"], "Shows what the members of a team may do.")
        .asks(TEAM_ID)
        .needs(&["team_id"])
        .gives(&[
            ("team_id", Kind::Text),
            ("team_member_permissions", Kind::TextList),
            ("all_available_permissions", Kind::TextList),
        ]),
    Described::of(&["POST /team/permissions_update"], "Says what the members of a team may do.")
        .takes(|| permissions::GRANTED.to_vec())
        .needs(&["team_id", "team_member_permissions"])
        .gives(TEAM),
];

const LISTED: &[Field] =
    &[("team_id", Kind::Text), ("team_alias", Kind::Text), ("user_id", Kind::Text), ("organization_id", Kind::Text)];

pub(super) fn organizations() -> Section {
    Section {
        name: "Organizations",
        about: "Organizations stand above teams: their limits hold for all below.",
        operations: ORGANIZATIONS.to_vec(),
    }
}

const ORGANIZATIONS: &[Described] = &[
    Described::of(&["POST /organization/new"], "Makes an organization.")
        .takes(|| forms::ORGANIZATION.fields())
        .needs(&["organization_alias"])
        .gives(ORGANIZATION),
    Described::of(&["GET /organization/info"], "Shows an organization.")
        .asks(&[("organization_id", Kind::Text)])
        .needs(&["organization_id"])
        .gives(ORGANIZATION),
    Described::of(&["POST /organization/info"], "Shows several organizations.")
        .takes(|| vec![("organizations", Kind::TextList)])
        .needs(&["organizations"])
        .answers(Answer::List(ORGANIZATION)),
    Described::of(&["GET /organization/list"], "Lists the organizations that the caller may see.")
        .answers(Answer::List(ORGANIZATION)),
    Described::of(&["PATCH /organization/update"], "Changes the fields of an organization that are named.")
        .takes(|| forms::ORGANIZATION.fields())
        .needs(&["organization_id"])
        .gives(ORGANIZATION),
    Described::of(&["DELETE /organization/delete"], "Deletes organizations.")
        .takes(|| vec![("organization_ids", Kind::TextList)])
        .needs(&["organization_ids"])
        .answers(Answer::List(ORGANIZATION)),
    Described::of(&["POST /organization/member_add"], "Adds a member, or a list of them.")
        .takes(|| organization_members::FIELDS.to_vec())
        .needs(&["organization_id", "member"])
        .gives(&[("organization_id", Kind::Text), ("updated_organization_memberships", Kind::List)]),
    Described::of(&["PATCH /organization/member_update"], "Changes the role of a member.")
        .takes(|| organization_members::FIELDS.to_vec())
        .needs(&["organization_id"])
        .gives(ORGANIZATION_MEMBER),
    Described::of(&["DELETE /organization/member_delete"], "Takes a member out of an organization.")
        .takes(|| organization_members::FIELDS.to_vec())
        .needs(&["organization_id"])
        .gives(ORGANIZATION_MEMBER),
];
