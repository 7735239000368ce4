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

/// What a list must hold, found by looking at every key there is.
async fn among_all(keys: &KeyStore, is_wanted: impl Fn(&KeyListing) -> bool) -> Vec<KeyListing> {
    let mut all = keys.list(&KeyFilter::default()).await.unwrap();
    all.retain(is_wanted);
    all
}

fn hashes(listings: &[KeyListing]) -> Vec<&KeyHash> {
    listings.iter().map(|listing| &listing.hash).collect()
}

#[tokio::test]
async fn lists_of_owners_hold_their_keys_whatever_becomes_of_these() {
    let keys = store();
    let mut made: Vec<KeyRecord> = Vec::new();
    let owner = |number: usize| (!number.is_multiple_of(3)).then(|| format!("o{}", number % 3));
    for step in 0..200_usize {
        // Steps that look drawn and are the same each time.
        let drawn = step.wrapping_mul(2_654_435_761) >> 7;
        if made.len() < 5 || drawn.is_multiple_of(4) {
            let mut new = record(&format!("sk-{step}"), None);
            new.created_at = NOW.plus_millis(step as i64);
            (new.user_id, new.team_id) = (owner(drawn), owner(drawn / 3));
            keys.create(&new, NanoDollars::ZERO).await.unwrap();
            made.push(new);
        } else if drawn % 4 == 1 {
            keys.delete(&made.swap_remove(drawn % made.len())).await.unwrap();
        } else {
            let at = drawn % made.len();
            let mut after = made[at].clone();
            (after.user_id, after.team_id) = (owner(drawn / 5), owner(drawn / 7));
            after.key_alias = (drawn % 2 == 0).then(|| format!("a{step}"));
            after.updated_at = NOW.plus_millis(step as i64);
            keys.update(&made[at], &after).await.unwrap();
            made[at] = after;
        }
        assert_eq!(keys.count().await.unwrap(), made.len() as u64);
        for id in ["o1", "o2"] {
            let id = Some(id.to_owned());
            let of_user = KeyFilter { user_id: id.clone(), ..KeyFilter::default() };
            let of_team = KeyFilter { team_id: id.clone(), ..KeyFilter::default() };
            let (user, team) = (keys.list(&of_user).await.unwrap(), keys.list(&of_team).await.unwrap());
            assert_eq!(hashes(&user), hashes(&among_all(&keys, |key| key.user_id == id).await), "step {step}");
            let all_of_team = among_all(&keys, |key| key.team_id == id).await;
            assert_eq!(hashes(&team), hashes(&all_of_team), "step {step}");
            let told: Vec<_> = team.iter().map(|key| (&key.user_id, &key.key_alias)).collect();
            assert_eq!(told, all_of_team.iter().map(|key| (&key.user_id, &key.key_alias)).collect::<Vec<_>>());
        }
    }
}

#[tokio::test]
async fn who_sees_keys_of_several_owners_sees_each_once() {
    let keys = store();
    for (number, (user, team)) in [("u", "t"), ("u", "x"), ("y", "t"), ("y", "x")].into_iter().enumerate() {
        let mut new = record(&format!("sk-{number}"), Some(&format!("a{number}")));
        new.created_at = NOW.plus_millis(number as i64);
        (new.user_id, new.team_id) = (Some(user.to_owned()), Some(team.to_owned()));
        keys.create(&new, NanoDollars::ZERO).await.unwrap();
    }
    let owners = [Owner::User("u".to_owned()), Owner::Team("t".to_owned()), Owner::Key(key_hash::hash("sk-0"))];
    let among = KeyFilter { among: Some(owners.into()), ..KeyFilter::default() };
    let found = keys.list(&among).await.unwrap();
    assert_eq!(found.iter().map(|key| key.key_alias.as_deref().unwrap()).collect::<Vec<_>>(), ["a2", "a1", "a0"]);
    // What is asked for by its name is found by it, and not shown to who may not see it.
    for (alias, seen) in [("a0", 1), ("a3", 0), ("none", 0)] {
        let named = KeyFilter { key_alias: Some(alias.to_owned()), ..among.clone() };
        assert_eq!(keys.list(&named).await.unwrap().len(), seen, "{alias}");
    }
    let named = KeyFilter { hash: Some(key_hash::hash("sk-3")), ..among };
    assert!(keys.list(&named).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_key_that_was_moved_meanwhile_is_not_listed_where_it_was() {
    let keys = store();
    let before = KeyRecord { team_id: Some("a".to_owned()), ..record("sk-1", None) };
    keys.create(&before, NanoDollars::ZERO).await.unwrap();
    let moved = KeyRecord { team_id: Some("b".to_owned()), ..before.clone() };
    keys.update(&before, &moved).await.unwrap();
    // Each of these would leave something in the list of the first team.
    let renamed = KeyRecord { key_alias: Some("x".to_owned()), ..before.clone() };
    assert!(matches!(keys.update(&before, &renamed).await, Err(KeyStoreError::Changed)));
    assert!(matches!(keys.delete(&before).await, Err(KeyStoreError::Changed)));
    let of_first = KeyFilter { team_id: Some("a".to_owned()), ..KeyFilter::default() };
    assert!(keys.list(&of_first).await.unwrap().is_empty());
    keys.delete(&moved).await.unwrap();
    assert_eq!(keys.count().await.unwrap(), 0);
}

#[tokio::test]
async fn the_first_keys_are_read_without_the_others() {
    let keys = store();
    for number in 0..7 {
        let mut new = record(&format!("sk-{number}"), Some(&format!("a{number}")));
        new.created_at = NOW.plus_millis(number);
        keys.create(&new, NanoDollars::ZERO).await.unwrap();
    }
    let names = |listings: Vec<KeyListing>| listings.into_iter().filter_map(|key| key.key_alias).collect::<Vec<_>>();
    assert_eq!(names(keys.first(Order::NewestFirst, 3).await.unwrap()), ["a6", "a5", "a4"]);
    assert_eq!(names(keys.first(Order::OldestFirst, 2).await.unwrap()), ["a0", "a1"]);
    assert_eq!(keys.first(Order::OldestFirst, 100).await.unwrap().len(), 7);
}
