//! Values sealed under keys of KMS: by one process for another, from key to key, and with KMS down.

use postern_core::clock::{Random, SystemRandom};
use postern_core::crypto::kms_wrapper::KmsWrapper;
use postern_core::crypto::litellm_value::Algorithm;
use postern_core::crypto::sealer::Keyring;
use postern_core::crypto::{Place, SealError, Sealer};
use postern_core::secret::Secret;
use postern_tests::stub::{Answer, Stub};
use postern_tests::{aws, moto};
use std::sync::Arc;

const PLACE: Place<'static> = Place { table: "credentials", row: "openai", field: "api_key" };

async fn sealer(url: &str, key: &str, version: u32, old: &[&str]) -> Sealer {
    let connection = aws::connection(url).await;
    let keys = KmsWrapper::new(&connection, key, version, old).expect("a key");
    let random: Arc<dyn Random> = Arc::new(SystemRandom);
    Keyring::default().wrapper(Arc::new(keys)).sealer(Algorithm::default(), random)
}

async fn opened(sealer: &Sealer, value: &str) -> Result<(String, bool), SealError> {
    sealer.open(&PLACE, value).await.map(|opened| (opened.secret.expose().to_owned(), opened.is_current))
}

#[tokio::test]
async fn what_one_process_seals_another_opens_and_keys_change_without_a_day_of_change() {
    let emulator = moto::start().await;
    let (url, first, second) = (emulator.url(), moto::make_key(&emulator).await, moto::make_key(&emulator).await);
    let value = sealer(&url, &first, 1, &[]).await.seal(&PLACE, &Secret::new("sk-1")).await.expect("sealed");
    assert!(value.starts_with(&format!("postern:v1:kms:{first}:1:")), "{value}");
    assert_eq!(opened(&sealer(&url, &first, 1, &[]).await, &value).await.expect("opened"), ("sk-1".to_owned(), true));

    // A new version of the same key, then another key.
    let next = sealer(&url, &first, 2, &[]).await;
    let moved = next.rewrapped(&PLACE, &value).await.expect("opened").expect("an older version");
    let other = sealer(&url, &second, 1, &[&first]).await;
    assert_eq!(opened(&other, &moved).await.expect("opened"), ("sk-1".to_owned(), false));
    let moved = other.rewrapped(&PLACE, &moved).await.expect("opened").expect("another key");
    assert_eq!(opened(&sealer(&url, &second, 1, &[]).await, &moved).await.expect("opened").0, "sk-1");

    // A key that nobody named opens nothing, whoever may use it.
    let error = opened(&sealer(&url, &second, 1, &[]).await, &value).await.expect_err("not named");
    assert!(error.to_string().contains("POSTERN_OLD_KMS_KEYS"), "{error}");
}

#[tokio::test]
async fn a_service_that_is_down_or_refuses_is_told_and_what_was_opened_stays_open() {
    let emulator = moto::start().await;
    let (url, key) = (emulator.url(), moto::make_key(&emulator).await);
    let (one, other) = (sealer(&url, &key, 1, &[]).await, sealer(&url, &key, 1, &[]).await);
    let known = one.seal(&PLACE, &Secret::new("sk-1")).await.expect("sealed");
    let unknown = other.seal(&PLACE, &Secret::new("sk-2")).await.expect("sealed");
    // The emulator decrypts with a disabled key; the service does not.
    let disabled = r#"{"__type":"DisabledException","message":"the key is disabled"}"#;
    let stub = Stub::start(vec![Answer::Status(400, disabled.to_owned())]).await;
    let refused = opened(&sealer(stub.url(), &key, 1, &[]).await, &unknown).await.expect_err("disabled");
    assert!(matches!(&refused, SealError::Denied { .. }), "{refused:?}");
    drop(emulator);
    assert_eq!(opened(&one, &known).await.expect("opened before").0, "sk-1");
    let down = opened(&one, &unknown).await.expect_err("down");
    assert!(down.is_outage() && down.to_string().contains("does not answer"), "{down:?}");
}
