//! Where they are served: `/openapi.json` and `/`. Neither asks for a key, as neither tells more than the documentation
//! does.

use super::document::document;
use super::page::page;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use std::sync::LazyLock;

/// Where the document is.
pub(in crate::surface) const DOCUMENT: &str = "/openapi.json";

/// No scripts, and nothing from elsewhere.
const NOTHING_ELSE: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");

static DOCUMENT_BYTES: LazyLock<Bytes> =
    LazyLock::new(|| serde_json::to_vec(&document()).map(Bytes::from).unwrap_or_default());

static PAGE: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(page().unwrap_or_default()));

/// The document.
pub(in crate::surface) fn document_routes() -> Router {
    let json = HeaderValue::from_static("application/json");
    Router::new().route(DOCUMENT, get(move || async move { ([(CONTENT_TYPE, json)], DOCUMENT_BYTES.clone()) }))
}

/// The page, and what a probe is told in its place.
pub(in crate::surface) fn page_routes() -> Router {
    Router::new().route("/", get(running))
}

async fn running(headers: HeaderMap) -> Response {
    let accepted = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    match accepted.is_some_and(|accept| accept.contains("text/html")) {
        true => ([(CONTENT_SECURITY_POLICY, NOTHING_ELSE)], Html(PAGE.clone())).into_response(),
        false => Json("Postern: RUNNING").into_response(),
    }
}
