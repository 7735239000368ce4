//! How a service of the operator's own is asked who a caller is, and what its answers mean.

use super::super::custom::CustomAuth;
use super::super::issuing::Asked;
use super::super::keys_beside::KeysBeside;
use super::super::mapping::{Identified, SpeaksFor, Teams};
use super::*;
use crate::config::UserRole;
use crate::money::NanoDollars;

async fn check(asked: &std::sync::Arc<Asked>) -> Result<(Identified, Option<Timestamp>), TokenError> {
    let address = "https://who.test/is?a=b".parse().unwrap();
    CustomAuth::new(asked.clone(), address, KeysBeside::Ignored).check("to\"ken", NOW).await
}

#[tokio::test]
async fn it_is_told_what_was_presented_and_its_fields_say_who_that_is() {
    let asked = Asked::answering(
        200,
        json!({
            "user_id": "u", "user_role": "internal_user", "team_id": "t", "organization_id": "o", "models": ["small"],
            "max_budget": 0.5, "rpm_limit": 3, "tpm_limit": null, "allowed_routes": ["/v1/embeddings"], "exp": 2e9,
            "metadata": {"of": "no interest"}
        }),
    );
    let (who, ends) = check(&asked).await.unwrap();
    let [request] = &*asked.requests() else { panic!("one request") };
    assert_eq!((request.method().as_str(), request.uri().to_string().as_str()), ("POST", "https://who.test/is?a=b"));
    assert_eq!(serde_json::from_slice::<Value>(request.body()).unwrap(), json!({"api_key": "to\"ken"}));
    assert_eq!((who.user.as_deref(), who.organization.as_deref()), (Some("u"), Some("o")));
    assert_eq!((who.teams, who.role), (Teams::AnyOf(vec!["t".to_owned()]), Some(UserRole::InternalUser)));
    assert_eq!((who.models, who.routes), (vec!["small".to_owned()], vec!["/v1/embeddings".to_owned()]));
    assert_eq!(who.limits.max_budget, Some(NanoDollars::from_dollars(0.5)));
    assert_eq!((who.limits.rpm_limit, who.limits.tpm_limit), (Some(3), None));
    assert_eq!(ends, Some(Timestamp::from_seconds(2_000_000_000)));
    let (alone, _) = check(&Asked::answering(200, json!({"api_key": "someone"}))).await.unwrap();
    assert_eq!((alone.speaks_for, alone.subject.as_str()), (SpeaksFor::Nobody, "someone"));
    assert_eq!(alone.routes, ["openai_routes", "info_routes"]);
}

#[tokio::test]
async fn who_is_not_named_is_not_let_in() {
    let unnamed = [json!(null), json!({}), json!({"models": ["small"]}), json!({"user_id": "", "team_id": null})];
    for said in unnamed.into_iter().chain([json!({"user_id": "u", "blocked": true}), json!({"statusCode": 401})]) {
        assert!(matches!(check(&Asked::answering(200, said.clone())).await, Err(TokenError::Denied)), "{said}");
    }
    for status in [401, 403] {
        let refused = check(&Asked::answering(status, json!({"user_id": "u"}))).await;
        assert!(matches!(refused, Err(TokenError::Denied)), "{status}");
    }
    let ended = check(&Asked::answering(200, json!({"user_id": "u", "exp": NOW.seconds()}))).await;
    assert!(matches!(ended, Err(TokenError::Expired)));
}

#[tokio::test]
async fn what_is_no_answer_lets_nobody_in_and_repeats_nothing() {
    for (status, said) in [
        (200, json!("sk-secret")),
        (200, json!({"user_id": {"sk-secret": 1}})),
        (200, json!({"user_id": "u", "user_role": "sk-secret"})),
        (200, json!({"user_id": "u", "rpm_limit": -1})),
        (302, json!({"user_id": "u"})),
        (404, json!({"user_id": "u"})),
        (500, json!({"user_id": "u"})),
    ] {
        let error = check(&Asked::answering(status, said.clone())).await.unwrap_err();
        assert!(matches!(error, TokenError::NotTold(_)), "{said}");
        assert!(!format!("{error:?}").contains("sk-secret"), "{error:?}");
    }
}
