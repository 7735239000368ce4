//! The routes of the cache, for administrators.

use super::body;
use super::client_address::told_by;
use super::error::ErrorAnswer;
use super::gate::{Gate, named};
use crate::flow::admin::cache_admin::{CacheAdmin, CacheAdminError};
use axum::extract::Request;
use axum::routing::{MethodFilter, on};
use axum::{Json, Router};
use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

#[derive(Clone, Copy, Debug)]
enum Action {
    Ping,
    Delete,
    Flush,
    RedisInfo,
    Settings,
    ChangeSettings,
}

const ROUTES: [(MethodFilter, &str, Action); 7] = [
    (MethodFilter::GET, "/cache/ping", Action::Ping),
    (MethodFilter::POST, "/cache/delete", Action::Delete),
    (MethodFilter::POST, "/cache/flushall", Action::Flush),
    (MethodFilter::GET, "/cache/redis/info", Action::RedisInfo),
    (MethodFilter::GET, "/cache/settings", Action::Settings),
    (MethodFilter::POST, "/cache/settings", Action::ChangeSettings),
    (MethodFilter::POST, "/cache/settings/test", Action::Ping),
];

/// Which paths there are.
pub(super) fn paths() -> impl Iterator<Item = (MethodFilter, &'static str)> {
    ROUTES.iter().map(|(method, path, _)| (*method, *path))
}

/// The routes.
pub(super) fn routes(cache: CacheAdmin, gate: Gate, body_bytes_max: usize) -> Router {
    ROUTES.into_iter().fold(Router::new(), |router, (method, path, action)| {
        let (cache, gate) = (cache.clone(), gate.clone());
        let answer = move |request: Request| {
            let (cache, gate) = (cache.clone(), gate.clone());
            async move {
                gate.admit(told_by(&request), (named(method), path)).await?;
                let body = body::read(request.into_body(), body_bytes_max).await?;
                Ok::<_, ErrorAnswer>(Json(perform(&cache, action, &body).await?))
            }
        };
        router.route(path, on(method, answer))
    })
}

async fn perform(cache: &CacheAdmin, action: Action, body: &Bytes) -> Result<Value, CacheAdminError> {
    match action {
        Action::Ping => cache.ping().await,
        Action::Delete => cache.delete(body).await,
        Action::Flush => cache.flush().await,
        Action::RedisInfo => cache.redis_info().await,
        Action::Settings => Ok(cache.settings()),
        Action::ChangeSettings => Err(CacheAdminError::Fixed),
    }
}

impl From<CacheAdminError> for ErrorAnswer {
    fn from(error: CacheAdminError) -> Self {
        let message = error.to_string();
        match error {
            CacheAdminError::Keys => Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message).param("keys"),
            CacheAdminError::NoRedis(_) | CacheAdminError::Fixed => {
                Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message)
            }
            CacheAdminError::Off => Self::new(StatusCode::SERVICE_UNAVAILABLE, "internal_server_error", message),
            CacheAdminError::Backend(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the cache does not answer");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "internal_server_error", message)
            }
        }
    }
}
