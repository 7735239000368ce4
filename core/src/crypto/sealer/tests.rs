//! Forms and keys, as a sealer meets them over the years.

use super::*;
use crate::clock::SystemRandom;
use crate::crypto::key_file::KeyFile;
use crate::crypto::key_name::KeyName;
use crate::crypto::key_wrapper::WrappedKey;
use async_trait::async_trait;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tempfile::NamedTempFile;

const PLACE: Place<'static> = Place { table: "credentials", row: "openai", field: "api_key" };

fn random() -> Arc<dyn Random> {
    Arc::new(SystemRandom)
}

fn key_file(lines: &[&str]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    lines.iter().for_each(|line| writeln!(file, "{line}").unwrap());
    file
}

fn line(version: u32) -> String {
    KeyFile::new_line("main", version, &SystemRandom).unwrap().to_string()
}

fn of_file(file: &NamedTempFile) -> Sealer {
    let keys = KeyFile::open(file.path(), random()).unwrap();
    Keyring::default().wrapper(Arc::new(keys)).sealer(Algorithm::default(), random())
}

fn of_salts(salts: &[&str]) -> Sealer {
    let ring = salts.iter().fold(Keyring::default(), |ring, salt| ring.salt(&Secret::new(*salt)));
    ring.sealer(Algorithm::default(), random())
}

async fn sealed(sealer: &Sealer, text: &str) -> String {
    sealer.seal(&PLACE, &Secret::new(text)).await.unwrap()
}

async fn opened(sealer: &Sealer, value: &str) -> Result<(String, bool), String> {
    let opened = sealer.open(&PLACE, value).await;
    opened.map(|it| (it.secret.expose().to_owned(), it.is_current)).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_value_names_its_key_and_opens_in_its_place_only() {
    let file = key_file(&[&line(1)]);
    let sealer = of_file(&file);
    for text in ["", "sk-1", "ünï\n\0", &"x".repeat(100_000)] {
        let value = sealed(&sealer, text).await;
        assert!(value.starts_with("postern:v1:file:main:1:"), "{value:.60}");
        assert_eq!(opened(&sealer, &value).await.unwrap(), (text.to_owned(), true));
    }
    let value = sealed(&sealer, "sk-1").await;
    for place in [Place { row: "groq", ..PLACE }, Place { field: "x", ..PLACE }, Place { table: "t", ..PLACE }] {
        assert!(matches!(sealer.open(&place, &value).await, Err(SealError::Tampered(_))));
    }
}

#[tokio::test]
async fn no_character_of_a_value_can_be_changed() {
    let file = key_file(&[&line(1)]);
    let value = sealed(&of_file(&file), "sk-1").await;
    for at in 0..value.len() {
        let mut bytes = value.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        // A new sealer each time: nothing is remembered.
        assert!(opened(&of_file(&file), &changed).await.is_err(), "character {at} of {value}");
    }
}

#[tokio::test]
async fn a_line_added_to_the_file_seals_from_then_on_and_old_values_stay_readable() {
    let mut file = key_file(&[&line(1)]);
    let sealer = of_file(&file);
    let old = sealed(&sealer, "sk-1").await;
    writeln!(file, "{}", line(2)).unwrap();
    let changed = file.as_file().metadata().unwrap().modified().unwrap() + std::time::Duration::from_secs(5);
    file.as_file().set_modified(changed).unwrap();
    assert_eq!(opened(&sealer, &old).await.unwrap(), ("sk-1".to_owned(), false));
    let new = sealer.rewrapped(&PLACE, &old).await.unwrap().unwrap();
    assert!(new.starts_with("postern:v1:file:main:2:"));
    assert_eq!(opened(&sealer, &new).await.unwrap(), ("sk-1".to_owned(), true));
    assert_eq!(sealer.rewrapped(&PLACE, &new).await.unwrap(), None);
}

#[tokio::test]
async fn a_key_that_is_gone_is_named() {
    let value = sealed(&of_file(&key_file(&[&line(3)])), "sk-1").await;
    let error = opened(&of_file(&key_file(&[&line(4)])), &value).await.unwrap_err();
    assert_eq!(
        error,
        "`api_key` of `openai` in `credentials` is sealed under the key `file:main` version 3, which is not among those \
         configured; put its line back into the file that POSTERN_KEY_FILE names"
    );
}

#[tokio::test]
async fn a_salt_key_is_left_behind_as_any_other() {
    let before = of_salts(&["old salt"]);
    let value = sealed(&before, "sk-1").await;
    assert_eq!(opened(&before, &value).await.unwrap(), ("sk-1".to_owned(), true));
    assert!(opened(&of_salts(&["new salt"]), &value).await.unwrap_err().contains("POSTERN_OLD_SALT_KEY"));
    let both = of_salts(&["new salt", "old salt"]);
    let moved = both.rewrapped(&PLACE, &value).await.unwrap().unwrap();
    assert_eq!(opened(&of_salts(&["new salt"]), &moved).await.unwrap(), ("sk-1".to_owned(), true));
    let file = key_file(&[&line(1)]);
    let keys = Arc::new(KeyFile::open(file.path(), random()).unwrap());
    let away = Keyring::default().wrapper(keys).salt(&Secret::new("old salt")).sealer(Algorithm::default(), random());
    let moved = away.rewrapped(&PLACE, &value).await.unwrap().unwrap();
    assert_eq!(opened(&of_file(&file), &moved).await.unwrap(), ("sk-1".to_owned(), true));
}

#[tokio::test]
async fn without_a_key_nothing_is_sealed_and_plain_text_is_no_value() {
    let none = Keyring::default().sealer(Algorithm::default(), random());
    assert!(matches!(none.seal(&PLACE, &Secret::new("s")).await, Err(SealError::NoKey)));
    assert!(matches!(of_salts(&["s"]).open(&PLACE, "sk-plain").await, Err(SealError::NotSealed(_))));
    assert!(matches!(of_salts(&["s"]).open(&PLACE, "postern:v1:x").await, Err(SealError::NotSealed(_))));
}

/// A key service that can be down.
#[derive(Default)]
struct Service {
    down: AtomicBool,
    calls: AtomicUsize,
}

impl Service {
    fn called(&self) -> Result<KeyName, SealError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let key = KeyName { system: System::Kms, id: "k".into(), version: 1 };
        if self.down.load(Ordering::SeqCst) {
            return Err(SealError::Unavailable { key, cause: "down".into() });
        }
        Ok(key)
    }
}

#[async_trait]
impl KeyWrapper for Service {
    fn system(&self) -> System {
        System::Kms
    }

    fn current(&self) -> Result<KeyName, SealError> {
        Ok(KeyName { system: System::Kms, id: "k".into(), version: 1 })
    }

    async fn new_key(&self) -> Result<WrappedKey, SealError> {
        let (name, key) = (self.called()?, CipherKey::random(&SystemRandom)?);
        let wrapped = key.bytes().to_vec();
        Ok(WrappedKey { name, key, wrapped })
    }

    async fn unwrap_key(&self, _: &KeyName, wrapped: &[u8]) -> Result<Option<CipherKey>, SealError> {
        self.called().map(|_| CipherKey::from_bytes(wrapped))
    }
}

#[tokio::test]
async fn a_service_that_is_down_is_felt_only_for_what_was_never_opened() {
    let service = Arc::new(Service::default());
    let ring =
        || Keyring::default().wrapper(service.clone() as Arc<dyn KeyWrapper>).sealer(Algorithm::default(), random());
    let (one, other) = (ring(), ring());
    let (known, unknown) = (sealed(&one, "sk-1").await, sealed(&other, "sk-2").await);
    sealed(&one, "sk-3").await;
    assert_eq!(service.calls.load(Ordering::SeqCst), 2, "a data key each, for all they seal");
    service.down.store(true, Ordering::SeqCst);
    assert_eq!(opened(&one, &known).await.unwrap().0, "sk-1");
    let failed = one.open(&PLACE, &unknown).await.unwrap_err();
    assert!(failed.is_outage() && failed.to_string().contains("does not answer"), "{failed}");
    service.down.store(false, Ordering::SeqCst);
    assert_eq!(opened(&one, &unknown).await.unwrap().0, "sk-2");
}
