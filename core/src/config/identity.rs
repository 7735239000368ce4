//! How callers are known who present something else than a virtual key: what `litellm_jwtauth` says of tokens. Read here;
//! tokens are checked above.

use super::lenient;
use serde::Deserialize;

/// `litellm_jwtauth`: what the claims of a token mean, and what its bearer may do. Claims are named by their name, or by
/// a way of names between dots.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct JwtAuth {
    /// The scope that makes an administrator.
    #[serde(deserialize_with = "lenient::text")]
    pub admin_jwt_scope: String,
    /// Routes, patterns and groups of routes that administrators may call.
    pub admin_allowed_routes: Vec<String>,
    /// The claim that names the team.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub team_id_jwt_field: Option<String>,
    /// The claim that lists teams, of which one that may use the model is taken.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub team_ids_jwt_field: Option<String>,
    /// Whether teams that are not known are made.
    #[serde(deserialize_with = "lenient::flag")]
    pub team_id_upsert: bool,
    /// The team of tokens that name none.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub team_id_default: Option<String>,
    /// What tokens of a team may call.
    pub team_allowed_routes: Vec<String>,
    /// The claim that names the organization.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub org_id_jwt_field: Option<String>,
    /// The claim that names the user.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub user_id_jwt_field: Option<String>,
    /// The claim with the user's e-mail address.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub user_email_jwt_field: Option<String>,
    /// The only domain whose users are let in.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub user_allowed_email_domain: Option<String>,
    /// The claim with the user's roles.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub user_roles_jwt_field: Option<String>,
    /// Roles whose users are let in.
    pub user_allowed_roles: Option<Vec<String>>,
    /// Whether users who are not known are made.
    #[serde(deserialize_with = "lenient::flag")]
    pub user_id_upsert: bool,
    /// The claim that names the end user.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub end_user_id_jwt_field: Option<String>,
    /// Seconds for which an issuer's keys are kept; `None`: 600.
    #[serde(deserialize_with = "lenient::seconds")]
    pub public_key_ttl: Option<f64>,
    /// What tokens may call that belong to nobody.
    pub public_allowed_routes: Vec<String>,
    /// Whether tokens that belong to nobody are refused.
    #[serde(deserialize_with = "lenient::flag")]
    pub enforce_rbac: bool,
    /// The claim with the roles that are mapped.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub roles_jwt_field: Option<String>,
    /// What those roles are here.
    pub role_mappings: Option<Vec<RoleMapping>>,
    /// The claim that names the team or the user, as the mapped role says.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub object_id_jwt_field: Option<String>,
    /// What scopes let their bearers use.
    pub scope_mappings: Option<Vec<ScopeMapping>>,
    /// Whether they are let use nothing else.
    #[serde(deserialize_with = "lenient::flag")]
    pub enforce_scope_based_access: bool,
    /// Whether each token must name a team.
    #[serde(deserialize_with = "lenient::flag")]
    pub enforce_team_based_model_access: bool,
    /// Whether users are made members of their token's teams.
    #[serde(deserialize_with = "lenient::flag")]
    pub upsert_sso_user_to_team: bool,
    /// Which role a user gets for which role of the token, `*` and `?` in it for any text and character.
    pub jwt_litellm_role_map: Option<Vec<UserRoleMapping>>,
    /// Whether users get the role and exactly the teams that their token says.
    #[serde(deserialize_with = "lenient::flag")]
    pub sync_user_role_and_teams: bool,
    /// The claim by whose value virtual keys stand for bearers.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub virtual_key_claim_field: Option<String>,
    /// What becomes of bearers for whom none does.
    pub unregistered_jwt_client_behavior: Unregistered,
}

/// `unregistered_jwt_client_behavior`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unregistered {
    /// They are who their tokens say.
    #[default]
    FallbackTeamMapping,
    /// They are not let in.
    Reject,
    /// They would be given keys; that is refused where settings are read.
    AutoRegister,
}

/// One of `role_mappings`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleMapping {
    /// The role as the token says it.
    #[serde(deserialize_with = "lenient::text")]
    pub role: String,
    /// What it is here.
    pub internal_role: InternalRole,
}

/// What a token can speak for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InternalRole {
    /// An administrator.
    ProxyAdmin,
    /// A team.
    Team,
    /// A user.
    InternalUser,
}

/// One of `scope_mappings`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeMapping {
    /// The scope.
    #[serde(deserialize_with = "lenient::text")]
    pub scope: String,
    /// Models that it lets its bearers call.
    #[serde(default)]
    pub models: Vec<String>,
    /// Routes that it lets them call; where no scope of a token says any, those of its role.
    #[serde(default)]
    pub routes: Vec<String>,
}

/// One of `jwt_litellm_role_map`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserRoleMapping {
    /// The role as the token says it.
    #[serde(deserialize_with = "lenient::text")]
    pub jwt_role: String,
    /// What the user becomes.
    pub litellm_role: UserRole,
}

/// Roles of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserRole {
    /// Administers everything.
    ProxyAdmin,
    /// Sees everything.
    ProxyAdminViewer,
    /// Has keys of its own.
    InternalUser,
    /// Sees what is its own.
    InternalUserViewer,
}

impl UserRole {
    /// The role of this word.
    pub fn named(word: &str) -> Option<Self> {
        let all = [Self::ProxyAdmin, Self::ProxyAdminViewer, Self::InternalUser, Self::InternalUserViewer];
        all.into_iter().find(|role| role.as_str() == word)
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProxyAdmin => "proxy_admin",
            Self::ProxyAdminViewer => "proxy_admin_viewer",
            Self::InternalUser => "internal_user",
            Self::InternalUserViewer => "internal_user_viewer",
        }
    }
}

impl Default for JwtAuth {
    fn default() -> Self {
        let list = |entries: &[&str]| entries.iter().map(|&entry| entry.to_owned()).collect();
        Self {
            admin_jwt_scope: "litellm_proxy_admin".to_owned(),
            admin_allowed_routes: list(&[
                "management_routes",
                "spend_tracking_routes",
                "global_spend_tracking_routes",
                "info_routes",
            ]),
            team_id_jwt_field: None,
            team_ids_jwt_field: None,
            team_id_upsert: false,
            team_id_default: None,
            team_allowed_routes: list(&["openai_routes", "info_routes"]),
            org_id_jwt_field: None,
            user_id_jwt_field: None,
            user_email_jwt_field: None,
            user_allowed_email_domain: None,
            user_roles_jwt_field: None,
            user_allowed_roles: None,
            user_id_upsert: false,
            end_user_id_jwt_field: None,
            public_key_ttl: None,
            public_allowed_routes: list(&["public_routes"]),
            enforce_rbac: false,
            roles_jwt_field: None,
            role_mappings: None,
            object_id_jwt_field: None,
            scope_mappings: None,
            enforce_scope_based_access: false,
            enforce_team_based_model_access: false,
            upsert_sso_user_to_team: false,
            jwt_litellm_role_map: None,
            sync_user_role_and_teams: false,
            virtual_key_claim_field: None,
            unregistered_jwt_client_behavior: Unregistered::default(),
        }
    }
}

impl JwtAuth {
    /// Settings that mean nothing without another: the name and what to do.
    pub(super) fn contradictions(&self) -> Vec<(&'static str, &'static str)> {
        let mut found = Vec::new();
        let mut hold = |is_wrong: bool, name, advice| {
            if is_wrong {
                found.push((name, advice))
            }
        };
        hold(self.admin_jwt_scope.trim().is_empty(), "admin_jwt_scope", "must be a scope; an empty one is nobody's");
        hold(
            self.user_roles_jwt_field.is_some() && self.user_allowed_roles.is_none(),
            "user_roles_jwt_field",
            "needs `user_allowed_roles` beside it, the roles that are let in",
        );
        hold(
            self.user_allowed_roles.is_some() && self.user_roles_jwt_field.is_none(),
            "user_allowed_roles",
            "needs `user_roles_jwt_field` beside it, the claim with the roles",
        );
        hold(
            self.user_allowed_email_domain.is_some() && self.user_email_jwt_field.is_none(),
            "user_allowed_email_domain",
            "needs `user_email_jwt_field` beside it, the claim with the address",
        );
        hold(
            self.object_id_jwt_field.is_some() && self.role_mappings.is_none(),
            "object_id_jwt_field",
            "needs `role_mappings` beside it, which say whether the claim names a team or a user",
        );
        hold(
            self.role_mappings.is_some() && self.roles_jwt_field.is_none(),
            "role_mappings",
            "needs `roles_jwt_field` beside it, the claim with the roles",
        );
        hold(
            self.scope_mappings.is_some() && !self.enforce_scope_based_access,
            "scope_mappings",
            "has no effect without `enforce_scope_based_access: true`",
        );
        hold(
            self.enforce_scope_based_access && self.scope_mappings.is_none(),
            "enforce_scope_based_access",
            "needs `scope_mappings` beside it, which say what a scope lets its bearers use",
        );
        hold(
            self.jwt_litellm_role_map.is_some() && !(self.sync_user_role_and_teams && self.roles_jwt_field.is_some()),
            "jwt_litellm_role_map",
            "needs `sync_user_role_and_teams: true` and `roles_jwt_field` beside it",
        );
        let unregistered = self.unregistered_jwt_client_behavior;
        hold(
            unregistered == Unregistered::AutoRegister,
            "unregistered_jwt_client_behavior",
            "cannot be `auto_register`: no keys are made for tokens; make mappings with `POST /jwt/key/mapping/new`, and \
             say `reject` or `fallback_team_mapping`",
        );
        hold(
            unregistered == Unregistered::Reject && self.virtual_key_claim_field.is_none(),
            "unregistered_jwt_client_behavior",
            "needs `virtual_key_claim_field` beside it, the claim that is mapped to keys",
        );
        found
    }
}
