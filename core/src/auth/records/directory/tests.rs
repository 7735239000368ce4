//! What requests learn of the records above a key, and how soon they feel a change.

use super::*;
use crate::clock::ManualClock;
use crate::crypto::key_hash;
use crate::store::embedded::EmbeddedTable;
use serde_json::json;

const NOW: Timestamp = Timestamp::from_millis(1_763_700_000_000);

fn room(staleness_millis: i64) -> (RecordStore, Directory) {
    let table = EmbeddedTable::in_memory(Arc::new(ManualClock::at(NOW))).unwrap();
    let records = RecordStore::new(Arc::new(table));
    (records.clone(), Directory::new(records, staleness_millis, 100))
}

async fn make(records: &RecordStore, id: RecordId, limits: Value, document: Value) -> Record {
    let mut record = Record::new(id, NOW, None);
    record.limits.read(limits.as_object().unwrap(), NOW).unwrap();
    record.document = document.as_object().unwrap().clone();
    records.create(&record, Vec::new()).await.unwrap();
    record
}

fn key() -> KeyRecord {
    let mut key = KeyRecord::new(key_hash::hash("sk-1"), "sk-...".to_owned(), NOW, None);
    (key.team_id, key.user_id) = (Some("t".to_owned()), Some("u".to_owned()));
    key.limits.budget_id = Some("b".to_owned());
    key
}

#[tokio::test]
async fn a_key_is_under_its_team_membership_user_organization_and_shared_budgets() {
    let (records, directory) = room(1000);
    let of = RecordId::of;
    make(&records, of(RecordKind::Team, "t"), json!({"rpm_limit": 1}), json!({"organization_id": "o"})).await;
    make(&records, RecordId::member("t", "u"), json!({"rpm_limit": 2}), json!({})).await;
    make(&records, of(RecordKind::User, "u"), json!({"rpm_limit": 3, "budget_id": "b"}), json!({})).await;
    make(&records, of(RecordKind::Organization, "o"), json!({"rpm_limit": 4, "budget_id": "c"}), json!({})).await;
    make(&records, of(RecordKind::Budget, "b"), json!({"rpm_limit": 5, "tpm_limit": 50}), json!({})).await;
    make(&records, of(RecordKind::Budget, "c"), json!({"rpm_limit": 6, "tpm_limit": 60}), json!({})).await;
    let KnownAbove { above, limits, read_at } = directory.above(&key(), NOW).await.unwrap();
    let holders = [above.team, above.member, above.user, above.organization].map(Option::unwrap);
    assert_eq!(holders.each_ref().map(|holder| holder.limits.rpm_limit), [1, 2, 3, 4].map(Some));
    assert_eq!(holders.map(|holder| holder.limits.tpm_limit), [None, None, Some(50), Some(60)]);
    assert_eq!((limits.rpm_limit, limits.tpm_limit, read_at), (Some(5), Some(50), NOW));
    // Read from memory later, it is as old as it was.
    let later = NOW.plus_millis(500);
    assert_eq!(directory.above(&key(), later).await.unwrap().read_at, NOW);
}

#[tokio::test]
async fn a_team_limits_each_member_who_has_no_limits_of_its_own() {
    let (records, directory) = room(0);
    let document = json!({"team_member_budget": 2, "team_member_rpm_limit": 9, "team_member_soft_budget": 1,
        "team_member_max_parallel_requests": 3});
    make(&records, RecordId::of(RecordKind::Team, "t"), json!({}), document).await;
    let granted = directory.above(&key(), NOW).await.unwrap().above.member.unwrap();
    assert_eq!((granted.id.as_str(), granted.limits.rpm_limit), ("u", Some(9)));
    let limits = (granted.limits.soft_budget, granted.limits.max_parallel_requests);
    assert_eq!(limits, (Some(NanoDollars::from_dollars(1.0)), Some(3)));
    make(&records, RecordId::member("t", "u"), json!({"rpm_limit": 2}), json!({})).await;
    let own = directory.above(&key(), NOW).await.unwrap().above.member.unwrap();
    assert_eq!((own.limits.rpm_limit, own.limits.max_budget), (Some(2), None));
}

#[tokio::test]
async fn that_somebody_has_no_record_is_remembered_until_it_is_forgotten() {
    let (records, directory) = room(1000);
    assert!(directory.described(&RecordId::of(RecordKind::Customer, "c"), NOW).await.unwrap().is_none());
    let id = RecordId::of(RecordKind::Customer, "c");
    make(&records, id.clone(), json!({"blocked": true, "budget_id": "b"}), json!({})).await;
    make(&records, RecordId::of(RecordKind::Budget, "b"), json!({"max_budget": 1}), json!({})).await;
    assert!(
        directory.described(&RecordId::of(RecordKind::Customer, "c"), NOW.plus_millis(999)).await.unwrap().is_none()
    );
    directory.forget(&id);
    let known = directory.described(&RecordId::of(RecordKind::Customer, "c"), NOW).await.unwrap().unwrap();
    assert!(known.limits.is_blocked() && known.limits.max_budget.is_some());
}

#[tokio::test]
async fn what_another_process_changed_is_seen_within_the_bound() {
    let (records, directory) = room(1000);
    assert!(directory.described(&RecordId::of(RecordKind::Tag, "t"), NOW).await.unwrap().is_none());
    make(&records, RecordId::of(RecordKind::Tag, "t"), json!({}), json!({})).await;
    assert!(directory.described(&RecordId::of(RecordKind::Tag, "t"), NOW.plus_millis(1000)).await.unwrap().is_some());
}

#[tokio::test]
async fn an_id_that_no_record_can_have_is_not_asked_for() {
    let (_, directory) = room(1000);
    for id in ["", &"x".repeat(100_000)] {
        assert!(directory.described(&RecordId::of(RecordKind::Customer, id), NOW).await.unwrap().is_none());
    }
}
