//! Secrets from Secrets Manager, as a configuration names them.

use postern_core::clock::ManualClock;
use postern_core::secret::Secret;
use postern_core::secret_reference::SecretReference;
use postern_core::secrets::{
    CachedSecrets, SECRET_FRESH_MILLIS, SecretError, SecretSource, SecretsManager, resolve, resolve_all,
};
use postern_tests::stub::{Answer, Stub};
use postern_tests::{aws, moto};
use std::sync::Arc;

#[tokio::test]
async fn references_are_resolved_and_a_rotation_is_noticed() {
    let emulator = moto::start().await;
    moto::make_secret(&emulator, "postern/master", "sk-master").await;
    moto::make_secret(&emulator, "postern/providers", r#"{"openai":"sk-openai","anthropic":"sk-anthropic"}"#).await;
    let connection = aws::connection(&emulator.url()).await;
    let clock = Arc::new(ManualClock::default());
    let secrets = CachedSecrets::new(SecretsManager::new(&connection), clock.clone());
    let references = ["postern/master", "postern/providers#openai", "postern/providers#anthropic"]
        .map(|name| SecretReference::parse(&format!("aws_secret/{name}")).expect("a reference"));
    let values = resolve_all(&secrets, &references).await.expect("all are known");
    assert_eq!(values.iter().map(Secret::expose).collect::<Vec<_>>(), ["sk-master", "sk-openai", "sk-anthropic"]);

    moto::change_secret(&emulator, "postern/master", "sk-rotated").await;
    assert_eq!(resolve(&secrets, &references[0]).await.expect("known").expose(), "sk-master");
    clock.advance_millis(SECRET_FRESH_MILLIS);
    assert_eq!(resolve(&secrets, &references[0]).await.expect("known").expose(), "sk-rotated");

    let missing = resolve(&secrets, &SecretReference::parse("aws_secret/postern/other").expect("a reference")).await;
    assert!(matches!(&missing, Err(SecretError::Missing { name }) if name == "postern/other"), "{missing:?}");
}

#[tokio::test]
async fn a_refusal_names_the_secret_and_what_to_do() {
    for (kind, wanted) in [
        ("AccessDeniedException", "reading the secret `master` is not allowed"),
        ("ThrottlingException", "the source of the secret `master` is throttling"),
    ] {
        let body = format!(r#"{{"__type":"{kind}","message":"as recorded"}}"#);
        let stub = Stub::start(vec![Answer::Status(400, body)]).await;
        let error = SecretsManager::new(&aws::connection(stub.url()).await).fetch("master").await.expect_err("refused");
        assert!(error.to_string().contains(wanted), "{error}");
    }
}
