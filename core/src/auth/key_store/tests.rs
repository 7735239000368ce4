//! Keys are written whole, changed field by field, and listed over pages.

use super::*;
use crate::clock::ManualClock;
use crate::crypto::key_hash;
use crate::store::embedded::EmbeddedTable;

const NOW: Timestamp = Timestamp::from_millis(1_763_700_000_000);

fn store() -> KeyStore {
    KeyStore::new(Arc::new(EmbeddedTable::in_memory(Arc::new(ManualClock::at(NOW))).unwrap()))
}

fn record(key: &str, alias: Option<&str>) -> KeyRecord {
    let mut record = KeyRecord::new(key_hash::hash(key), key_hash::abbreviate(key), NOW, Some("me"));
    record.key_alias = alias.map(str::to_owned);
    record
}

async fn stored(keys: &KeyStore, record: &KeyRecord) -> StoredKey {
    keys.get(&record.hash).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_update_under_way_never_undoes_a_block() {
    let keys = store();
    let before = record("sk-1", None);
    keys.create(&before, NanoDollars::ZERO).await.unwrap();
    let mut after = before.clone();
    after.limits.rpm_limit = Some(7);
    // The block comes between the update's read and its write.
    keys.set_blocked(&before.hash, true, None, NOW).await.unwrap();
    keys.update(&before, &after).await.unwrap();
    let now = stored(&keys, &before).await.record;
    assert!(now.is_blocked() && now.limits.rpm_limit == Some(7));
}

#[tokio::test]
async fn two_updates_of_the_same_metadata_do_not_overwrite_each_other() {
    let keys = store();
    let before = record("sk-1", None);
    keys.create(&before, NanoDollars::ZERO).await.unwrap();
    let (mut one, mut two) = (before.clone(), before.clone());
    one.metadata.insert("a".to_owned(), 1.into());
    two.metadata.insert("b".to_owned(), 2.into());
    keys.update(&before, &one).await.unwrap();
    assert!(matches!(keys.update(&before, &two).await, Err(KeyStoreError::Changed)));
    assert_eq!(stored(&keys, &before).await.record.metadata, one.metadata);
}

#[tokio::test]
async fn a_key_is_made_whole_or_not_at_all() {
    let keys = store();
    keys.create(&record("sk-1", Some("a")), NanoDollars::ZERO).await.unwrap();
    let second = record("sk-2", Some("a"));
    assert!(
        matches!(keys.create(&second, NanoDollars::ZERO).await, Err(KeyStoreError::AliasTaken(alias)) if alias == "a")
    );
    assert!(keys.get(&second.hash).await.unwrap().is_none());
    assert_eq!(keys.list(&KeyFilter::default()).await.unwrap().len(), 1);
    let again = keys.create(&record("sk-1", None), NanoDollars::ZERO).await;
    assert!(matches!(again, Err(KeyStoreError::KeyTaken)));
}

#[tokio::test]
async fn a_renamed_key_is_found_by_its_new_alias_only() {
    let keys = store();
    let before = record("sk-1", Some("a"));
    keys.create(&before, NanoDollars::ZERO).await.unwrap();
    let after = record("sk-1", Some("b"));
    keys.update(&before, &after).await.unwrap();
    assert_eq!(keys.find_alias("a").await.unwrap(), None);
    assert_eq!(keys.find_alias("b").await.unwrap(), Some(before.hash.clone()));
    let filter = KeyFilter { key_alias: Some("b".to_owned()), ..KeyFilter::default() };
    assert_eq!(keys.list(&filter).await.unwrap().len(), 1);
    keys.update(&after, &record("sk-1", None)).await.unwrap();
    assert_eq!(keys.find_alias("b").await.unwrap(), None);
}

#[tokio::test]
async fn what_is_not_there_is_neither_changed_nor_made() {
    let keys = store();
    let absent = record("sk-1", None);
    let mut changed = absent.clone();
    changed.limits.rpm_limit = Some(1);
    assert!(matches!(keys.update(&absent, &changed).await, Err(KeyStoreError::NotFound)));
    assert!(matches!(keys.set_blocked(&absent.hash, true, None, NOW).await, Err(KeyStoreError::NotFound)));
    assert!(matches!(keys.delete(&absent).await, Err(KeyStoreError::NotFound)));
    assert!(keys.get(&absent.hash).await.unwrap().is_none());
}

#[tokio::test]
async fn a_list_longer_than_a_page_is_whole() {
    let keys = store();
    for number in 0..LIST_PAGE + 20 {
        keys.create(&record(&format!("sk-{number}"), None), NanoDollars::ZERO).await.unwrap();
    }
    assert_eq!(keys.list(&KeyFilter::default()).await.unwrap().len(), LIST_PAGE + 20);
}
