//! Keys of subjects, made by several at once, sealed anew, and destroyed.

use super::*;
use crate::clock::{ManualClock, Random, SystemRandom};
use crate::crypto::litellm_value::Algorithm;
use crate::crypto::resealed::Work;
use crate::crypto::sealer::Keyring;
use crate::crypto::subject::seal_for;
use crate::secret::Secret;
use crate::store::embedded::EmbeddedTable;

fn table_at(clock: &Arc<ManualClock>) -> Arc<dyn Table> {
    Arc::new(EmbeddedTable::in_memory(clock.clone()).unwrap())
}

fn table() -> Arc<dyn Table> {
    table_at(&Arc::default())
}

fn keys(table: &Arc<dyn Table>, salts: &[&str]) -> StoredSubjectKeys {
    keys_at(Arc::default(), table, salts)
}

fn keys_at(clock: Arc<ManualClock>, table: &Arc<dyn Table>, salts: &[&str]) -> StoredSubjectKeys {
    let ring = salts.iter().fold(Keyring::default(), |ring, salt| ring.salt(&Secret::new(*salt)));
    let sealer = ring.sealer(Algorithm::default(), Arc::new(SystemRandom) as Arc<dyn Random>);
    StoredSubjectKeys::new(Arc::clone(table), sealer, clock, 5_000)
}

async fn sealed(keys: &StoredSubjectKeys, subjects: &[Subject]) -> Vec<u8> {
    seal_for(keys, subjects, (b"hello", "call-1"), &SystemRandom).await.unwrap().unwrap()
}

async fn opened(keys: &StoredSubjectKeys, subjects: &[Subject], sealed: &[u8]) -> Option<Vec<u8>> {
    open_for(keys, subjects, (sealed, "call-1")).await.unwrap().map(|text| text.to_vec())
}

fn user() -> Subject {
    Subject::User("u-1".to_owned())
}

#[tokio::test]
async fn two_processes_that_meet_a_subject_at_once_use_one_key() {
    let table = table();
    let (one, other) = (keys(&table, &["s"]), keys(&table, &["s"]));
    let subject = [user()];
    let (first, second) = tokio::join!(sealed(&one, &subject), sealed(&other, &subject));
    assert_eq!(opened(&other, &subject, &first).await.unwrap(), b"hello");
    assert_eq!(opened(&one, &subject, &second).await.unwrap(), b"hello");
}

#[tokio::test]
async fn a_destroyed_key_takes_everything_with_it_and_a_new_one_brings_nothing_back() {
    let clock = Arc::new(ManualClock::default());
    let table = table_at(&clock);
    let subjects = [user(), Subject::EndUser("customer".to_owned())];
    for gone in &subjects {
        let at = keys_at(Arc::clone(&clock), &table, &["s"]);
        let text = sealed(&at, &subjects).await;
        at.destroy(gone).await.unwrap();
        assert_eq!(opened(&at, &subjects, &text).await, None);
        assert_eq!(opened(&keys(&table, &["s"]), &subjects, &text).await, None);
        let again = seal_for(&at, &subjects, (b"hello", "call-1"), &SystemRandom).await;
        assert!(matches!(again, Err(SubjectKeyError::Destroyed)), "a call that was under way keeps nothing");
        clock.advance_millis(GONE_MILLIS + 1000);
        sealed(&at, &subjects).await;
        assert_eq!(opened(&at, &subjects, &text).await, None, "a new key is another");
    }
}

#[tokio::test]
async fn a_text_opens_for_its_call_and_its_subjects_only() {
    let at = keys(&table(), &["s"]);
    let text = sealed(&at, &[user()]).await;
    assert!(open_for(&at, &[user()], (&text, "call-2")).await.unwrap().is_none());
    sealed(&at, &[Subject::EndUser("u-1".to_owned())]).await;
    assert_eq!(opened(&at, &[Subject::EndUser("u-1".to_owned())], &text).await, None);
}

#[tokio::test]
async fn keys_are_sealed_anew_and_texts_under_them_stay_as_they_are() {
    let table = table();
    let old = keys(&table, &["old"]);
    let subjects: Vec<Subject> = (0..40).map(|at| Subject::User(format!("u-{at}"))).collect();
    let mut texts = Vec::new();
    for subject in &subjects {
        texts.push(sealed(&old, std::slice::from_ref(subject)).await);
    }
    let both = keys(&table, &["new", "old"]);
    let mut done = 0;
    for shard in 0..StoredSubjectKeys::SHARDS {
        done += both.reseal(shard, None, (100, Work::Seal)).await.unwrap().done;
    }
    assert_eq!(done, 40);
    let new = keys(&table, &["new"]);
    for (subject, text) in subjects.iter().zip(&texts) {
        assert_eq!(opened(&new, std::slice::from_ref(subject), text).await.unwrap(), b"hello");
    }
}
