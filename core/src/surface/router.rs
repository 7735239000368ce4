//! What is served where: each function mounts its own part of the routes, `postern` all of them.

use super::{admin, cors, fallback, health, model_call, models};
use crate::flow::admin::Administration;
use crate::flow::health::Health;
use crate::flow::model_call::ModelCalls;
use crate::flow::models::ModelCatalog;
use crate::providers::operation::Operation;
use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;
use std::sync::Arc;

/// The parts that a process serves; `None` where it does not.
#[derive(Clone, Default)]
pub struct Parts {
    /// Calls of models, and the operations served here.
    pub calls: Option<(Arc<ModelCalls>, &'static [Operation])>,
    /// The list of models.
    pub models: Option<Arc<ModelCatalog>>,
    /// Keys and spend.
    pub admin: Option<Arc<Administration>>,
    /// What probes ask.
    pub health: Option<Arc<Health>>,
    /// Largest request body in bytes.
    pub body_bytes_max: usize,
}

/// The routes of these parts.
pub fn router(parts: Parts) -> Router {
    let mut router = Router::new();
    let mut named_in_path = None;
    if let Some((calls, operations)) = parts.calls {
        let surface = model_call::ModelCallSurface::new(calls, operations, parts.body_bytes_max);
        router = router.merge(surface.routes());
        named_in_path = Some(surface);
    }
    if let Some(catalog) = parts.models {
        router = router.merge(models::routes(catalog));
    }
    if let Some(administration) = parts.admin {
        router = router.merge(admin::routes(administration, parts.body_bytes_max));
    }
    if let Some(health) = parts.health {
        router = router.merge(health::routes(health)).route("/", get(health::running));
    }
    router
        .fallback(move |request| fallback::unmatched(named_in_path.clone(), request))
        .method_not_allowed_fallback(fallback::method_not_allowed)
        .layer(from_fn(cors::answer_browsers))
}
