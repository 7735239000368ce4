//! The requests that the bench sends, as the bytes that go over the wire.

use std::net::SocketAddr;

/// The model's name for direct calls and peers alike.
pub(crate) const MODEL: &str = "gpt-4o-mini";

/// A chat request with a prompt of about 250 characters.
pub(crate) fn chat(address: SocketAddr, key: &str, is_stream: bool) -> Vec<u8> {
    let prompt = "Tell me about the quick brown fox. ".repeat(7);
    let stream = if is_stream { r#","stream":true"# } else { "" };
    let body = format!(
        r#"{{"model":"{MODEL}","messages":[{{"role":"system","content":"You are a helpful assistant."}},{{"role":"user","content":"{prompt}"}}],"temperature":0.7,"max_tokens":256{stream}}}"#
    );
    post(address, "/v1/chat/completions", key, &body)
}

/// Limits of every kind that the hot path must check, never in the way of the bench.
const LIMITS: &str = r#","max_budget":1000000.0,"rpm_limit":2000000000,"tpm_limit":2000000000000"#;

/// A new virtual key, with limits or without.
pub(crate) fn generate_key(address: SocketAddr, master_key: &str, is_limited: bool) -> Vec<u8> {
    let limits = if is_limited { LIMITS } else { "" };
    post(address, "/key/generate", master_key, &format!(r#"{{"models":["{MODEL}"]{limits}}}"#))
}

fn post(address: SocketAddr, path: &str, key: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\naccept: */*\r\nauthorization: Bearer {key}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
