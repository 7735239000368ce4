//! The emulator `moto` for Secrets Manager, KMS, S3 and IAM. Never for DynamoDB: its updates are not atomic.

use crate::emulator::{Emulator, find};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

/// Starts an empty one. Takes a second or two.
pub async fn start() -> Emulator {
    let program = find("MOTO_SERVER", ".venv/bin", "moto_server");
    Emulator::start(&program, |port| ["-H", "127.0.0.1", "-p", &port.to_string()].map(str::to_owned).to_vec()).await
}

/// Makes a secret with a text value.
pub async fn make_secret(moto: &Emulator, name: &str, value: &str) {
    let body = serde_json::json!({ "Name": name, "SecretString": value, "ClientRequestToken": token_of(name) });
    let request = Request::post(moto.url())
        .header("x-amz-target", "secretsmanager.CreateSecret")
        .header("content-type", "application/x-amz-json-1.1")
        .header("authorization", authorization("secretsmanager"));
    send(request.body(body.to_string().into())).await;
}

/// Gives a secret another text value.
pub async fn change_secret(moto: &Emulator, name: &str, value: &str) {
    let body = serde_json::json!({ "SecretId": name, "SecretString": value, "ClientRequestToken": token_of(value) });
    let request = Request::post(moto.url())
        .header("x-amz-target", "secretsmanager.PutSecretValue")
        .header("content-type", "application/x-amz-json-1.1")
        .header("authorization", authorization("secretsmanager"));
    send(request.body(body.to_string().into())).await;
}

/// Makes a key of KMS; gives its id.
pub async fn make_key(moto: &Emulator) -> String {
    let answer = kms(moto, "CreateKey", serde_json::json!({})).await;
    answer.pointer("/KeyMetadata/KeyId").and_then(serde_json::Value::as_str).expect("a key's id").to_owned()
}

async fn kms(moto: &Emulator, operation: &str, body: serde_json::Value) -> serde_json::Value {
    let request = Request::post(moto.url())
        .header("x-amz-target", format!("TrentService.{operation}"))
        .header("content-type", "application/x-amz-json-1.1")
        .header("authorization", authorization("kms"));
    let answer = send(request.body(body.to_string().into())).await;
    serde_json::from_slice(&answer).unwrap_or_default()
}

/// Makes a bucket.
pub async fn make_bucket(moto: &Emulator, bucket: &str) {
    let request = Request::put(format!("{}/{bucket}", moto.url())).header("authorization", authorization("s3"));
    send(request.body(Full::default())).await;
}

/// Stores an object; `path` is its key as it stands in a URL.
pub async fn put_object(moto: &Emulator, bucket: &str, path: &str, content: &str) {
    let request = Request::put(format!("{}/{bucket}/{path}", moto.url())).header("authorization", authorization("s3"));
    send(request.body(content.to_owned().into())).await;
}

async fn send(request: hyper::http::Result<Request<Full<hyper::body::Bytes>>>) -> hyper::body::Bytes {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.request(request.expect("a valid request")).await.expect("moto answers");
    let status = answer.status();
    let body = answer.into_body().collect().await.expect("moto answers whole").to_bytes();
    assert!(status.is_success(), "moto answered {status}: {}", String::from_utf8_lossy(&body));
    body
}

/// Moto reads the service's name from it, and checks nothing.
fn authorization(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

/// 32 to 64 characters, as Secrets Manager asks.
fn token_of(text: &str) -> String {
    let letters: String = text.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
    format!("{letters:0>32}")
}
