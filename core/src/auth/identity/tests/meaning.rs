//! Whom a token means, as the settings say.

use crate::auth::identity::error::{Refusal, TokenError};
use crate::auth::identity::mapping::{Identified, SpeaksFor, Teams, identify};
use crate::config::{JwtAuth, UserRole};
use proptest::prelude::*;
use serde_json::{Value, json};

fn meant(settings: Value, claims: Value) -> Result<Identified, TokenError> {
    let settings: JwtAuth = serde_json::from_value(settings).unwrap();
    identify(&settings, claims.as_object().unwrap())
}

fn all_fields() -> Value {
    json!({
        "user_id_jwt_field": "sub", "user_email_jwt_field": "email", "org_id_jwt_field": "org",
        "end_user_id_jwt_field": "customer", "team_ids_jwt_field": "groups", "team_id_jwt_field": "team",
    })
}

#[test]
fn claims_name_the_user_its_teams_organization_and_end_user() {
    let claims =
        json!({"iss": "i", "sub": "u", "email": "u@corp.test", "org": "o", "customer": "c", "groups": ["a", "b", "a"]});
    let who = meant(all_fields(), claims.clone()).unwrap();
    assert_eq!(who.speaks_for, SpeaksFor::Known);
    assert_eq!((who.user.as_deref(), who.email.as_deref()), (Some("u"), Some("u@corp.test")));
    assert_eq!((who.organization.as_deref(), who.end_user.as_deref()), (Some("o"), Some("c")));
    assert_eq!(who.teams, Teams::AnyOf(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(who.routes, ["openai_routes", "info_routes"]);
    assert_eq!(who.subject, "i\nu");
    let mut one = claims;
    one["team"] = json!(["c", "d"]);
    assert_eq!(meant(all_fields(), one).unwrap().teams, Teams::One("c".to_owned()));
}

#[test]
fn a_user_without_an_id_is_known_by_its_mail() {
    let who = meant(all_fields(), json!({"email": "u@corp.test", "team": "t"})).unwrap();
    assert_eq!(who.user.as_deref(), Some("u@corp.test"));
}

#[test]
fn the_scope_of_administrators_makes_one_and_nothing_else_does() {
    let who = |scope: Value| meant(json!({}), json!({"sub": "u", "scope": scope, "role": "proxy_admin"})).unwrap();
    let admin = who(json!("openid litellm_proxy_admin"));
    assert_eq!(admin.speaks_for, SpeaksFor::Admin);
    assert!(!admin.routes.contains(&"openai_routes".to_owned()));
    assert!(admin.routes.contains(&"management_routes".to_owned()));
    for scope in [json!("litellm_proxy_admins"), json!("x:litellm_proxy_admin"), json!([]), Value::Null] {
        assert_eq!(who(scope).speaks_for, SpeaksFor::Nobody);
    }
    let own = meant(json!({"admin_jwt_scope": "root"}), json!({"scope": "litellm_proxy_admin"})).unwrap();
    assert_eq!(own.speaks_for, SpeaksFor::Nobody);
}

#[test]
fn who_belongs_to_nobody_may_call_what_is_public_or_is_refused() {
    let who = meant(json!({}), json!({"sub": "u"})).unwrap();
    assert_eq!((who.speaks_for, who.routes.as_slice()), (SpeaksFor::Nobody, &["public_routes".to_owned()][..]));
    let none = meant(json!({"public_allowed_routes": []}), json!({"sub": "u"})).unwrap();
    assert_eq!(none.routes, ["no-default-models"], "an empty list is not everything");
    assert!(matches!(meant(json!({"enforce_rbac": true}), json!({"sub": "u"})), Err(TokenError::Unmatched)));
}

#[test]
fn a_team_that_must_be_named_is_missed() {
    let settings = json!({"team_id_jwt_field": "team"});
    assert!(matches!(meant(settings, json!({})), Err(TokenError::NoTeam(field)) if field == "team"));
    let who = meant(json!({"team_id_jwt_field": "team", "team_id_default": "all"}), json!({})).unwrap();
    assert_eq!(who.teams, Teams::One("all".to_owned()));
    let settings = json!({"user_id_jwt_field": "sub", "enforce_team_based_model_access": true});
    assert!(matches!(meant(settings, json!({"sub": "u"})), Err(TokenError::NoTeams)));
}

#[test]
fn a_mapped_role_says_whether_an_id_is_a_teams_or_a_users() {
    let settings = json!({
        "roles_jwt_field": "resource.gateway.roles", "object_id_jwt_field": "client_id", "enforce_rbac": true,
        "role_mappings": [{"role": "consumer", "internal_role": "team"}, {"role": "person", "internal_role": "internal_user"},
            {"role": "root", "internal_role": "proxy_admin"}],
    });
    let who = |role: &str| {
        meant(settings.clone(), json!({"client_id": "x", "resource": {"gateway": {"roles": ["other", role]}}}))
    };
    assert_eq!(who("consumer").unwrap().teams, Teams::One("x".to_owned()));
    assert_eq!(who("person").unwrap().user.as_deref(), Some("x"));
    assert_eq!(who("root").unwrap().speaks_for, SpeaksFor::Admin);
    assert!(matches!(who("stranger"), Err(TokenError::Unmatched)));
}

#[test]
fn only_users_of_the_domain_and_with_a_role_are_let_in() {
    let settings = json!({
        "user_id_jwt_field": "sub", "user_email_jwt_field": "email", "user_allowed_email_domain": "corp.test",
        "user_roles_jwt_field": "roles", "user_allowed_roles": ["staff"],
    });
    let who = |email: Value, roles: Value| meant(settings.clone(), json!({"sub": "u", "email": email, "roles": roles}));
    assert!(who(json!("u@CORP.test"), json!(["staff"])).is_ok());
    for email in [json!("u@evil-corp.test"), json!("u@corp.test@evil.test"), json!("corp.test"), Value::Null] {
        assert!(matches!(who(email.clone(), json!(["staff"])), Err(TokenError::EmailDomain)), "{email}");
    }
    let refused = who(json!("u@corp.test"), json!(["guest"])).unwrap_err();
    assert!(matches!(refused, TokenError::UserRole));
    assert_eq!(refused.refusal(), Refusal::NotAllowed);
}

#[test]
fn scopes_decide_on_models_and_routes_where_they_are_to() {
    let settings = json!({
        "user_id_jwt_field": "sub", "enforce_scope_based_access": true,
        "scope_mappings": [{"scope": "small", "models": ["mini"]}, {"scope": "all", "models": ["big"], "routes": ["/v1/embeddings"]}],
    });
    let who = |scope: &str| meant(settings.clone(), json!({"sub": "u", "scope": scope})).unwrap();
    assert_eq!((who("small").models, who("small").scope_routes), (vec!["mini".to_owned()], None));
    let all = who("small all");
    assert_eq!(all.models, ["mini", "big"]);
    assert_eq!(all.scope_routes, Some(vec!["/v1/embeddings".to_owned()]));
    assert_eq!(who("").models, ["no-default-models"], "an empty list is not everything");
}

#[test]
fn roles_of_users_are_mapped_by_patterns() {
    let role = |map: Value, said: &str| {
        let settings = json!({"user_id_jwt_field": "sub", "roles_jwt_field": "roles", "sync_user_role_and_teams": true,
            "jwt_litellm_role_map": map});
        meant(settings, json!({"sub": "u", "roles": [said]})).unwrap().role
    };
    let map = json!([{"jwt_role": "ADMIN-*", "litellm_role": "proxy_admin"}, {"jwt_role": "u?er*", "litellm_role": "internal_user"}]);
    assert_eq!(role(map.clone(), "ADMIN-eu"), Some(UserRole::ProxyAdmin));
    assert_eq!(role(map.clone(), "user"), Some(UserRole::InternalUser));
    assert_eq!(role(map.clone(), "xADMIN-eu"), None);
    assert_eq!(role(map, "uer"), None);
}

proptest! {
    /// Nobody but the bearer of the scope, or of a role that is mapped so, is an administrator.
    #[test]
    fn no_other_claim_makes_an_administrator(
        scope in "[a-z_ ]{0,30}", role in "[a-z_]{0,12}", team in "[a-z]{0,5}", user in "[a-z]{0,5}",
    ) {
        let settings = json!({"user_id_jwt_field": "sub", "team_ids_jwt_field": "groups", "user_email_jwt_field": "email"});
        let claims = json!({"sub": user, "groups": [team], "scope": scope, "role": role, "roles": [role], "email": scope});
        let who = meant(settings, claims).unwrap();
        let held = scope.split_whitespace().any(|one| one == "litellm_proxy_admin");
        prop_assert_eq!(who.speaks_for == SpeaksFor::Admin, held);
        prop_assert!(who.speaks_for == SpeaksFor::Known || !who.routes.is_empty());
    }
}
