//! Changes are recorded with what they change, or not made; the chain is whole whoever adds to it, and shows where it is
//! not.

use super::*;
use crate::audit::log::{AuditLog, Chain, Wanted};
use crate::author::{Author, acting};
use crate::clock::{ManualClock, Timestamp};
use crate::store::embedded::EmbeddedTable;
use crate::store::write::Change;

const NOW: Timestamp = Timestamp::from_millis(1_763_700_000_000);

fn objects(key: &Key) -> Option<Object> {
    let id = key.partition.strip_prefix("KEY#")?;
    ["KEY", "SPEND"].contains(&key.sort.as_str()).then(|| Object { kind: "keys", id: id.to_owned() })
}

fn table() -> Arc<dyn Table> {
    Arc::new(EmbeddedTable::in_memory(Arc::new(ManualClock::at(NOW))).unwrap())
}

fn audited(table: &Arc<dyn Table>) -> Arc<Audited> {
    Arc::new(Audited::new(Arc::clone(table), objects, Arc::new(ManualClock::at(NOW))))
}

fn key(id: &str) -> Key {
    Key::new(format!("KEY#{id}"), "KEY")
}

fn create(id: &str) -> Vec<Write> {
    let spend = Item::new(Key::new(format!("KEY#{id}"), "SPEND")).with("spend", 0);
    let listed = Item::new(Key::new("KEYS", id));
    vec![
        Write::Put { item: Item::new(key(id)).with("alias", id), when: vec![Condition::Absent] },
        Write::Put { item: spend, when: Vec::new() },
        Write::Put { item: listed, when: Vec::new() },
    ]
}

fn rename(id: &str, alias: &str) -> Write {
    let changes = vec![Change::Set("alias".to_owned(), alias.into())];
    Write::Update { key: key(id), changes, when: vec![Condition::Exists] }
}

async fn all(table: &Arc<dyn Table>) -> Vec<Entry> {
    AuditLog::new(Arc::clone(table)).list(&Wanted::default()).await.unwrap()
}

async fn chain(table: &Arc<dyn Table>) -> Chain {
    AuditLog::new(Arc::clone(table)).verify().await.unwrap()
}

#[tokio::test]
async fn a_change_is_recorded_with_who_made_it_and_what_it_was_before() {
    let table = table();
    let audited = audited(&table);
    let address = Some("203.0.113.7".parse().unwrap());
    let author = Author { user: "ada".to_owned(), key: "h".to_owned(), address, route: "POST /key/update".to_owned() };
    audited.transact(None, create("a")).await.unwrap();
    let stands = acting(author, audited.write(rename("a", "b"))).await.unwrap();
    assert_eq!(stands.unwrap().text("alias"), Some("b"));
    let entries = all(&table).await;
    let [changed, made] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((made.user.as_str(), made.action.as_str(), made.object.as_str()), ("maintenance", "created", "a"));
    assert_eq!(made.after, r#"{"alias":"a","spend":0}"#);
    assert_eq!((changed.user.as_str(), changed.key.as_str(), changed.address.as_str()), ("ada", "h", "203.0.113.7"));
    assert_eq!((changed.route.as_str(), changed.kind.as_str()), ("POST /key/update", "keys"));
    assert_eq!((changed.before.as_str(), changed.after.as_str()), (r#"{"alias":"a"}"#, r#"{"alias":"b"}"#));
    assert_eq!(chain(&table).await, Chain::Whole(2));
}

#[tokio::test]
async fn what_is_refused_or_changes_nothing_is_not_recorded_and_what_serves_others_is_not_either() {
    let table = table();
    let audited = audited(&table);
    audited.transact(None, create("a")).await.unwrap();
    let refused = audited.transact(None, create("a")).await;
    assert!(matches!(refused, Err(WriteError::ConditionFailed { index: 0, .. })), "{refused:?}");
    let refused = audited.write(rename("b", "x")).await;
    assert!(matches!(refused, Err(WriteError::ConditionFailed { index: 0, old: None })), "{refused:?}");
    audited.write(rename("a", "a")).await.unwrap();
    audited.write(Write::Delete { key: Key::new("KEYS", "a"), when: Vec::new() }).await.unwrap();
    assert_eq!(chain(&table).await, Chain::Whole(1));
}

#[tokio::test]
async fn many_at_once_in_several_processes_make_one_chain() {
    let table = table();
    let processes = [audited(&table), audited(&table), audited(&table)];
    let changes = (0..60).map(|number| {
        let process = Arc::clone(&processes[number % 3]);
        async move { process.transact(None, create(&number.to_string())).await }
    });
    let done = futures_util::future::join_all(changes).await;
    let made = done.iter().filter(|done| done.is_ok()).count();
    assert!(done.iter().all(|done| matches!(done, Ok(()) | Err(WriteError::Conflict))), "{done:?}");
    let entries = all(&table).await;
    assert_eq!(entries.len(), made);
    assert_eq!(chain(&table).await, Chain::Whole(i64::try_from(made).unwrap()));
    // What was recorded is there, and nothing else.
    for entry in entries {
        assert!(table.get(&key(&entry.object), Freshness::Latest).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_record_that_is_missing_or_altered_shows() {
    for (tamper, fault) in [
        (Write::Delete { key: Entry::place(2), when: Vec::new() }, "it is missing"),
        (Write::Delete { key: Entry::place(3), when: Vec::new() }, "it is missing"),
        (
            Write::Update {
                key: Entry::place(2),
                changes: vec![Change::Set("after".to_owned(), "{}".into())],
                when: Vec::new(),
            },
            "it was altered",
        ),
    ] {
        let table = table();
        let audited = audited(&table);
        for id in ["a", "b", "c"] {
            audited.transact(None, create(id)).await.unwrap();
        }
        let number = if tamper.key() == &Entry::place(3) { 3 } else { 2 };
        table.write(tamper).await.unwrap();
        assert_eq!(chain(&table).await, Chain::Broken { number, fault });
    }
}

#[tokio::test]
async fn the_log_is_read_by_who_what_and_when() {
    let table = table();
    let clock = Arc::new(ManualClock::at(NOW));
    let audited = Audited::new(Arc::clone(&table), objects, Arc::clone(&clock) as Arc<dyn Clock>);
    for (id, user) in [("a", "ada"), ("b", "bob"), ("c", "ada")] {
        let author = Author { user: user.to_owned(), ..Author::default() };
        acting(author, audited.transact(None, create(id))).await.unwrap();
        clock.advance_millis(1_000);
    }
    let log = AuditLog::new(Arc::clone(&table));
    let found = async |wanted: Wanted| -> Vec<String> {
        log.list(&wanted).await.unwrap().into_iter().map(|entry| entry.object).collect()
    };
    let of_ada = Wanted { user: Some("ada".to_owned()), ..Wanted::default() };
    assert_eq!(found(of_ada.clone()).await, ["c", "a"]);
    let second = Timestamp::from_millis(NOW.millis() + 1_000);
    assert_eq!(found(Wanted { from: Some(second), ..Wanted::default() }).await, ["c", "b"]);
    assert_eq!(found(Wanted { to: Some(second), ..of_ada }).await, ["a"]);
    assert_eq!(log.entry(2).await.unwrap().unwrap().object, "b");
    assert_eq!(log.entry(9).await.unwrap(), None);
}
