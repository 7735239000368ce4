//! Who the bearer of a token is, by the records that it names, and for how long that is remembered.

use super::*;
use crate::auth::cache::PrincipalCache;
use crate::auth::credential::Credential;
use crate::auth::identity::custom::CustomAuth;
use crate::auth::identity::introspection::{Introspection, IntrospectionSettings};
use crate::auth::identity::issuing::{Asked, Served, Signer, p256};
use crate::auth::identity::jwt::Expected;
use crate::auth::identity::key_source::KeySource;
use crate::auth::identity::keys_beside::KeysBeside;
use crate::auth::identity::opaque::{Authority, Opaque};
use crate::auth::identity::proxied::Proxied;
use crate::auth::identity::tokens::Signed;
use crate::auth::key_store::KeyStore;
use crate::auth::records::{Directory, Record, RecordId, RecordKind, RecordStore};
use crate::clock::ManualClock;
use crate::config::RecordDefaults;
use crate::config::proxied::ProxiedField;
use crate::money::NanoDollars;
use crate::store::embedded::EmbeddedTable;
use futures_util::future::join_all;
use http::HeaderName;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_seconds(1_763_700_000);
const KEYS: &str = "https://issuer.test/keys";

struct Room {
    authenticator: Authenticator,
    records: RecordStore,
    keys: KeyStore,
    served: Arc<Served>,
    signer: Signer,
}

fn room(settings: Value) -> Room {
    room_with(settings, None)
}

fn room_with(settings: Value, authority: Option<Authority>) -> Room {
    let table = Arc::new(EmbeddedTable::in_memory(Arc::new(ManualClock::at(NOW))).unwrap());
    let records = RecordStore::new(table.clone());
    let directory = Arc::new(Directory::new(records.clone(), 3_600_000, 100));
    let cache = Arc::new(PrincipalCache::new(3_600_000, 100));
    let signer = p256();
    let served = Served::of(KEYS, json!({"keys": [signer.jwk("k")]}));
    let keys = KeySource::new(served.clone(), vec![KEYS.parse().unwrap()], 60_000);
    let users: RecordDefaults = serde_json::from_value(json!({"max_budget": 2})).unwrap();
    let settings = serde_json::from_value(settings).unwrap();
    let defaults = (users, RecordDefaults::default());
    let signed = Signed { keys, expected: Expected::default() };
    let tokens = Tokens::new(settings, (Some(signed), authority.map(Opaque::known_to)), records.clone(), defaults);
    let stored = KeyStore::new(table);
    let authenticator = Authenticator::new(None, stored.clone(), cache, directory).accepting(Some(tokens));
    Room { authenticator, records, keys: stored, served, signer }
}

fn claims(more: Value) -> Value {
    let mut claims = json!({"iss": "https://issuer.test", "sub": "u", "exp": NOW.seconds() + 7200});
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claims
}

impl Room {
    async fn with(self, id: RecordId, fields: Value) -> Self {
        let mut record = Record::new(id, NOW, None);
        record.limits.read(fields.as_object().unwrap(), NOW).unwrap();
        let models = fields["models"].as_array().into_iter().flatten();
        record.models = models.map(|model| model.as_str().unwrap().to_owned()).collect();
        record.document.extend(fields.as_object().unwrap().clone());
        self.records.create(&record, Vec::new()).await.unwrap();
        self
    }

    async fn with_team(self, id: &str, fields: Value) -> Self {
        self.with(RecordId::team(id), fields).await
    }

    async fn with_user(self, fields: Value) -> Self {
        self.with(user_id("u"), fields).await
    }

    async fn at(&self, token: &str, now: Timestamp) -> Result<Arc<Principal>, AuthError> {
        self.authenticator.recognise(&Credential::new(token), now).await
    }

    async fn present(&self, more: Value) -> Result<Arc<Principal>, AuthError> {
        self.at(&self.signer.issue(("ES256", "k"), &claims(more)), NOW).await
    }
}

fn of_users() -> Value {
    json!({"user_id_jwt_field": "sub", "team_ids_jwt_field": "groups", "org_id_jwt_field": "org"})
}

fn with(mut settings: Value, name: &str, value: Value) -> Value {
    settings[name] = value;
    settings
}

#[tokio::test]
async fn a_users_token_acts_as_the_user_and_under_its_limits() {
    let room = room(of_users()).with_user(json!({"max_budget": 1.5, "user_role": "internal_user_viewer"})).await;
    let caller = room.present(json!({})).await.unwrap();
    assert_eq!((caller.role, caller.user_id.as_deref()), (Role::InternalUserViewer, Some("u")));
    let budget = caller.above.user.as_ref().unwrap().limits.max_budget;
    assert_eq!(budget, Some(NanoDollars::from_dollars(1.5)));
    let again = room.present(json!({"iat": 1})).await.unwrap();
    assert_eq!(again.key, caller.key, "the same in logs from token to token");
    assert!(room.authenticator.authorize_route(&caller, "/v1/chat/completions").is_ok());
}

fn told(headers: &[(&'static str, &str)]) -> HeaderMap {
    headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
}

#[tokio::test]
async fn whom_a_proxy_names_has_what_the_headers_and_the_records_say() {
    let mut room = room(json!({})).with_user(json!({"max_budget": 1.5})).await.with_team("t", json!({})).await;
    let named = [
        (ProxiedField::UserId, "x-user"),
        (ProxiedField::TeamId, "x-team"),
        (ProxiedField::RpmLimit, "x-rpm"),
        (ProxiedField::Models, "x-models"),
    ];
    let named = named.map(|(field, name)| (field, HeaderName::from_static(name)));
    let tokens = room.authenticator.tokens.take().unwrap();
    room.authenticator.tokens = Some(Box::new(tokens.beside(Some(Proxied::new(named.into())))));
    let headers = told(&[("x-user", "u"), ("x-team", "t"), ("x-rpm", "7"), ("x-models", "small")]);
    let caller = room.authenticator.authenticate(&headers, NOW).await.unwrap();
    assert_eq!((caller.user_id.as_deref(), caller.team_id.as_deref()), (Some("u"), Some("t")));
    assert_eq!((caller.limits.rpm_limit, &caller.models[..]), (Some(7), &["small".to_owned()][..]));
    let budget = caller.above.user.as_ref().unwrap().limits.max_budget;
    assert_eq!(budget, Some(NanoDollars::from_dollars(1.5)));
    assert!(room.authenticator.authorize_route(&caller, "/v1/chat/completions").is_ok());
    assert!(room.authenticator.authorize_route(&caller, "/key/generate").is_err());
    // Somebody without a record, and somebody without a name.
    let other = room.authenticator.authenticate(&told(&[("x-user", "new")]), NOW).await.unwrap();
    assert_eq!((other.user_id.as_deref(), other.limits.rpm_limit), (Some("new"), None));
    assert_ne!(other.key, caller.key);
    let nobody = room.authenticator.authenticate(&told(&[("x-models", "small")]), NOW).await.unwrap_err();
    assert!(matches!(nobody, AuthError::NoKey));
    let unread = room.authenticator.authenticate(&told(&[("x-user", "u"), ("x-rpm", "many")]), NOW).await.unwrap_err();
    assert!(matches!(unread, AuthError::Token(TokenError::Header(name)) if name == "x-rpm"));
}

#[tokio::test]
async fn a_user_who_is_not_known_is_refused_or_made_with_what_new_users_get() {
    let refused = room(of_users()).present(json!({})).await.unwrap_err();
    assert!(matches!(refused, AuthError::Token(TokenError::UnknownUser(user)) if user == "u"));
    let settings = with(of_users(), "user_id_upsert", json!(true));
    let room = room(with(settings, "user_email_jwt_field", json!("email")));
    let caller = room.present(json!({"email": "u@corp.test"})).await.unwrap();
    assert_eq!(caller.role, Role::InternalUser);
    assert_eq!(caller.above.user.as_ref().unwrap().limits.max_budget, Some(NanoDollars::from_dollars(2.0)));
    let made = room.records.record(&user_id("u")).await.unwrap().unwrap();
    assert_eq!(made.text("user_email"), Some("u@corp.test"));
}

#[tokio::test]
async fn of_several_teams_those_that_are_known_and_open_count() {
    let room = room(of_users()).with_user(json!({})).await;
    let room = room.with_team("blocked", json!({"blocked": true})).await;
    let room = room.with_team("b", json!({"models": ["small"]})).await.with_team("c", json!({})).await;
    let caller = room.present(json!({"groups": ["a", "blocked", "b", "c"]})).await.unwrap();
    assert_eq!(caller.team_id.as_deref(), Some("b"));
    assert_eq!(caller.above.team.as_ref().unwrap().models, ["small"]);
    let others = &caller.token.as_ref().unwrap().teams;
    assert_eq!(others.iter().map(|other| other.team_id.as_deref()).collect::<Vec<_>>(), [Some("c")]);
    assert_ne!(others[0].key, caller.key);
    let refused = room.present(json!({"groups": ["a", "blocked"]})).await.unwrap_err();
    assert!(matches!(refused, AuthError::Token(TokenError::UnknownTeam(_))));
}

#[tokio::test]
async fn a_team_that_is_named_must_be_there_or_is_made() {
    let settings = json!({"team_id_jwt_field": "client_id"});
    let refused = room(settings.clone()).present(json!({"client_id": "t"})).await.unwrap_err();
    assert!(matches!(refused, AuthError::Token(TokenError::UnknownTeam(_))));
    let room = room(with(settings, "team_id_upsert", json!(true)));
    let caller = room.present(json!({"client_id": "t"})).await.unwrap();
    assert_eq!((caller.role, caller.team_id.as_deref()), (Role::VirtualKey, Some("t")));
    assert!(room.records.record(&RecordId::team("t")).await.unwrap().is_some());
    let may = |route| room.authenticator.authorize_route(&caller, route).is_ok();
    assert!(may("/v1/chat/completions") && may("/v1/models") && !may("/key/generate"));
}

#[tokio::test]
async fn who_is_blocked_is_not_let_in() {
    let room = room(of_users()).with_user(json!({"blocked": true})).await;
    assert!(matches!(room.present(json!({})).await, Err(AuthError::UserBlocked(_))));
}

#[tokio::test]
async fn an_organization_of_the_token_limits_it_and_never_takes_the_place_of_the_teams() {
    let organization = |id: &str| RecordId::of(RecordKind::Organization, id);
    let room = room(of_users()).with_user(json!({})).await.with(organization("o"), json!({"max_budget": 1})).await;
    let room = room.with(organization("other"), json!({})).await.with_team("t", json!({"organization_id": "o"})).await;
    let caller = room.present(json!({"org": "o"})).await.unwrap();
    assert_eq!(caller.above.organization.as_ref().unwrap().id, "o");
    let caller = room.present(json!({"org": "other", "groups": ["t"]})).await.unwrap();
    assert_eq!(caller.above.organization.as_ref().unwrap().id, "o");
    let refused = room.present(json!({"org": "unknown"})).await.unwrap_err();
    assert!(matches!(refused, AuthError::Token(TokenError::UnknownOrganization(_))));
}

#[tokio::test]
async fn an_administrators_token_administers_and_calls_no_models_unless_it_is_let() {
    let room = room(of_users());
    let caller = room.present(json!({"scope": "litellm_proxy_admin"})).await.unwrap();
    assert_eq!(caller.role, Role::ProxyAdmin);
    assert!(room.authenticator.authorize_route(&caller, "/v1/chat/completions").is_err());
    assert!(crate::auth::route::authorize_by_list(&caller, "/key/generate").is_ok());
    assert!(crate::auth::route::authorize_by_list(&caller, "/global/spend/report").is_ok());
}

#[tokio::test]
async fn a_token_is_remembered_and_not_beyond_its_end_or_its_keys_end() {
    let room = room(of_users()).with_user(json!({})).await;
    let token = room.signer.issue(("ES256", "k"), &claims(json!({})));
    let first = room.at(&token, NOW).await.unwrap();
    // The issuer takes its key back.
    room.served.say(KEYS, json!({"keys": [p256().jwk("new")]}));
    let again = room.at(&token, NOW.plus_millis(59_999)).await.unwrap();
    assert!(Arc::ptr_eq(&first, &again), "nothing was checked anew");
    assert_eq!(room.served.times(), 1);
    let refused = room.at(&token, NOW.plus_millis(60_000)).await.unwrap_err();
    assert!(matches!(refused, AuthError::Token(TokenError::UnknownKey)));
}

#[tokio::test]
async fn a_token_that_has_ended_is_refused_though_it_is_remembered() {
    let room = room(of_users()).with_user(json!({})).await;
    let token = room.signer.issue(("ES256", "k"), &claims(json!({"exp": NOW.seconds() + 5})));
    assert!(room.at(&token, NOW).await.is_ok());
    let refused = room.at(&token, NOW.plus_millis(15_000)).await.unwrap_err();
    assert!(matches!(refused, AuthError::Token(TokenError::Expired)));
    assert!(!refused.to_string().contains(&token[..20]) && !refused.to_string().contains(&token[token.len() - 8..]));
}

#[tokio::test]
async fn a_key_is_no_token_and_text_is_neither() {
    let room = room(of_users());
    assert!(matches!(room.at("sk-a.b.c", NOW).await, Err(AuthError::Unknown { .. })));
    assert!(matches!(room.at("opaque", NOW).await, Err(AuthError::NotAVirtualKey)));
    assert!(matches!(room.at("a.b.c", NOW).await, Err(AuthError::Token(TokenError::Malformed))));
    assert_eq!(room.served.times(), 0);
}

#[tokio::test]
async fn roles_and_teams_of_a_user_become_what_its_token_says() {
    let settings = json!({"user_id_jwt_field": "sub", "team_ids_jwt_field": "groups", "roles_jwt_field": "roles",
        "sync_user_role_and_teams": true, "jwt_litellm_role_map": [{"jwt_role": "boss", "litellm_role": "proxy_admin"}]});
    let room = room(settings).with_user(json!({"user_role": "internal_user"})).await;
    let room = room.with_team("a", json!({})).await.with_team("b", json!({})).await;
    let caller = room.present(json!({"groups": ["a", "b"], "roles": ["boss"]})).await.unwrap();
    assert_eq!(caller.role, Role::ProxyAdmin);
    assert!(caller.above.member.is_some());
    assert_eq!(room.records.teams_of("u").await.unwrap(), ["a", "b"]);
    room.present(json!({"groups": ["b", "unknown"]})).await.unwrap();
    assert_eq!(room.records.teams_of("u").await.unwrap(), ["b"]);
}

#[tokio::test]
async fn what_scopes_say_binds_routes_and_models() {
    let settings = json!({"user_id_jwt_field": "sub", "enforce_scope_based_access": true,
        "scope_mappings": [{"scope": "embed", "models": ["small"], "routes": ["/v1/embeddings"]}]});
    let room = room(settings).with_user(json!({})).await;
    let caller = room.present(json!({"scope": "embed"})).await.unwrap();
    assert_eq!(caller.models, ["small"]);
    assert!(room.authenticator.authorize_route(&caller, "/v1/embeddings").is_ok());
    assert!(room.authenticator.authorize_route(&caller, "/v1/chat/completions").is_err());
}

/// A room whose issuer is asked about tokens that say nothing by themselves.
fn asking(asked: &Arc<Asked>) -> Room {
    let settings = IntrospectionSettings {
        address: "https://issuer.test/introspect".parse().unwrap(),
        client: None,
        audiences: vec!["gateway".to_owned()],
        user_field: "sub".to_owned(),
        role_field: "role".to_owned(),
        team_field: "team_id".to_owned(),
    };
    room_with(json!({}), Some(Authority::Issuer(Introspection::new(asked.clone(), settings))))
}

#[tokio::test]
async fn an_issuer_vouches_for_whom_no_record_knows_and_records_go_first() {
    let asked =
        Asked::answering(200, json!({"active": true, "sub": "u", "role": "proxy_admin_viewer", "team_id": "t"}));
    let caller = asking(&asked).at("opaque", NOW).await.unwrap();
    assert_eq!((caller.role, caller.user_id.as_deref()), (Role::ProxyAdminViewer, Some("u")));
    assert_eq!(caller.team_id.as_deref(), Some("t"));
    let room = asking(&asked).with_user(json!({"user_role": "internal_user"})).await;
    let caller = room.with_team("t", json!({"models": ["small"]})).await.at("opaque", NOW).await.unwrap();
    assert_eq!(
        (caller.role, &*caller.above.team.as_ref().unwrap().models),
        (Role::InternalUser, &["small".to_owned()][..])
    );
    let blocked = asking(&asked).with_user(json!({"blocked": true})).await;
    assert!(matches!(blocked.at("opaque", NOW).await, Err(AuthError::UserBlocked(_))));
}

#[tokio::test]
async fn a_token_without_a_role_calls_models_and_nothing_else() {
    let asked = Asked::answering(200, json!({"active": true, "sub": "u"}));
    let room = asking(&asked);
    let caller = room.at("opaque", NOW).await.unwrap();
    assert_eq!(caller.role, Role::VirtualKey);
    assert!(room.authenticator.authorize_route(&caller, "/v1/chat/completions").is_ok());
    assert!(super::super::route::authorize_by_list(&caller, "/key/generate").is_err());
}

#[tokio::test]
async fn an_issuer_is_asked_once_in_a_minute_about_a_token_and_never_about_keys() {
    let asked = Asked::answering(200, json!({"active": true, "sub": "u"}));
    let room = asking(&asked);
    let all = join_all((0..50).map(|_| room.at("opaque", NOW))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(asked.requests().len(), 1);
    asked.answer(200, json!({"active": false}));
    assert!(room.at("opaque", NOW.plus_millis(59_999)).await.is_ok());
    assert!(room.at("opaque", NOW.plus_millis(60_000)).await.is_err(), "taken back");
    assert_eq!(asked.requests().len(), 2);
    assert!(room.at("sk-unknown", NOW).await.is_err());
    // A signed token is read here.
    assert!(room.at("a.b.c", NOW).await.is_err());
    assert_eq!(asked.requests().len(), 2);
    asked.answer(500, json!({}));
    let silent = room.at("another", NOW).await;
    assert!(matches!(silent, Err(AuthError::Token(TokenError::NotTold(_)))));
}

#[tokio::test]
async fn a_token_counts_no_longer_than_its_issuer_says() {
    let asked = Asked::answering(200, json!({"active": true, "sub": "u", "exp": NOW.seconds() + 5}));
    let room = asking(&asked);
    assert!(room.at("opaque", NOW).await.is_ok());
    assert!(room.at("opaque", NOW.plus_millis(4_999)).await.is_ok());
    assert!(matches!(room.at("opaque", NOW.plus_millis(5_000)).await, Err(AuthError::Token(TokenError::Expired))));
}

/// A room with a service of the operator's own, and the virtual key `sk-ours`.
async fn with_service(asked: &Arc<Asked>, keys: KeysBeside) -> Room {
    let service = CustomAuth::new(asked.clone(), "https://who.test".parse().unwrap(), keys);
    let room = room_with(json!({}), Some(Authority::Custom(service)));
    let ours = KeyRecord::new(key_hash::hash("sk-ours"), "sk-...ours".to_owned(), NOW, None);
    room.keys.create(&ours, NanoDollars::ZERO).await.unwrap();
    room
}

#[tokio::test]
async fn the_operators_own_service_is_asked_about_everything_or_about_what_is_no_key() {
    let asked = Asked::answering(200, json!({"user_id": "u"}));
    let room = with_service(&asked, KeysBeside::Ignored).await;
    for presented in ["sk-ours", "anything"] {
        assert_eq!(room.at(presented, NOW).await.unwrap().user_id.as_deref(), Some("u"), "{presented}");
    }
    assert_eq!(asked.requests().len(), 2);
    let asked = Asked::answering(200, json!({"user_id": "u"}));
    let room = with_service(&asked, KeysBeside::First).await;
    assert_eq!(room.at("sk-ours", NOW).await.unwrap().user_id, None);
    for presented in ["sk-theirs", "sk-theirs", "anything", "anything"] {
        assert_eq!(room.at(presented, NOW).await.unwrap().user_id.as_deref(), Some("u"), "{presented}");
    }
    assert_eq!(asked.requests().len(), 2, "once about each");
    asked.answer(401, json!({}));
    let refused = room.at("sk-theirs", NOW.plus_millis(60_000)).await.unwrap_err();
    assert!(matches!(refused, AuthError::Token(TokenError::Denied)));
}
