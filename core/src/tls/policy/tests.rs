//! The order of those who may say something.

use super::*;
use crate::secret::Secret;
use serde_json::{Value, json};

fn params(value: Value) -> TlsParams {
    serde_json::from_value(value).unwrap()
}

fn resolved(explicit: Value, environment: &[(&str, &str)], settings: Value) -> Result<Resolved, PolicyError> {
    let environment = Environment::from_pairs(environment.iter().copied());
    let objects = Objects::from([("s3://b/ca.pem".to_owned(), Secret::new("pem"))]);
    let sources = Sources { environment: &environment, settings: &params(settings), objects: &objects };
    sources.resolve("litellm_params", &params(explicit))
}

/// What is trusted, and who said whether to check and against whom.
fn trust(explicit: Value, environment: &[(&str, &str)], settings: Value) -> (String, String, String) {
    let Resolved { policy, said_by, .. } = resolved(explicit, environment, settings).unwrap();
    let trust = match policy.trust {
        Trust::Nothing => "nothing".to_owned(),
        Trust::BuiltIn => "built in".to_owned(),
        Trust::Bundle(bundle) => bundle.name().to_owned(),
    };
    (trust, said_by.verify.to_string(), said_by.authorities.to_string())
}

#[test]
fn each_source_of_verification_wins_over_those_after_it() {
    let explicit = json!({"ssl_verify": "/explicit.pem"});
    let settings = json!({"ssl_verify": "/settings.pem"});
    let variable = ("SSL_VERIFY", "/variable.pem");
    let file = ("SSL_CERT_FILE", "/file.pem");
    let none = json!({});
    let seen = [
        trust(explicit, &[variable, file], settings.clone()).0,
        trust(none.clone(), &[variable, file], settings.clone()).0,
        trust(none.clone(), &[file], settings).0,
        trust(none.clone(), &[file], none.clone()).0,
        trust(none.clone(), &[], none).0,
    ];
    assert_eq!(seen, ["/explicit.pem", "/variable.pem", "/settings.pem", "/file.pem", "built in"]);
}

#[test]
fn a_truth_decides_whether_and_the_file_decides_against_whom() {
    let file = ("SSL_CERT_FILE", "/file.pem");
    let told = |trust: &str, verify: &str, by: &str| (trust.to_owned(), verify.to_owned(), by.to_owned());
    assert_eq!(
        trust(json!({"ssl_verify": true}), &[("SSL_VERIFY", "False"), file], json!({})),
        told("/file.pem", "litellm_params.ssl_verify", "SSL_CERT_FILE")
    );
    assert_eq!(
        trust(json!({}), &[("SSL_VERIFY", "False"), file], json!({"ssl_verify": true})),
        told("nothing", "SSL_VERIFY", "SSL_VERIFY")
    );
    assert_eq!(
        trust(json!({}), &[], json!({"ssl_verify": "false"})),
        told("nothing", "litellm_settings.ssl_verify", "litellm_settings.ssl_verify")
    );
    assert_eq!(trust(json!({}), &[], json!({"ssl_verify": "s3://b/ca.pem"})).0, "s3://b/ca.pem");
}

#[test]
fn levels_curves_and_certificates_follow_the_same_order() {
    let settings = json!({"ssl_security_level": "DEFAULT@SECLEVEL=0", "ssl_ecdh_curve": "secp521r1",
        "ssl_certificate": "/settings.pem"});
    let environment =
        [("SSL_SECURITY_LEVEL", "DEFAULT@SECLEVEL=1"), ("SSL_ECDH_CURVE", "secp384r1"), ("SSL_CERTIFICATE", "/v.pem")];
    let explicit = json!({"ssl_security_level": 3, "ssl_ecdh_curve": "X25519", "ssl_certificate": "/e.pem",
        "ssl_key": "/e.key"});
    let seen = |resolved: Resolved| {
        let Policy { level, curve, certificate, .. } = resolved.policy;
        let certificate = certificate.unwrap();
        let key = certificate.key.map(|key| key.name().to_owned());
        (level.unwrap().number(), curve.unwrap().name(), certificate.chain.name().to_owned(), key)
    };
    let none = json!({});
    assert_eq!(
        seen(resolved(explicit, &environment, settings.clone()).unwrap()),
        (3, "X25519", "/e.pem".to_owned(), Some("/e.key".to_owned()))
    );
    assert_eq!(
        seen(resolved(none.clone(), &environment, settings.clone()).unwrap()),
        (1, "secp384r1", "/v.pem".to_owned(), None)
    );
    assert_eq!(seen(resolved(none, &[], settings).unwrap()), (0, "secp521r1", "/settings.pem".to_owned(), None));
}

#[test]
fn an_unknown_curve_warns_and_the_default_stays() {
    let resolved = resolved(json!({"ssl_ecdh_curve": "x448"}), &[], json!({})).unwrap();
    assert_eq!(resolved.policy.curve, None);
    assert!(resolved.warnings[0].starts_with("litellm_params.ssl_ecdh_curve: `x448` names no curve"));
}

#[test]
fn what_cannot_be_followed_is_refused_by_name() {
    let refused = |explicit, environment: &[_]| resolved(explicit, environment, json!({})).unwrap_err().to_string();
    assert!(refused(json!({}), &[("SSL_SECURITY_LEVEL", "HIGH")]).contains("SSL_SECURITY_LEVEL must be"));
    assert!(refused(json!({"ssl_key": "/k"}), &[]).starts_with("`litellm_params.ssl_key` names the key"));
    assert!(refused(json!({"ssl_verify": "s3://b/no.pem"}), &[]).contains("`s3://b/no.pem`"));
    let weak = refused(json!({"ssl_ecdh_curve": "X25519"}), &[("SSL_SECURITY_LEVEL", "DEFAULT@SECLEVEL=4")]);
    assert_eq!(
        weak,
        "`X25519` (from `litellm_params.ssl_ecdh_curve`) is too weak for level 4 (from `SSL_SECURITY_LEVEL`): choose \
         another curve, or lower `ssl_security_level`"
    );
}

#[test]
fn who_said_it_makes_no_difference_to_the_policy() {
    let one = resolved(json!({"ssl_verify": "/ca.pem"}), &[], json!({})).unwrap();
    let other = resolved(json!({}), &[("SSL_CERT_FILE", "/ca.pem")], json!({})).unwrap();
    assert_eq!(one.policy, other.policy);
    assert_ne!(one.said_by, other.said_by);
}
