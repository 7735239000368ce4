//! What an administrator's request brings, once its caller is admitted.

use super::body;
use super::client_address::told_by;
use super::error::ErrorAnswer;
use super::gate::{Gate, Route};
use crate::auth::rights::Actor;
use crate::author::Author;
use crate::clock::Timestamp;
use crate::flow::admin::params::Params;
use axum::RequestExt;
use axum::extract::{Path, Query, Request};
use bytes::Bytes;
use std::collections::HashMap;
use std::net::IpAddr;

/// What a request brings.
pub(super) struct Asked {
    pub(super) caller: Actor,
    pub(super) params: Params,
    /// The key, or whatever else the path names.
    pub(super) key: String,
    /// The user that the path names beside it.
    pub(super) user: String,
    pub(super) body: Bytes,
    pub(super) now: Timestamp,
    /// From where it came, as far as that is known.
    address: Option<IpAddr>,
}

impl Asked {
    /// Who changes what this request changes.
    pub(super) fn author(&self, (method, pattern): Route) -> Author {
        Author {
            user: self.caller.user_id.clone().unwrap_or_default(),
            key: self.caller.key.as_str().to_owned(),
            address: self.address,
            route: format!("{method} {pattern}"),
        }
    }
}

/// Admits the caller and reads the request.
pub(super) async fn read(
    mut request: Request,
    (gate, route): (&Gate, Route),
    body_bytes_max: usize,
) -> Result<Asked, ErrorAnswer> {
    let (_, address) = told_by(&request);
    let caller = gate.admit(told_by(&request), route).await?;
    let pairs = request.extract_parts::<Query<Vec<(String, String)>>>().await.map(|Query(pairs)| pairs);
    let named = request.extract_parts::<Path<HashMap<String, String>>>().await.map(|Path(named)| named);
    let mut named = named.unwrap_or_default();
    let mut take = |name: &str| named.remove(name).unwrap_or_default();
    let (key, user) = (take("key"), take("user"));
    let body = body::read(request.into_body(), body_bytes_max).await?;
    Ok(Asked {
        caller,
        params: Params::new(pairs.unwrap_or_default()),
        key,
        user,
        body,
        now: gate.clock.now(),
        address,
    })
}
