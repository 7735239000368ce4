//! Records are made once, changed field by field, listed in order, and gone with everything of theirs.

use super::*;
use crate::clock::ManualClock;
use crate::store::embedded::EmbeddedTable;

const NOW: Timestamp = Timestamp::from_millis(1_763_700_000_000);

fn store() -> RecordStore {
    RecordStore::new(Arc::new(EmbeddedTable::in_memory(Arc::new(ManualClock::at(NOW))).unwrap()))
}

fn team(id: &str) -> Record {
    Record::new(RecordId::of(RecordKind::Team, id), NOW, Some("me"))
}

#[tokio::test]
async fn a_record_is_made_once_and_never_overwritten() {
    let records = store();
    let first = team("t");
    records.create(&first, Vec::new()).await.unwrap();
    let second = Record { alias: Some("other".to_owned()), ..team("t") };
    assert!(matches!(records.create(&second, Vec::new()).await, Err(RecordStoreError::Taken)));
    assert_eq!(records.record(&first.id).await.unwrap(), Some(first));
}

#[tokio::test]
async fn an_update_under_way_never_undoes_a_block() {
    let records = store();
    let before = team("t");
    records.create(&before, Vec::new()).await.unwrap();
    let mut after = before.clone();
    after.limits.rpm_limit = Some(7);
    records.set_blocked(&before.id, true, None, NOW).await.unwrap();
    records.update(&before, &after).await.unwrap();
    let now = records.record(&before.id).await.unwrap().unwrap();
    assert!(now.limits.is_blocked() && now.limits.rpm_limit == Some(7));
}

#[tokio::test]
async fn two_updates_of_the_same_metadata_do_not_overwrite_each_other() {
    let records = store();
    let before = team("t");
    records.create(&before, Vec::new()).await.unwrap();
    let (mut one, mut two) = (before.clone(), before.clone());
    one.metadata.insert("a".to_owned(), 1.into());
    two.metadata.insert("b".to_owned(), 2.into());
    records.update(&before, &one).await.unwrap();
    assert!(matches!(records.update(&before, &two).await, Err(RecordStoreError::Changed)));
}

#[tokio::test]
async fn what_is_not_there_is_neither_changed_nor_blocked_nor_deleted() {
    let records = store();
    let before = team("t");
    let after = Record { alias: Some("a".to_owned()), ..before.clone() };
    assert!(matches!(records.update(&before, &after).await, Err(RecordStoreError::NotFound)));
    assert!(matches!(records.delete(&before, Vec::new()).await, Err(RecordStoreError::NotFound)));
    for id in ["t", "", &"x".repeat(300)] {
        let id = RecordId::of(RecordKind::Team, id);
        assert!(matches!(records.set_blocked(&id, true, None, NOW).await, Err(RecordStoreError::NotFound)));
        assert_eq!(records.get(&id).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_deleted_record_leaves_neither_totals_nor_a_place_in_the_list() {
    let records = store();
    let record = team("t");
    records.create(&record, Vec::new()).await.unwrap();
    let spent = NanoDollars::new(5);
    assert_eq!(records.adjust_spend(&record.id, spent).await.unwrap().spend(), spent);
    assert_eq!(records.get(&record.id).await.unwrap().unwrap().totals.spend(), spent);
    records.delete(&record, Vec::new()).await.unwrap();
    assert_eq!(records.totals(&record.id).await.unwrap(), KeyTotals::default());
    assert!(records.list(RecordKind::Team).await.unwrap().is_empty());
    records.create(&record, Vec::new()).await.unwrap();
}

#[tokio::test]
async fn a_kind_is_listed_in_order_of_creation_with_what_an_update_made_of_it() {
    let records = store();
    for (number, id) in ["b", "a", "c"].into_iter().enumerate() {
        let created_at = NOW.plus_millis(number as i64);
        records.create(&Record { created_at, ..team(id) }, Vec::new()).await.unwrap();
    }
    let before = records.record(&RecordId::of(RecordKind::Team, "a")).await.unwrap().unwrap();
    records.update(&before, &Record { alias: Some("Core".to_owned()), ..before.clone() }).await.unwrap();
    let list = records.list(RecordKind::Team).await.unwrap();
    assert_eq!(list.iter().map(|listing| listing.name.as_str()).collect::<Vec<_>>(), ["b", "a", "c"]);
    assert_eq!(list[1].alias.as_deref(), Some("Core"));
    assert!(records.list(RecordKind::User).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_user_joins_a_team_that_is_there_once_and_leaves_it() {
    let records = store();
    let member = |user: &str| Record::new(RecordId::member("t", user), NOW, None);
    assert!(matches!(records.add_member(&member("u")).await, Err(RecordStoreError::Changed)));
    records.create(&team("t"), Vec::new()).await.unwrap();
    records.add_member(&member("u")).await.unwrap();
    assert!(matches!(records.add_member(&member("u")).await, Err(RecordStoreError::Taken)));
    assert_eq!(records.teams_of("u").await.unwrap(), ["t"]);
    assert_eq!(records.members("t").await.unwrap().len(), 1);
    records.remove_member(&member("u")).await.unwrap();
    assert!(matches!(records.remove_member(&member("u")).await, Err(RecordStoreError::NotFound)));
    assert!(records.teams_of("u").await.unwrap().is_empty() && records.members("t").await.unwrap().is_empty());
}

fn user(id: &str, email: &str, subject: &str) -> Record {
    let mut record = Record::new(RecordId::of(RecordKind::User, id), NOW, None);
    record.document.insert("user_email".to_owned(), email.into());
    record.document.insert("sso_user_id".to_owned(), subject.into());
    record
}

async fn with(records: &RecordStore, field: UserField, value: &str) -> Vec<String> {
    let found = records.users_with(field, value).await.unwrap();
    found.iter().map(|record| record.id.name().to_owned()).collect()
}

#[tokio::test]
async fn users_are_found_by_what_they_have_now_and_by_nothing_else() {
    let records = store();
    let (ann, ben) = (user("ann", "Ann@corp.test", "s-1"), user("ben", "ANN@CORP.TEST", ""));
    records.create(&ann, Vec::new()).await.unwrap();
    records.create(&ben, Vec::new()).await.unwrap();
    assert_eq!(with(&records, UserField::Email, "ann@corp.test").await, ["ann", "ben"]);
    assert_eq!(with(&records, UserField::Subject, "s-1").await, ["ann"]);
    assert_eq!(with(&records, UserField::Subject, "S-1").await, [""; 0]);
    assert_eq!(with(&records, UserField::Subject, "").await, [""; 0]);
    let renamed = user("ann", "a@corp.test", "s-1");
    records.update(&ann, &renamed).await.unwrap();
    assert_eq!(with(&records, UserField::Email, "ann@corp.test").await, ["ben"]);
    assert_eq!(with(&records, UserField::Email, "a@corp.test").await, ["ann"]);
    records.delete(&renamed, Vec::new()).await.unwrap();
    assert_eq!(with(&records, UserField::Subject, "s-1").await, [""; 0]);
    assert!(
        records.table.query(&Query::partition(UserField::Subject.partition("s-1"))).await.unwrap().items.is_empty()
    );
    // A long value is a value too.
    let long = format!("{}@corp.test", "x".repeat(3000));
    records.create(&user("long", &long, ""), Vec::new()).await.unwrap();
    assert_eq!(with(&records, UserField::Email, &long).await, ["long"]);
}
