//! Secrets as the emulator of Secrets Manager gives them: by name, several in one call, other versions, refusals; and as
//! it takes them.

use postern_core::secret::Secret;
use postern_core::secret_reference::SecretReference;
use postern_core::secrets::{SecretError, SecretKeeper, SecretSource, SecretsManager, resolve, resolve_all};
use postern_tests::stub::{Answer, Stub};
use postern_tests::{aws, moto};

fn reference(name: &str) -> SecretReference {
    SecretReference::parse(&format!("aws_secret/{name}")).expect("a reference")
}

#[tokio::test]
async fn references_are_resolved_in_one_call_and_name_other_versions() {
    let emulator = moto::start().await;
    moto::make_secret(&emulator, "postern/master", "sk-master").await;
    moto::make_secret(&emulator, "postern/providers", r#"{"openai":"sk-openai","anthropic":"sk-anthropic"}"#).await;
    let secrets = SecretsManager::new(&aws::connection(&emulator.url()).await);
    let references = ["postern/master", "postern/providers#openai", "postern/providers#anthropic"].map(reference);
    let values = resolve_all(&secrets, &references).await.expect("all are known");
    assert_eq!(values.iter().map(Secret::expose).collect::<Vec<_>>(), ["sk-master", "sk-openai", "sk-anthropic"]);

    moto::change_secret(&emulator, "postern/master", "sk-rotated").await;
    assert_eq!(resolve(&secrets, &references[0]).await.expect("known").expose(), "sk-rotated");
    let before = resolve(&secrets, &reference("postern/master?stage=AWSPREVIOUS")).await.expect("known");
    assert_eq!(before.expose(), "sk-master");
    let odd = resolve(&secrets, &reference("postern/master?state=AWSPREVIOUS")).await;
    assert!(matches!(odd, Err(SecretError::Name { .. })), "{odd:?}");

    let missing = resolve_all(&secrets, &[references[0].clone(), reference("postern/other")]).await;
    assert!(matches!(&missing, Err(SecretError::Missing { name }) if name == "postern/other"), "{missing:?}");
}

#[tokio::test]
async fn several_secrets_cost_one_call() {
    let found =
        r#"{"SecretValues":[{"Name":"a","SecretString":"sk-a"},{"Name":"b","SecretString":"sk-b"}],"Errors":[]}"#;
    let stub = Stub::start(vec![Answer::Status(200, found.to_owned())]).await;
    let secrets = SecretsManager::new(&aws::connection(stub.url()).await);
    let values = secrets.fetch_all(&["b".to_owned(), "a".to_owned()]).await;
    let values: Vec<_> = values.into_iter().map(|value| value.expect("known").expect("there")).collect();
    assert_eq!(values.iter().map(Secret::expose).collect::<Vec<_>>(), ["sk-b", "sk-a"]);
}

#[tokio::test]
async fn a_secret_is_stored_stored_anew_and_deleted() {
    let emulator = moto::start().await;
    let secrets = SecretsManager::new(&aws::connection(&emulator.url()).await);
    for value in ["sk-1", "sk-2"] {
        secrets.write("litellm/ours", &Secret::new(value)).await.expect("written");
        assert_eq!(secrets.fetch("litellm/ours").await.expect("known").expect("there").expose(), value);
    }
    secrets.delete("litellm/ours").await.expect("deleted");
    secrets.delete("litellm/nothing").await.expect("none is no error");
    assert!(!matches!(secrets.fetch("litellm/ours").await, Ok(Some(_))));
}

#[tokio::test]
async fn a_secret_that_was_deleted_is_brought_back_to_be_written() {
    // The emulator takes a value for a deleted secret; the service does not.
    let deleted = r#"{"__type":"InvalidRequestException","message":"already scheduled for deletion"}"#;
    let done = || Answer::Status(200, r#"{"Name":"litellm/ours"}"#.to_owned());
    let stub = Stub::start(vec![Answer::Status(400, deleted.to_owned()), done(), done()]).await;
    let secrets = SecretsManager::new(&aws::connection(stub.url()).await);
    secrets.write("litellm/ours", &Secret::new("sk-3")).await.expect("written again");
    assert_eq!(stub.requests(), 3);
}

#[tokio::test]
async fn a_refusal_names_the_secret_and_what_to_do() {
    for (kind, wanted) in [
        (
            "AccessDeniedException",
            "the secret `master` is not ours to use: the role needs `secretsmanager:GetSecretValue`",
        ),
        ("ThrottlingException", "the source of the secret `master` is throttling"),
    ] {
        let body = format!(r#"{{"__type":"{kind}","message":"as recorded"}}"#);
        let stub = Stub::start(vec![Answer::Status(400, body)]).await;
        let error = SecretsManager::new(&aws::connection(stub.url()).await).fetch("master").await.expect_err("refused");
        assert!(error.to_string().contains(wanted), "{error}");
    }
}
