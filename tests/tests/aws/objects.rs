//! A configuration fetched from S3.

use postern_core::aws::object::{OBJECT_BYTES_MAX, ObjectError, fetch_object};
use postern_core::clock::SystemClock;
use postern_tests::stub::{Answer, Stub};
use postern_tests::{aws, moto};

async fn fetch(url: &str, location: &str) -> Result<String, ObjectError> {
    let connection = aws::connection(url).await;
    let location = location.parse().expect("an address");
    let bytes = fetch_object(&connection, &SystemClock, &location).await?;
    Ok(String::from_utf8(bytes.to_vec()).expect("text"))
}

#[tokio::test]
async fn an_object_is_fetched_and_what_is_missing_is_named() {
    let emulator = moto::start().await;
    moto::make_bucket(&emulator, "settings").await;
    moto::put_object(&emulator, "settings", "team%20a/config.yaml", "model_list: []\n").await;
    let url = emulator.url();
    assert_eq!(fetch(&url, "s3://settings/team a/config.yaml").await.expect("there"), "model_list: []\n");
    let error = fetch(&url, "s3://settings/other.yaml").await.expect_err("missing");
    assert!(matches!(error, ObjectError::NoSuchKey { .. }), "{error:?}");
    let error = fetch(&url, "s3://elsewhere/config.yaml").await.expect_err("missing");
    assert!(matches!(error, ObjectError::NoSuchBucket { .. }), "{error:?}");
    assert!(error.to_string().starts_with("`s3://elsewhere/config.yaml`"), "{error}");
}

#[tokio::test]
async fn a_refusal_an_outage_and_an_endless_object_are_told_apart() {
    let denied = Answer::Status(403, "<Error><Code>AccessDenied</Code></Error>".to_owned());
    let stub = Stub::start(vec![denied]).await;
    let error = fetch(stub.url(), "s3://settings/config.yaml").await.expect_err("denied");
    assert!(error.to_string().contains("s3:GetObject"), "{error}");
    let stub = Stub::start(vec![Answer::Status(200, "x".repeat(OBJECT_BYTES_MAX + 1))]).await;
    let error = fetch(stub.url(), "s3://settings/config.yaml").await.expect_err("too large");
    assert!(matches!(error, ObjectError::TooLarge { .. }), "{error:?}");
    let stub = Stub::start(vec![Answer::Close]).await;
    let error = fetch(stub.url(), "s3://settings/config.yaml").await.expect_err("no answer");
    assert!(matches!(error, ObjectError::Unavailable { .. }), "{error:?}");
}
