//! How issuers are asked about tokens, and what their answers mean.

use super::super::introspection::{Introspection, IntrospectionSettings};
use super::super::issuing::Asked;
use super::super::mapping::{SpeaksFor, Teams};
use super::*;
use crate::config::UserRole;
use crate::secret::Secret;

fn introspection(asked: &std::sync::Arc<Asked>, client: Option<&str>) -> Introspection {
    let settings = IntrospectionSettings {
        address: "https://issuer.test/introspect".parse().unwrap(),
        client: client.map(|id| (id.to_owned(), Secret::new("p&ss"))),
        audiences: vec!["gateway".to_owned()],
        user_field: "sub".to_owned(),
        role_field: "role".to_owned(),
        team_field: "team_id".to_owned(),
    };
    Introspection::new(asked.clone(), settings)
}

#[tokio::test]
async fn a_client_asks_by_a_form_and_any_other_with_the_token_itself() {
    let asked = Asked::answering(200, json!({"active": true, "sub": "u"}));
    introspection(&asked, Some("gate way")).check("t+1", NOW).await.unwrap();
    introspection(&asked, None).check("t+1", NOW).await.unwrap();
    let requests = asked.requests();
    let [by_form, plain] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(by_form.method(), "POST");
    assert_eq!(by_form.body(), "token=t%2B1&token_type_hint=access_token");
    // gate+way:p%26ss
    assert_eq!(by_form.headers()["authorization"], "Basic Z2F0ZSt3YXk6cCUyNnNz");
    assert_eq!(by_form.headers()["content-type"], "application/x-www-form-urlencoded");
    assert_eq!((plain.method().as_str(), &plain.headers()["authorization"]), ("GET", &"Bearer t+1".parse().unwrap()));
    assert!(requests.iter().all(|request| request.headers()["authorization"].is_sensitive()));
}

#[tokio::test]
async fn what_an_issuer_does_not_call_active_does_not_count() {
    let check = async |status, said: Value, client| {
        introspection(&Asked::answering(status, said), client).check("t", NOW).await.map(|_| ())
    };
    for said in [json!({"active": false, "sub": "u"}), json!({"active": "true"}), json!({"active": null})] {
        assert!(matches!(check(200, said.clone(), Some("c")).await, Err(TokenError::Inactive)), "{said}");
        assert!(matches!(check(200, said.clone(), None).await, Err(TokenError::Inactive)), "{said}");
    }
    assert!(matches!(check(200, json!({"sub": "u"}), Some("c")).await, Err(TokenError::Inactive)));
    assert!(check(200, json!({"sub": "u"}), None).await.is_ok(), "a userinfo endpoint");
    for status in [400, 401, 403] {
        assert!(matches!(check(status, json!({}), None).await, Err(TokenError::Inactive)));
        assert!(
            matches!(check(status, json!({}), Some("c")).await, Err(TokenError::NotTold(_))),
            "our client is wrong"
        );
    }
    for status in [302, 404, 429, 500] {
        assert!(matches!(check(status, json!({"active": true}), None).await, Err(TokenError::NotTold(_))));
    }
    for said in [json!(["active"]), json!("active"), json!(true)] {
        assert!(matches!(check(200, said, None).await, Err(TokenError::NotTold(_))));
    }
    let ended = json!({"active": true, "sub": "u", "exp": NOW.seconds()});
    assert!(matches!(check(200, ended, Some("c")).await, Err(TokenError::Expired)));
}

#[tokio::test]
async fn the_fields_of_the_answer_say_who_it_is() {
    let said = json!({"sub": 7, "role": ["auditor", "proxy_admin_viewer"], "team_id": ["a", "b"], "exp": 2e9});
    let (who, ends) = introspection(&Asked::answering(200, said), None).check("t", NOW).await.unwrap();
    assert_eq!((who.user.as_deref(), who.subject.as_str()), (Some("7"), "7"));
    assert_eq!(who.teams, Teams::AnyOf(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!((who.role, who.routes.len()), (Some(UserRole::ProxyAdminViewer), 0));
    assert_eq!(ends, Some(Timestamp::from_seconds(2_000_000_000)));
    let (nobody, _) =
        introspection(&Asked::answering(200, json!({"client_id": "c"})), None).check("t", NOW).await.unwrap();
    assert_eq!((nobody.speaks_for, nobody.subject.as_str(), nobody.role), (SpeaksFor::Nobody, "c", None));
    assert_eq!(nobody.routes, ["openai_routes", "info_routes"]);
    let wrong = introspection(&Asked::answering(200, json!({"sub": {"id": 1}})), None).check("t", NOW).await;
    assert!(matches!(wrong, Err(TokenError::Claim(name)) if name == "sub"));
}

#[tokio::test]
async fn a_token_for_another_service_does_not_count_where_the_issuer_says_so() {
    for (said, counts) in [
        (json!({"aud": "gateway"}), true),
        (json!({"aud": ["other", "gateway"]}), true),
        (json!({"aud": "other"}), false),
        (json!({"aud": []}), false),
        (json!({}), true),
    ] {
        let mut answer = json!({"active": true, "sub": "u"});
        answer.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
        let checked = introspection(&Asked::answering(200, answer), Some("c")).check("t", NOW).await;
        assert_eq!(checked.is_ok(), counts, "{said}");
        assert!(counts || matches!(checked, Err(TokenError::Audience)));
    }
}
