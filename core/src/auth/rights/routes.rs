//! Which group each administrative route belongs to. A route that stands nowhere here is the master key's alone; a test
//! of the router finds it.

/// Routes that the same callers may use, and that reach the same objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// What a caller may ask about itself and the models it may call.
    Self_,
    /// What tells of calls without making them.
    Tools,
    /// One key.
    KeyInfo,
    /// Lists of keys.
    KeyList,
    /// New keys.
    KeyMake,
    /// Changes of keys by those who use them.
    KeyChange,
    /// Changes of keys that those who use them must not make.
    KeyOversee,
    /// Teams, and what their members may do.
    TeamRead,
    /// Teams that users may join.
    TeamOpen,
    /// A team's settings.
    TeamSettings,
    /// A team's members.
    TeamMembers,
    /// New teams, and what only those above a team do with it.
    TeamOversee,
    /// One user.
    UserRead,
    /// Lists of users.
    UserList,
    /// Users, changed by those above them.
    UserOversee,
    /// Organizations.
    OrganizationRead,
    /// An organization's members.
    OrganizationMembers,
    /// What was spent, by whom.
    Spend,
    /// What the members of teams spent.
    TeamSpend,
    /// Whatever else administrators see.
    AdminRead,
    /// Whatever else administrators change.
    Admin,
    /// What is for the master key alone.
    Master,
}

impl Group {
    /// Whether its routes change nothing.
    pub fn only_reads(self) -> bool {
        match self {
            Self::Self_
            | Self::Tools
            | Self::KeyInfo
            | Self::KeyList
            | Self::TeamRead
            | Self::TeamOpen
            | Self::UserRead
            | Self::UserList
            | Self::OrganizationRead
            | Self::Spend
            | Self::TeamSpend
            | Self::AdminRead => true,
            Self::KeyMake
            | Self::KeyChange
            | Self::KeyOversee
            | Self::TeamSettings
            | Self::TeamMembers
            | Self::TeamOversee
            | Self::UserOversee
            | Self::OrganizationMembers
            | Self::Admin
            | Self::Master => false,
        }
    }
}

const GROUPS: &[(Group, &[&str])] = &[
    (
        Group::Self_,
        &[
            "POST /key/health",
            "GET /models",
            "GET /v1/models",
            "GET /models/{id}",
            "GET /v1/models/{id}",
            "GET /model/info",
            "GET /v1/model/info",
            "GET /v2/model/info",
            "GET /model_group/info",
            "GET /utils/supported_openai_params",
            "POST /utils/token_counter",
            "POST /v1/responses/input_tokens",
            "POST /responses/input_tokens",
            "GET /sso/get/ui_settings",
        ],
    ),
    (
        Group::Tools,
        &[
            "POST /cost/estimate",
            "POST /spend/calculate",
            "GET /guardrails/list",
            "GET /user/available_roles",
            "GET /routes",
            "GET /test",
            "GET /get/litellm_model_cost_map",
            "GET /model/settings",
        ],
    ),
    (Group::KeyInfo, &["GET /key/info", "POST /v2/key/info", "GET /key/spend/report"]),
    (Group::KeyList, &["GET /key/list", "GET /key/aliases"]),
    (Group::KeyMake, &["POST /key/generate", "POST /key/service-account/generate"]),
    (
        Group::KeyChange,
        &[
            "POST /key/update",
            "POST /key/bulk_update",
            "POST /key/delete",
            "POST /key/{key}/regenerate",
            "POST /key/regenerate",
        ],
    ),
    (Group::KeyOversee, &["POST /key/block", "POST /key/unblock", "POST /key/{key}/reset_spend"]),
    (
        Group::TeamRead,
        &[
            "GET /team/info",
            "GET /team/list",
            "GET /v2/team/list",
            "GET /team/filter/ui",
            "GET /team/{key}/members/me",
            "GET /team/permissions_list",
        ],
    ),
    (Group::TeamOpen, &["GET /team/available"]),
    (Group::TeamSettings, &["POST /team/update", "PATCH /team/{key}", "POST /team/permissions_update"]),
    (
        Group::TeamMembers,
        &[
            "POST /team/member_add",
            "POST /team/member/add",
            "POST /team/member_update",
            "POST /team/member_delete",
            "POST /team/bulk_member_add",
            "POST /team/{key}/member/{user}/reset_spend",
            "POST /team/{key}/member/{user}/reset_budget",
        ],
    ),
    (
        Group::TeamOversee,
        &[
            "POST /team/new",
            "POST /team/delete",
            "POST /team/block",
            "POST /team/unblock",
            "POST /team/model/add",
            "POST /team/model/delete",
        ],
    ),
    (Group::UserRead, &["GET /user/info", "GET /v2/user/info", "GET /user/{key}"]),
    (Group::UserList, &["GET /user/list", "GET /user/filter/ui"]),
    (
        Group::UserOversee,
        &[
            "POST /user/new",
            "POST /user/update",
            "POST /user/bulk_update",
            "POST /user/delete",
            "DELETE /user/delete",
            "POST /user/block",
            "POST /user/unblock",
        ],
    ),
    (Group::OrganizationRead, &["GET /organization/info", "POST /organization/info", "GET /organization/list"]),
    (
        Group::OrganizationMembers,
        &["POST /organization/member_add", "PATCH /organization/member_update", "DELETE /organization/member_delete"],
    ),
    (
        Group::Spend,
        &[
            "GET /spend/logs",
            "GET /spend/logs/v2",
            "GET /spend/logs/ui",
            "GET /spend/logs/ui/{key}",
            "GET /spend/logs/session/ui",
            "GET /spend/keys",
            "GET /spend/users",
            "GET /spend/tags",
            "GET /global/activity",
            "GET /global/activity/model",
            "GET /global/activity/cache_hits",
            "GET /user/daily/activity",
            "GET /user/daily/activity/aggregated",
            "GET /user/spend/report",
            "GET /tag/daily/activity",
            "GET /tag/distinct",
            "GET /tag/summary",
            "GET /tag/dau",
            "GET /tag/wau",
            "GET /tag/mau",
            "GET /tag/user-agent/per-user-analytics",
        ],
    ),
    (
        Group::TeamSpend,
        &[
            "GET /team/daily/activity",
            "GET /team/spend/report",
            "GET /organization/daily/activity",
            "GET /organization/spend/report",
        ],
    ),
    (
        Group::AdminRead,
        &[
            "GET /customer/info",
            "GET /end_user/info",
            "GET /customer/list",
            "GET /customer/export",
            "GET /end_user/export",
            "GET /end_user/list",
            "GET /customer/daily/activity",
            "GET /end_user/daily/activity",
            "POST /budget/info",
            "GET /budget/settings",
            "GET /budget/list",
            "POST /tag/info",
            "GET /tag/list",
            "GET /invitation/info",
            "GET /jwt/key/mapping/list",
            "GET /jwt/key/mapping/info",
            "GET /get/internal_user_settings",
            "GET /get/default_team_settings",
            "GET /config/get",
            "GET /config/history",
            "GET /config/field/info",
            "GET /config/list",
            "GET /get/allowed_ips",
            "GET /fallback/{*key}",
            "GET /router/settings",
            "GET /router/fields",
            "GET /config/cost_discount_config",
            "GET /config/cost_margin_config",
            "GET /config/pass_through_endpoint",
            "GET /config/pass_through_endpoints/settings",
            "GET /config/yaml",
            "GET /get/sso_settings",
            "GET /access_group/list",
            "GET /access_group/{key}/info",
            "GET /access_group/{key}/budget",
            "GET /credentials",
            "GET /credentials/migrate-encryption/check",
            "GET /credentials/by_name/{*key}",
            "GET /credentials/by_model/{*key}",
            "GET /audit",
            "GET /audit/verify",
            "GET /audit/{key}",
            "GET /global/spend",
            "GET /global/spend/keys",
            "GET /global/spend/models",
            "GET /global/spend/tags",
            "GET /global/spend/all_tag_names",
            "GET /global/all_end_users",
            "GET /global/spend/logs",
            "GET /global/spend/provider",
            "GET /global/spend/teams",
            "GET /global/spend/report",
            "POST /global/spend/end_users",
            "GET /global/activity/exceptions",
            "GET /global/activity/exceptions/deployment",
            "GET /global/predict/spend/logs",
            "GET /model/metrics",
            "GET /model/metrics/exceptions",
            "GET /model/metrics/slow_responses",
            "GET /model/streaming_metrics",
            "GET /provider/budgets",
            "GET /cache/redis/info",
            "GET /cache/settings",
            "GET /health/latest",
            "GET /health/history",
            "GET /health/tls",
        ],
    ),
    (
        Group::Admin,
        &[
            // Probes deployments, which costs money.
            "GET /health",
            "POST /health/test_connection",
            // Shows what a provider would be sent.
            "POST /utils/transform_request",
            "POST /customer/new",
            "POST /end_user/new",
            "POST /customer/update",
            "POST /end_user/update",
            "POST /customer/delete",
            "POST /end_user/delete",
            "POST /customer/block",
            "POST /end_user/block",
            "POST /customer/unblock",
            "POST /end_user/unblock",
            "POST /budget/new",
            "POST /budget/update",
            "POST /budget/delete",
            "POST /organization/new",
            "PATCH /organization/update",
            "DELETE /organization/delete",
            "POST /tag/new",
            "POST /tag/update",
            "POST /tag/delete",
            "POST /invitation/new",
            "POST /invitation/update",
            "POST /invitation/delete",
            "POST /jwt/key/mapping/new",
            "POST /jwt/key/mapping/update",
            "POST /jwt/key/mapping/delete",
            "PATCH /update/internal_user_settings",
            "PATCH /update/default_team_settings",
            "POST /config/update",
            "POST /config/rollback",
            "POST /config/field/update",
            "POST /config/field/delete",
            "POST /add/allowed_ip",
            "POST /delete/allowed_ip",
            "POST /fallback",
            "DELETE /fallback/{*key}",
            "POST /model_group/make_public",
            "PATCH /config/cost_discount_config",
            "PATCH /config/cost_margin_config",
            "POST /model_hub/update_useful_links",
            "POST /config/pass_through_endpoint",
            "POST /config/pass_through_endpoint/{*key}",
            "DELETE /config/pass_through_endpoint",
            "POST /model/new",
            "POST /model/update",
            "PATCH /model/{key}/update",
            "POST /model/delete",
            "POST /access_group/new",
            "PUT /access_group/{key}/update",
            "DELETE /access_group/{key}/delete",
            "PUT /access_group/{key}/budget",
            "DELETE /access_group/{key}/budget",
            "POST /credentials",
            "POST /credentials/migrate-encryption",
            "PATCH /credentials/{*key}",
            "DELETE /credentials/{*key}",
            "GET /cache/ping",
            "POST /cache/delete",
            "POST /cache/flushall",
            "POST /cache/settings",
            "POST /cache/settings/test",
        ],
    ),
    (Group::Master, &["POST /global/spend/reset"]),
];

/// The group of the route that the router knows by this method and pattern. `None`: it is the master key's alone.
pub fn group(method: &str, pattern: &str) -> Option<Group> {
    let is = |route: &str| route.split_once(' ') == Some((method, pattern));
    GROUPS.iter().find(|(_, routes)| routes.iter().any(|route| is(route))).map(|(group, _)| *group)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_route_stands_in_two_groups() {
        let mut seen = BTreeSet::new();
        for route in GROUPS.iter().flat_map(|(_, routes)| routes.iter()) {
            assert!(seen.insert(route), "{route}");
        }
        assert_eq!(group("POST", "/key/generate"), Some(Group::KeyMake));
        assert_eq!(group("GET", "/key/generate"), None);
    }
}
