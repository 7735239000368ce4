//! Which tokens count, and which never do.

mod custom;
mod introspection;
mod keys;
mod meaning;

use super::error::TokenError;
use super::issuing::{RSA, Signer, ed25519, encoded, p256, p384, p521};
use super::jwk::{Algorithm, keys_in, meant};
use super::jwt::{Claims, Expected, Jwt, LEEWAY_MILLIS, has_form};
use crate::clock::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_seconds(1_763_700_000);

fn claims() -> Value {
    json!({"iss": "https://issuer.test", "aud": ["gateway", "other"], "sub": "u", "exp": NOW.seconds() + 60})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn check(signer: &Signer, token: &str, expected: &Expected) -> Result<Claims, TokenError> {
    Jwt::read(token)?.claims(&signer.key("k"), expected, NOW)
}

fn plainly(token: &str) -> Result<Claims, TokenError> {
    check(&RSA, token, &Expected::default())
}

#[test]
fn each_algorithm_is_checked_with_a_key_of_its_type() {
    let rsa = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].map(|name| (&*RSA, name));
    let (p256, p384, p521, ed25519) = (p256(), p384(), p521(), ed25519());
    let all = [(&p256, "ES256"), (&p384, "ES384"), (&p521, "ES512"), (&ed25519, "EdDSA")];
    let all: Vec<_> = rsa.into_iter().chain(all).collect();
    for (signer, algorithm) in &all {
        let token = signer.issue((algorithm, "k"), &claims());
        let known = check(signer, &token, &Expected::default()).unwrap_or_else(|error| panic!("{algorithm}: {error}"));
        assert_eq!(known.all["sub"], "u");
        for (other, name) in all.iter().filter(|(other, _)| !std::ptr::eq(*other, *signer)) {
            let refused = check(other, &token, &Expected::default());
            assert!(matches!(refused, Err(TokenError::Signature)), "{algorithm} with a key of {name}");
        }
    }
}

#[test]
fn a_token_does_not_choose_how_it_is_checked() {
    let modulus = RSA.jwk("k")["n"].as_str().unwrap().to_owned();
    for header in [json!({"alg": "none"}), json!({"alg": "None"}), json!({"alg": "HS256"}), json!({"alg": ""})] {
        let message = format!("{}.{}", encoded(header.to_string()), encoded(claims().to_string()));
        // What an attacker makes of the public key as a shared secret is not even compared.
        let shared = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, modulus.as_bytes());
        let signed = encoded(aws_lc_rs::hmac::sign(&shared, message.as_bytes()));
        for signature in [signed.as_str(), "AA", ""] {
            let refused = plainly(&format!("{message}.{signature}"));
            assert!(matches!(refused, Err(TokenError::Algorithm)), "{header}");
        }
    }
    // Keys that stand in the token itself are nobody's.
    let own = p256();
    let header = json!({"alg": "ES256", "jwk": own.jwk("k"), "jku": "https://attacker.test/keys"});
    assert!(matches!(plainly(&own.token(&header, &claims())), Err(TokenError::Signature)));
    let header = json!({"alg": "RS256", "crit": ["b64"], "b64": false});
    assert!(matches!(plainly(&RSA.token(&header, &claims())), Err(TokenError::Malformed)));
}

#[test]
fn a_key_that_is_for_one_algorithm_knows_no_other() {
    let mut jwk = RSA.jwk("k");
    jwk["alg"] = "PS256".into();
    let key = keys_in(&json!({"keys": [jwk]})).pop().unwrap();
    assert!(key.knows(Algorithm::Ps256) && !key.knows(Algorithm::Rs256));
    let token = RSA.issue(("RS256", "k"), &claims());
    let refused = Jwt::read(&token).unwrap().claims(&key, &Expected::default(), NOW);
    assert!(matches!(refused, Err(TokenError::Signature)));
}

#[test]
fn keys_that_are_no_ones_to_check_with_are_passed_over() {
    let change = |name: &str, value: Value| {
        let mut jwk = RSA.jwk("k");
        jwk[name] = value;
        jwk
    };
    let unusable = json!({"keys": [
        {"kty": "oct", "kid": "k", "k": "c2VjcmV0"},
        change("use", json!("enc")),
        change("key_ops", json!(["encrypt"])),
        change("alg", json!("RSA-OAEP")),
        change("n", json!(encoded([255; 128]))),
        change("n", json!("?")),
        {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": "AA"},
        "nonsense",
    ]});
    assert_eq!(keys_in(&unusable), []);
    assert_eq!(keys_in(&json!({"keys": [RSA.jwk("a"), p256().jwk("b")]})).len(), 2);
}

#[test]
fn a_token_without_a_key_id_means_the_only_key_that_fits() {
    let keys = keys_in(&json!({"keys": [RSA.jwk("a"), p256().jwk("b"), p256().jwk("c")]}));
    let id = |id: Option<&str>, algorithm| meant(keys.iter(), id, algorithm).map(|key| key.id.clone().unwrap());
    assert_eq!(id(None, Algorithm::Rs256).as_deref(), Some("a"));
    assert_eq!(id(None, Algorithm::Es256), None, "two could be meant");
    assert_eq!(id(Some("c"), Algorithm::Es256).as_deref(), Some("c"));
    assert_eq!(id(Some("a"), Algorithm::Es256), None, "of another type");
    assert_eq!(id(Some("d"), Algorithm::Es256), None);
}

#[test]
fn a_token_counts_from_its_beginning_to_its_end() {
    let said = |name: &str, value: Value| plainly(&RSA.issue(("RS256", "k"), &with(name, value)));
    let (now, leeway) = (NOW.seconds(), LEEWAY_MILLIS / 1000);
    assert!(matches!(said("exp", Value::Null), Err(TokenError::Endless)));
    assert!(matches!(said("exp", json!(now - leeway)), Err(TokenError::Expired)));
    assert!(said("exp", json!(now - leeway + 1)).is_ok());
    assert!(said("exp", json!(now as f64 + 0.5)).is_ok());
    assert!(matches!(said("exp", json!("tomorrow")), Err(TokenError::Malformed)));
    assert!(matches!(said("exp", json!(-1)), Err(TokenError::Malformed)));
    assert!(matches!(said("exp", json!(1e300)), Err(TokenError::Malformed)));
    assert!(said("nbf", json!(now + leeway)).is_ok());
    assert!(matches!(said("nbf", json!(now + leeway + 1)), Err(TokenError::NotYet)));
}

#[test]
fn a_token_is_from_and_for_whom_it_must_be() {
    let expected = |issuer: &str, audience: &str| {
        let list = |text: &str| text.split(' ').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Expected { issuers: list(issuer), audiences: list(audience) }
    };
    let said = |claims: &Value, expected: &Expected| check(&RSA, &RSA.issue(("RS256", "k"), claims), expected);
    assert!(said(&claims(), &expected("https://issuer.test", "gateway")).is_ok());
    assert!(said(&claims(), &expected("x https://issuer.test", "x other")).is_ok());
    assert!(said(&with("aud", json!("gateway")), &expected("", "gateway")).is_ok());
    assert!(matches!(said(&claims(), &expected("https://issuer.test/", "")), Err(TokenError::Issuer)));
    assert!(matches!(said(&with("iss", Value::Null), &expected("https://issuer.test", "")), Err(TokenError::Issuer)));
    assert!(matches!(said(&claims(), &expected("", "third")), Err(TokenError::Audience)));
    for audience in [Value::Null, json!([]), json!(["third"]), json!({"gateway": 1})] {
        let refused = said(&with("aud", audience.clone()), &expected("", "gateway"));
        assert!(matches!(refused, Err(TokenError::Audience)), "{audience}");
    }
}

#[test]
fn only_three_parts_are_a_token() {
    assert!(has_form("a.b.c"));
    for text in ["", "a", "a.b", "a.b.", ".b.c", "a.b.c.d", "sk-1234"] {
        assert!(!has_form(text), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is changed in a token, it counts no longer.
    #[test]
    fn a_token_that_was_changed_does_not_count(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
        let token = RSA.issue(("RS256", "k"), &claims());
        let at = at.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(at..=at, &to);
        // The last character of the signature has bits that mean nothing; those are refused as another form.
        prop_assert!(changed == token || plainly(&changed).is_err());
    }

    /// Nothing that anybody sends makes the reader stumble.
    #[test]
    fn no_text_is_a_token_by_chance(text in "[ -~]{0,80}", header in "\\PC{0,40}", payload in "\\PC{0,40}") {
        prop_assert!(plainly(&text).is_err());
        let made = format!("{}.{}.{}", encoded(&header), encoded(&payload), encoded("x"));
        prop_assert!(plainly(&made).is_err());
    }
}
