//! Credentials as calls meet them: changed, gone, closed, and bridged.

use super::*;
use crate::clock::{ManualClock, SystemRandom};
use crate::credentials::store::{By, CredentialError};
use crate::crypto::Sealer;
use crate::crypto::litellm_value::Algorithm;
use crate::crypto::resealed::Work;
use crate::crypto::sealer::Keyring;
use crate::secret::Secret;
use crate::store::embedded::EmbeddedTable;
use crate::store::table::Table;
use serde_json::{Map, json};

const STALENESS: i64 = 5_000;

fn sealer(salts: &[&str]) -> Sealer {
    let ring = salts.iter().fold(Keyring::default(), |ring, salt| ring.salt(&Secret::new(*salt)));
    ring.sealer(Algorithm::default(), Arc::new(SystemRandom))
}

fn table() -> Arc<dyn Table> {
    Arc::new(EmbeddedTable::in_memory(Arc::new(ManualClock::default())).unwrap())
}

fn values(key: &str) -> CredentialValues {
    CredentialValues::of(json!({"api_key": key, "flag": true}).as_object().unwrap().clone())
}

const BY: By<'static> = By { actor: Some("admin"), now: Timestamp::from_millis(1) };

async fn create(store: &CredentialStore, name: &str, key: &str) {
    store.create(name, &values(key), &Map::new(), BY).await.unwrap();
}

fn key_of(known: &KnownCredentials, name: &str) -> String {
    known.values(name).unwrap().exposed()["api_key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_change_made_elsewhere_is_used_within_the_bound_and_one_made_here_at_once() {
    let (store, clock) = (CredentialStore::new(table(), sealer(&["salt"])), Arc::new(ManualClock::default()));
    let known = KnownCredentials::new(store.clone(), clock.clone(), STALENESS);
    assert!(matches!(known.values("openai"), Err(NotKnown::Unread { .. })));
    create(&store, "openai", "sk-1").await;
    known.refresh().await;
    assert_eq!(key_of(&known, "openai"), "sk-1");
    assert!(matches!(known.values("other"), Err(NotKnown::Missing(_))));
    store.update("openai", &values("sk-2"), &Map::new(), BY).await.unwrap();
    clock.advance_millis(STALENESS - 1);
    known.refresh().await;
    assert_eq!(key_of(&known, "openai"), "sk-1");
    clock.advance_millis(1);
    known.refresh().await;
    assert_eq!(key_of(&known, "openai"), "sk-2");
    store.delete("openai").await.unwrap();
    known.forget();
    known.refresh().await;
    assert!(matches!(known.values("openai"), Err(NotKnown::Missing(_))));
}

#[tokio::test]
async fn no_value_stands_open_in_the_table_and_none_can_be_moved() {
    let table = table();
    let store = CredentialStore::new(Arc::clone(&table), sealer(&["salt"]));
    create(&store, "openai", "sk-canary").await;
    let sealed = store.get("openai").await.unwrap().unwrap();
    assert!(!format!("{sealed:?}").contains("canary"));
    assert_eq!(store.open(&sealed).await.unwrap().exposed(), values("sk-canary").exposed());
    assert!(matches!(store.create("openai", &values("x"), &Map::new(), BY).await, Err(CredentialError::Taken)));
    assert!(matches!(store.update("x", &values("x"), &Map::new(), BY).await, Err(CredentialError::NotFound)));
}

#[tokio::test]
async fn credentials_are_sealed_anew_once_and_a_closed_one_is_left_alone() {
    let table = table();
    let old = CredentialStore::new(Arc::clone(&table), sealer(&["old"]));
    for at in 0..7 {
        create(&old, &format!("c{at}"), &format!("sk-{at}")).await;
    }
    create(&CredentialStore::new(Arc::clone(&table), sealer(&["lost"])), "c9", "sk-9").await;
    let both = CredentialStore::new(Arc::clone(&table), sealer(&["new", "old"]));
    let counted = both.reseal(None, 100, Work::Count).await.unwrap();
    assert_eq!((counted.examined, counted.old, counted.done, counted.closed), (8, 7, 0, 1));
    let (mut after, mut done, mut passed_over) = (None, 0, 0);
    loop {
        let page = both.reseal(after, 3, Work::Seal).await.unwrap();
        (done, passed_over) = (done + page.done, passed_over + page.passed_over());
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!((done, passed_over), (7, 1));
    let new = CredentialStore::new(Arc::clone(&table), sealer(&["new"]));
    for sealed in new.all().await.unwrap().iter().filter(|sealed| sealed.name != "c9") {
        assert_eq!(new.open(sealed).await.unwrap().exposed()["api_key"], format!("sk-{}", &sealed.name[1..]));
    }
    assert_eq!(both.reseal(None, 100, Work::Seal).await.unwrap().done, 0);
}

#[tokio::test]
async fn what_was_opened_stays_open_when_its_key_is_gone_and_what_was_not_is_told() {
    let table = table();
    create(&CredentialStore::new(Arc::clone(&table), sealer(&["lost"])), "closed", "sk-1").await;
    let store = CredentialStore::new(Arc::clone(&table), sealer(&["salt"]));
    create(&store, "open", "sk-2").await;
    let clock = Arc::new(ManualClock::default());
    let known = KnownCredentials::new(store, clock, STALENESS);
    known.refresh().await;
    assert_eq!(key_of(&known, "open"), "sk-2");
    let error = known.values("closed").unwrap_err();
    assert!(matches!(error, NotKnown::Closed { .. }), "{error}");
}
