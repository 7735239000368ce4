//! What an administrator's request brings, once its caller is admitted.

use super::body;
use super::error::ErrorAnswer;
use super::gate::Gate;
use crate::clock::Timestamp;
use crate::flow::admin::params::Params;
use crate::principal::Principal;
use axum::RequestExt;
use axum::extract::{Path, Query, Request};
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::Arc;

/// What a request brings.
pub(super) struct Asked {
    pub(super) caller: Arc<Principal>,
    pub(super) params: Params,
    /// The key that the path names.
    pub(super) key: String,
    pub(super) body: Bytes,
    pub(super) now: Timestamp,
}

/// Admits the caller and reads the request.
pub(super) async fn read(mut request: Request, gate: &Gate, body_bytes_max: usize) -> Result<Asked, ErrorAnswer> {
    let caller = gate.admit(request.headers(), request.uri().path()).await?;
    let pairs = request.extract_parts::<Query<Vec<(String, String)>>>().await.map(|Query(pairs)| pairs);
    let named = request.extract_parts::<Path<HashMap<String, String>>>().await.map(|Path(named)| named);
    let key = named.unwrap_or_default().remove("key").unwrap_or_default();
    let body = body::read(request.into_body(), body_bytes_max).await?;
    Ok(Asked { caller, params: Params::new(pairs.unwrap_or_default()), key, body, now: gate.clock.now() })
}
