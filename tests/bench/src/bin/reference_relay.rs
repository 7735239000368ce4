//! The plain way to write a relay in Rust: axum in front, reqwest behind, a key in a map, the body parsed and written
//! again. Not a product; the point that Postern's figures are compared with.
//!
//! `reference-relay ADDRESS UPSTREAM_URL`

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use axum::serve::ListenerExt;
use bytes::Bytes;
use serde_json::Value;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;

struct Relay {
    upstream_keys: HashMap<String, String>,
    client: reqwest::Client,
    upstream: String,
}

type Refusal = (StatusCode, String);

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(upstream)) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "usage: reference-relay ADDRESS UPSTREAM_URL"));
    };
    let client = reqwest::Client::builder().no_proxy().tcp_nodelay(true).build().map_err(io::Error::other)?;
    let upstream_keys = HashMap::from([("sk-bench".to_owned(), "sk-upstream".to_owned())]);
    let relay = Arc::new(Relay { upstream_keys, client, upstream });
    // Without this every streamed answer waits for Nagle's algorithm.
    let listener = tokio::net::TcpListener::bind(address).await?.tap_io(|stream| {
        stream.set_nodelay(true).ok();
    });
    axum::serve(listener, Router::new().route("/v1/chat/completions", post(chat)).with_state(relay)).await
}

async fn chat(State(relay): State<Arc<Relay>>, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let key = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let upstream_key =
        key.and_then(|key| relay.upstream_keys.get(key)).ok_or((StatusCode::UNAUTHORIZED, String::new()))?;
    let mut request: Value = serde_json::from_slice(&body).map_err(refuse(StatusCode::BAD_REQUEST))?;
    let is_stream = request.get("stream").and_then(Value::as_bool).unwrap_or(false);
    if let Some(fields) = request.as_object_mut() {
        fields.insert("model".to_owned(), "gpt-4o-mini".into());
    }
    let request = serde_json::to_vec(&request).map_err(refuse(StatusCode::BAD_REQUEST))?;
    let call = relay.client.post(&relay.upstream).header(CONTENT_TYPE, "application/json").bearer_auth(upstream_key);
    let answer = call.body(request).send().await.map_err(refuse(StatusCode::BAD_GATEWAY))?;
    let mut response = Response::builder().status(answer.status());
    if let Some(content_type) = answer.headers().get(CONTENT_TYPE) {
        response = response.header(CONTENT_TYPE, content_type);
    }
    if is_stream {
        let stream = Body::from_stream(answer.bytes_stream());
        return response.body(stream).map_err(refuse(StatusCode::BAD_GATEWAY));
    }
    let bytes = answer.bytes().await.map_err(refuse(StatusCode::BAD_GATEWAY))?;
    let tokens = tokens_of(&bytes);
    response.header("x-tokens", tokens).body(Body::from(bytes)).map_err(refuse(StatusCode::BAD_GATEWAY))
}

/// The tokens that the answer says it used, as a gateway that keeps accounts would read them.
fn tokens_of(answer: &[u8]) -> u64 {
    #[derive(serde::Deserialize)]
    struct Answer {
        usage: Usage,
    }
    #[derive(serde::Deserialize)]
    struct Usage {
        total_tokens: u64,
    }
    serde_json::from_slice::<Answer>(answer).map_or(0, |answer| answer.usage.total_tokens)
}

fn refuse<E: std::fmt::Display>(status: StatusCode) -> impl Fn(E) -> Refusal {
    move |error| (status, error.to_string())
}
