//! Who is signed in, and who never is.

use super::attempt::{ATTEMPT_MILLIS, Attempt};
use super::command_line::{self, Login};
use super::endpoints::{Described, Source, Told, is_safe};
use super::error::{Meaning, SignInError};
use super::exchange::told_reason;
use super::person::{ClaimNames, MailTrust, Person};
use super::provider::{Provider, ProviderSettings};
use super::session_token::Session;
use crate::auth::identity::error::TokenError;
use crate::auth::identity::issuing::{Served, Signer, p256};
use crate::clock::{SystemRandom, Timestamp};
use crate::config::UserRole;
use crate::config::sso::SsoKind;
use crate::crypto::CipherKey;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;
use url::Url;

const NOW: Timestamp = Timestamp::from_seconds(1_763_700_000);
const ISSUER: &str = "https://issuer.test";
const DESCRIPTION: &str = "https://issuer.test/.well-known/openid-configuration";
const CALLBACK: &str = "https://llm.test/sso/callback";

fn names() -> ClaimNames {
    ClaimNames {
        id: "preferred_username".to_owned(),
        email: vec!["email".to_owned()],
        name: "sub".to_owned(),
        first_name: "first_name".to_owned(),
        last_name: "last_name".to_owned(),
        role: vec!["role".to_owned()],
        provider: Some("provider".to_owned()),
        mail: MailTrust::UnlessDenied,
    }
}

fn settings() -> ProviderSettings {
    ProviderSettings {
        kind: SsoKind::Generic,
        client_id: "gateway".to_owned(),
        client_secret: Secret::new("client-secret"),
        domains: Vec::new(),
        scope: "openid email".to_owned(),
        claims: names(),
        asks_userinfo: true,
        names_client: false,
        headers: Vec::new(),
    }
}

/// A provider that answers as it is told.
struct Room {
    provider: Provider,
    served: Arc<Served>,
    signer: Signer,
    attempt: Attempt,
}

fn description() -> Value {
    json!({"issuer": ISSUER, "authorization_endpoint": "https://issuer.test/auth?tenant=a",
        "token_endpoint": "https://issuer.test/token", "userinfo_endpoint": "https://issuer.test/me",
        "jwks_uri": "https://issuer.test/keys"})
}

fn described() -> Described {
    Described { issuer: Url::parse(ISSUER).unwrap(), begins_with: None, also: &[] }
}

fn room_at(source: Source) -> Room {
    let (served, signer) = (Served::of(DESCRIPTION, description()), p256());
    served.say("https://issuer.test/keys", json!({"keys": [signer.jwk("k")]}));
    served.say("https://issuer.test/me", json!({"sub": "u", "email": "U@Corp.test"}));
    let provider = Provider::new(settings(), source, served.clone());
    let attempt = Attempt::new(SsoKind::Generic, None, &SystemRandom, NOW).unwrap();
    Room { provider, served, signer, attempt }
}

fn room() -> Room {
    room_at(Source::new(Told::default(), Some(described())))
}

impl Room {
    fn token(&self, change: (&str, Value)) -> Value {
        let mut claims = json!({"iss": ISSUER, "aud": "gateway", "sub": "u", "exp": NOW.seconds() + 60,
            "nonce": self.attempt.nonce(), "preferred_username": "user"});
        claims[change.0] = change.1;
        claims
    }

    /// What comes of a code whose token says this.
    async fn with(&self, claims: &Value) -> Result<Map<String, Value>, SignInError> {
        let token = self.signer.issue(("ES256", "k"), claims);
        self.served.say("https://issuer.test/token", json!({"access_token": "a", "id_token": token}));
        self.claims().await
    }

    async fn claims(&self) -> Result<Map<String, Value>, SignInError> {
        let endpoints = self.provider.endpoints(NOW).await?;
        self.provider.claims(&endpoints, ("code", &self.attempt, CALLBACK), NOW).await
    }
}

#[test]
fn what_a_browser_keeps_counts_for_its_own_state_and_ten_minutes() {
    let (key, other) = (CipherKey::random(&SystemRandom).unwrap(), CipherKey::random(&SystemRandom).unwrap());
    let attempt = Attempt::new(SsoKind::Google, Some("cli-x"), &SystemRandom, NOW).unwrap();
    let sealed = attempt.sealed(&key, &SystemRandom).unwrap();
    assert!(!sealed.contains(attempt.verifier()) && !sealed.contains(attempt.nonce()));
    let opened = Attempt::open(&attempt.state, &sealed, &key, NOW.plus_millis(ATTEMPT_MILLIS - 1)).unwrap();
    assert_eq!((&opened, opened.provider(), opened.command_line()), (&attempt, Some(SsoKind::Google), Some("cli-x")));
    let late = Attempt::open(&attempt.state, &sealed, &key, NOW.plus_millis(ATTEMPT_MILLIS));
    assert!(matches!(late, Err(SignInError::Late)));
    let another = Attempt::new(SsoKind::Google, None, &SystemRandom, NOW).unwrap();
    for (state, sealed, key) in [
        (another.state.as_str(), sealed.as_str(), &key),
        ("", &sealed, &key),
        (&attempt.state, &sealed, &other),
        (&attempt.state, &sealed[1..], &key),
        (&attempt.state, "", &key),
        (&attempt.state, "no base64!", &key),
    ] {
        assert!(matches!(Attempt::open(state, sealed, key, NOW), Err(SignInError::Foreign)), "{state} {sealed}");
    }
    for state in ["", "short", "a=b; Path=/\r\n", "éééééééééééé"] {
        assert_eq!(Attempt::cookie_name(state), None, "{state}");
    }
}

#[tokio::test]
async fn somebody_begins_where_the_provider_says_with_a_challenge_and_a_nonce() {
    let room = room();
    let endpoints = room.provider.endpoints(NOW).await.unwrap();
    let address = room.provider.begins_at(&endpoints, &room.attempt, CALLBACK);
    let asked: HashMap<String, String> = address.query_pairs().into_owned().collect();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(room.attempt.verifier()));
    for (name, value) in [
        ("tenant", "a"),
        ("response_type", "code"),
        ("client_id", "gateway"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid email"),
        ("state", &room.attempt.state),
        ("nonce", room.attempt.nonce()),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(asked[name], value, "{name}");
    }
    assert!(!address.as_str().contains(room.attempt.verifier()));
}

#[tokio::test]
async fn a_token_counts_where_it_is_the_providers_and_of_this_sign_in() {
    let room = room();
    let claims = room.with(&room.token(("sub", json!("u")))).await.unwrap();
    assert_eq!((&claims["preferred_username"], &claims["email"]), (&json!("user"), &json!("U@Corp.test")));
    for (change, wanted) in [
        (("nonce", json!("another")), "nonce"),
        (("nonce", Value::Null), "nonce"),
        (("aud", json!("another")), "aud"),
        (("azp", json!("another")), "aud"),
        (("iss", json!("https://attacker.test")), "iss"),
        (("exp", json!(NOW.seconds() - 60)), "expired"),
        (("sub", json!("another")), "two different people"),
    ] {
        let refused = room.with(&room.token(change.clone())).await.unwrap_err();
        assert!(refused.to_string().contains(wanted), "{change:?}: {refused}");
        assert_eq!(refused.meaning(), Meaning::NotKnown);
    }
    let foreign = p256().issue(("ES256", "k"), &room.token(("sub", json!("u"))));
    room.served.say("https://issuer.test/token", json!({"access_token": "a", "id_token": foreign}));
    assert!(matches!(room.claims().await, Err(SignInError::Token(TokenError::Signature))));
}

#[tokio::test]
async fn without_the_providers_keys_it_is_asked_itself() {
    let address = |path: &str| Url::parse(&format!("{ISSUER}{path}")).ok();
    let told = Told { authorization: address("/auth"), token: address("/token"), userinfo: address("/me") };
    let room = room_at(Source::new(told, None));
    room.served.say("https://issuer.test/token", json!({"access_token": "a"}));
    assert_eq!(room.claims().await.unwrap()["email"], "U@Corp.test");
    // What a token says of this sign-in is looked at all the same.
    let refused = room.with(&room.token(("nonce", json!("another")))).await;
    assert!(matches!(refused, Err(SignInError::Nonce)));
    room.served.say("https://issuer.test/token", json!({}));
    assert!(matches!(room.claims().await, Err(SignInError::Unreadable(_))));
    room.served.say("https://issuer.test/token", Value::Null);
    assert!(matches!(room.claims().await, Err(SignInError::Silent(_))));
}

#[tokio::test]
async fn a_description_of_another_or_with_addresses_in_the_clear_is_refused() {
    for (name, value) in [
        ("issuer", "https://attacker.test"),
        ("token_endpoint", "http://issuer.test/token"),
        ("jwks_uri", "http://issuer.test/keys"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("userinfo_endpoint", "ftp://issuer.test/me"),
    ] {
        let (room, mut wrong) = (room(), description());
        wrong[name] = value.into();
        room.served.say(DESCRIPTION, wrong);
        assert!(matches!(room.claims().await, Err(SignInError::Unreadable(_))), "{name}");
    }
    let safe = |text: &str| is_safe(&Url::parse(text).unwrap());
    assert!(safe("https://a.test") && safe("http://127.0.0.1:1") && safe("http://[::1]:1") && safe("http://localhost"));
    assert!(!safe("http://a.test") && !safe("http://10.0.0.1") && !safe("http://localhost.attacker.test"));
}

#[tokio::test]
async fn while_a_provider_is_silent_its_last_description_counts_and_it_is_left_alone() {
    let room = room();
    room.served.say(DESCRIPTION, Value::Null);
    assert!(matches!(room.provider.endpoints(NOW).await, Err(SignInError::Silent(_))));
    assert!(matches!(room.provider.endpoints(NOW).await, Err(SignInError::Silent(None))));
    assert_eq!(room.served.times(), 1);
    room.served.say(DESCRIPTION, description());
    let later = NOW.plus_millis(10_000);
    assert!(room.provider.endpoints(later).await.is_ok());
    room.served.say(DESCRIPTION, Value::Null);
    assert!(room.provider.endpoints(later.plus_millis(4_000_000)).await.is_ok());
    assert_eq!(room.served.times(), 3);
}

#[tokio::test]
async fn an_issuer_of_many_organizations_is_named_with_the_tokens_own() {
    let many = Described { issuer: Url::parse(ISSUER).unwrap(), begins_with: Some("https://issuer.test/"), also: &[] };
    let room = room_at(Source::new(Told::default(), Some(many)));
    let mut document = description();
    document["issuer"] = "https://issuer.test/{tenantid}/v2.0".into();
    room.served.say(DESCRIPTION, document);
    let mut claims = room.token(("tid", json!("t1")));
    claims["iss"] = "https://issuer.test/t1/v2.0".into();
    assert!(room.with(&claims).await.is_ok());
    claims["tid"] = "t2".into();
    assert!(matches!(room.with(&claims).await, Err(SignInError::Token(TokenError::Issuer))));
    claims["tid"] = Value::Null;
    assert!(matches!(room.with(&claims).await, Err(SignInError::Token(TokenError::Issuer))));
}

#[test]
fn what_a_provider_says_instead_of_a_code_is_told_apart() {
    for (reason, meaning) in [
        ("access_denied", Meaning::NotAllowed),
        ("login_required", Meaning::NotAllowed),
        ("invalid_scope", Meaning::Provider),
        ("temporarily_unavailable", Meaning::NotNow),
    ] {
        assert_eq!(SignInError::Denied(reason.to_owned()).meaning(), meaning, "{reason}");
    }
    assert_eq!(told_reason("<b>no</b> \r\naccess_denied"), "bnobaccess_denied");
}

fn person(names: &ClaimNames, claims: &Value) -> Result<Person, SignInError> {
    names.person(SsoKind::Generic, claims.as_object().unwrap())
}

#[test]
fn claims_say_who_that_is() {
    let claims = json!({"sub": "s", "preferred_username": "p", "email": " P@Corp.Test ", "first_name": "Pat",
        "last_name": "Doe", "provider": "okta", "role": ["none", "internal_user", "proxy_admin"]});
    let known = person(&names(), &claims).unwrap();
    assert_eq!((known.subject.as_str(), known.id.as_str(), known.provider.as_str()), ("s", "p", "okta"));
    assert_eq!((known.email.as_deref(), known.name.as_deref()), (Some("p@corp.test"), Some("Pat Doe")));
    assert_eq!(known.role, Some(UserRole::ProxyAdmin));
    let known = person(&names(), &json!({"sub": "s", "role": "king", "email": "none"})).unwrap();
    assert_eq!((known.id.as_str(), known.role, known.email, known.name), ("s", None, None, None));
    assert!(matches!(person(&names(), &json!({"email": "a@b"})), Err(SignInError::Nobody(_))));
    assert!(matches!(person(&names(), &json!({"sub": {"a": 1}})), Err(SignInError::Token(TokenError::Claim(_)))));
}

#[test]
fn a_mail_address_that_is_not_the_persons_own_is_none() {
    let strict = ClaimNames { mail: MailTrust::IfConfirmed, ..names() };
    for (confirmed, usual, if_confirmed) in [
        (json!({}), true, false),
        (json!({"email_verified": true}), true, true),
        (json!({"email_verified": "true"}), true, true),
        (json!({"email_verified": false, "xms_edov": true}), false, false),
        (json!({"email_verified": "false"}), false, false),
        (json!({"xms_edov": 1}), true, true),
        (json!({"xms_edov": "0"}), true, false),
    ] {
        let mut claims = json!({"sub": "s", "email": "a@corp.test"});
        claims.as_object_mut().unwrap().extend(confirmed.as_object().unwrap().clone());
        assert_eq!(person(&names(), &claims).unwrap().email.is_some(), usual, "{confirmed}");
        assert_eq!(person(&strict, &claims).unwrap().email.is_some(), if_confirmed, "{confirmed}");
    }
}

#[test]
fn only_mail_of_the_domains_is_let_in() {
    let with = |email: Value| person(&names(), &json!({"sub": "s", "email": email})).unwrap();
    let domains = ["corp.test".to_owned(), "@other.test".to_owned()];
    for (email, is_in) in [
        (json!("a@corp.test"), true),
        (json!("a@OTHER.test"), true),
        (json!("a@sub.corp.test"), false),
        (json!("a@corp.test.attacker.test"), false),
        (json!("a@corp.test@attacker.test"), false),
        (Value::Null, false),
    ] {
        assert_eq!(with(email.clone()).check_domain(&domains).is_ok(), is_in, "{email}");
        assert!(with(email).check_domain(&[]).is_ok());
    }
}

#[test]
fn a_login_of_a_command_line_is_its_own_and_its_persons() {
    let key = CipherKey::random(&SystemRandom).unwrap();
    let begun = command_line::begin(&key, &SystemRandom, NOW).unwrap();
    let login = Login::open(&begun.login_id, &key, NOW).unwrap();
    assert!(login.check_secret(Some(begun.poll_secret.expose())).is_ok());
    assert!(login.check_secret(None).is_err() && login.check_secret(Some("")).is_err());
    assert!(login.check_code(&begun.user_code.to_lowercase().replace('-', " ")).is_ok());
    assert!(login.check_code("").is_err() && login.check_code("AAAA-AAAA").is_err());
    let confirmation = login.confirmation("user", &key, &SystemRandom).unwrap();
    assert_eq!(login.confirmed(&confirmation, &key).unwrap(), "user");
    // What one page gives back is of no use for another login.
    let other = command_line::begin(&key, &SystemRandom, NOW).unwrap();
    let other = Login::open(&other.login_id, &key, NOW).unwrap();
    assert!(other.confirmed(&confirmation, &key).is_err() && other.check_code(&begun.user_code).is_err());
    assert!(login.confirmed(&begun.login_id[4..], &key).is_err() && Login::open(&confirmation, &key, NOW).is_err());
    let late = Login::open(&begun.login_id, &key, NOW.plus_millis(ATTEMPT_MILLIS));
    assert!(matches!(late, Err(SignInError::CommandLine)));
    assert!(matches!(Login::open("cli-AAAA", &key, NOW), Err(SignInError::CommandLine)));
    assert!(matches!(Login::open("sk-mine", &key, NOW), Err(SignInError::OldCommandLine)));
    assert!(!login.stored_as().contains(&begun.login_id));
}

#[test]
fn a_session_is_told_as_litellms_dashboard_reads_it() {
    let (key, own) = (CipherKey::random(&SystemRandom).unwrap(), Secret::new("sk-session"));
    let session =
        Session { user: "u", email: None, role: "internal_user", key: &own, header: "Authorization", ends: NOW };
    let token = session.token(&key);
    let (message, signature) = token.expose().rsplit_once('.').unwrap();
    assert_eq!(URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes())), signature);
    let claims = URL_SAFE_NO_PAD.decode(message.split_once('.').unwrap().1).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!((&claims["key"], &claims["login_method"]), (&json!("sk-session"), &json!("sso")));
    assert_eq!((&claims["user_id"], &claims["exp"]), (&json!("u"), &json!(NOW.seconds())));
    assert_ne!(key.sign(b"a"), CipherKey::random(&SystemRandom).unwrap().sign(b"a"));
}
