//! When an issuer is asked for its keys, and what counts while it does not answer.

use super::NOW;
use crate::auth::identity::error::TokenError;
use crate::auth::identity::issuing::{Served, ed25519, p256};
use crate::auth::identity::jwk::Algorithm;
use crate::auth::identity::key_source::KeySource;
use crate::clock::Timestamp;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::sync::Arc;

const KEYS: &str = "https://issuer.test/keys";
const TTL_MILLIS: i64 = 600_000;

fn source(served: &Arc<Served>, addresses: &[&str]) -> KeySource {
    let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
    KeySource::new(Arc::clone(served) as Arc<_>, addresses, TTL_MILLIS)
}

async fn has(source: &KeySource, id: &str, now: Timestamp) -> Result<(), TokenError> {
    source.key(Some(id), Algorithm::Es256, now).await.map(drop)
}

fn with_key(id: &str) -> Value {
    json!({"keys": [p256().jwk(id)]})
}

#[tokio::test]
async fn keys_are_fetched_once_in_their_time() {
    let served = Served::of(KEYS, with_key("a"));
    let source = source(&served, &[KEYS]);
    for millis in [0, 1, TTL_MILLIS - 1] {
        has(&source, "a", NOW.plus_millis(millis)).await.unwrap();
    }
    assert_eq!(served.times(), 1);
    has(&source, "a", NOW.plus_millis(TTL_MILLIS)).await.unwrap();
    assert_eq!(served.times(), 2);
}

#[tokio::test]
async fn a_new_key_is_found_at_once_and_unknown_ones_do_not_flood_the_issuer() {
    let served = Served::of(KEYS, with_key("a"));
    let source = source(&served, &[KEYS]);
    has(&source, "a", NOW).await.unwrap();
    served.say(KEYS, with_key("b"));
    has(&source, "b", NOW.plus_millis(1)).await.unwrap();
    assert!(matches!(has(&source, "a", NOW.plus_millis(2)).await, Err(TokenError::UnknownKey)), "taken back");
    assert_eq!(served.times(), 2);
    for number in 2..1000 {
        let refused = has(&source, &format!("hostile-{number}"), NOW.plus_millis(number)).await;
        assert!(matches!(refused, Err(TokenError::UnknownKey)));
    }
    assert_eq!(served.times(), 2);
    assert!(has(&source, "c", NOW.plus_millis(10_001)).await.is_err());
    assert_eq!(served.times(), 3);
}

#[tokio::test]
async fn of_many_that_need_the_keys_one_asks() {
    let served = Served::of(KEYS, with_key("a"));
    served.answers.forget_permits(1000);
    let source = source(&served, &[KEYS]);
    let many = join_all((0..50).map(|_| has(&source, "a", NOW)));
    let release = async {
        tokio::task::yield_now().await;
        assert_eq!(served.times(), 1);
        served.answers.add_permits(1);
    };
    let (all, ()) = tokio::join!(many, release);
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(served.times(), 1);
}

#[tokio::test]
async fn while_the_issuer_is_down_its_keys_count_for_an_hour_more() {
    let served = Served::of(KEYS, with_key("a"));
    let source = source(&served, &[KEYS]);
    has(&source, "a", NOW).await.unwrap();
    served.say(KEYS, Value::Null);
    let late = NOW.plus_millis(TTL_MILLIS);
    has(&source, "a", late).await.unwrap();
    has(&source, "a", late.plus_millis(1)).await.unwrap();
    assert_eq!(served.times(), 2, "an issuer that is down is not asked by every call");
    has(&source, "a", late.plus_millis(3_599_999)).await.unwrap();
    let refused = has(&source, "a", late.plus_millis(3_600_000)).await;
    assert!(matches!(refused, Err(TokenError::NoKeys(_))));
    served.say(KEYS, with_key("a"));
    has(&source, "a", late.plus_millis(3_620_000)).await.unwrap();
}

#[tokio::test]
async fn an_issuer_that_never_answered_has_no_keys() {
    for document in [Value::Null, json!({"error": "x"}), json!("x")] {
        let served = Served::of(KEYS, document);
        let source = source(&served, &[KEYS]);
        assert!(matches!(has(&source, "a", NOW).await, Err(TokenError::NoKeys(Some(_)))));
        assert!(matches!(has(&source, "a", NOW).await, Err(TokenError::NoKeys(None))));
        assert_eq!(served.times(), 1);
    }
}

#[tokio::test]
async fn several_issuers_are_looked_at_in_turn_and_one_may_be_down() {
    let (first, second) = ("https://one.test/keys", "https://two.test/.well-known/openid-configuration");
    let served = Served::of(first, Value::Null);
    served.say(second, json!({"issuer": "https://two.test", "jwks_uri": "https://two.test/jwks"}));
    served.say("https://two.test/jwks", with_key("b"));
    let source = source(&served, &[first, second]);
    has(&source, "b", NOW).await.unwrap();
    assert!(matches!(has(&source, "a", NOW).await, Err(TokenError::NoKeys(_))), "the first may have it");
    served.say(first, json!({"keys": [ed25519().jwk("b"), p256().jwk("a")]}));
    let later = NOW.plus_millis(10_000);
    has(&source, "a", later).await.unwrap();
    has(&source, "b", later).await.unwrap();
}
