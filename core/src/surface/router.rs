//! What is served where: each function mounts its own part of the routes, `postern` all of them.

use super::admin::Administration;
use super::caller_address::CallerAddresses;
use super::endpoints::EndpointSurface;
use super::front::Front;
use super::gate::Gate;
use super::model_call::ModelCallSurface;
use super::security_headers::SecurityHeaders;
use super::{
    admin, cache_admin, catalogues, contract, cors, fallback, guardrails, health, health_tls, health_trial, model_hub,
    models, route_list, sign_in, utilities,
};
use crate::admission::load::Load;
use crate::flow::admin::cache_admin::CacheAdmin;
use crate::flow::health::Health;
use crate::flow::model_call::ModelCalls;
use crate::guardrails::choice::Guardrails;
use crate::providers::operation::Operation;
use crate::routing::LiveModels;
use axum::Router;
use axum::middleware::from_fn;
use std::sync::Arc;

/// The parts that a process serves; `None` where it does not.
pub struct Parts {
    /// Who may call.
    pub gate: Gate,
    /// Calls of models, and the operations served here.
    pub calls: Option<(Arc<ModelCalls>, &'static [Operation])>,
    /// The list of models.
    pub models: Option<Arc<LiveModels>>,
    /// Keys and spend, and the models whose deployments and the guardrails that are shown beside them.
    pub admin: Option<(Administration, Arc<LiveModels>, Arc<Guardrails>)>,
    /// The cache.
    pub cache: Option<CacheAdmin>,
    /// Calls of paths of the operator's own.
    pub endpoints: Option<Arc<ModelCalls>>,
    /// What probes ask.
    pub health: Option<Arc<Health>>,
    /// Largest request body in bytes.
    pub body_bytes_max: usize,
    /// What the process takes on; `None`: whatever comes.
    pub load: Option<Arc<Load>>,
}

/// The routes of these parts.
pub fn router(parts: Parts) -> Front {
    let Parts { gate, calls, models, admin, cache, endpoints, health, body_bytes_max, load } = parts;
    let mut router = Router::new();
    let own = endpoints.map(|calls| EndpointSurface { calls, body_bytes_max, load: load.clone() });
    let calls = calls.map(|(calls, operations)| ModelCallSurface::new(calls, operations, body_bytes_max).under(load));
    if let Some(calls) = &calls {
        router = router.merge(calls.routes());
    }
    if let Some(models) = models {
        router = router.merge(models::routes(models, gate.clone()));
    }
    if let Some((administration, models, guardrails)) = admin {
        router = router.merge(sign_in::routes(Arc::clone(&administration.sign_in), gate.clone()));
        router = router.merge(model_hub::routes(Arc::clone(&administration.hub), Arc::clone(&models)));
        router = router.merge(admin::routes(administration, gate.clone(), body_bytes_max));
        router = router.merge(utilities::routes(&models, &gate, body_bytes_max));
        router = router.merge(guardrails::routes(guardrails, gate.clone()));
        router = router.merge(route_list::routes(gate.clone()));
        router = router.merge(contract::routes::document_routes());
        router = router.merge(catalogues::routes(gate.clone()));
        router = router.merge(models::info_routes(models, gate.clone()));
    }
    if let Some(cache) = cache {
        router = router.merge(cache_admin::routes(cache, gate.clone(), body_bytes_max));
    }
    if let Some(health) = health {
        router = router.merge(health_tls::routes(Arc::clone(&health), gate.clone()));
        router = router.merge(health_trial::routes(Arc::clone(&health), gate.clone(), body_bytes_max));
        router = router.merge(health::routes(health, gate));
        router = router.merge(contract::routes::page_routes());
    }
    let (named, other) = (calls.clone(), calls.clone());
    let router = router
        .fallback(move |request| fallback::unmatched(named.clone(), own.clone(), request))
        .method_not_allowed_fallback(move |request| fallback::other_method(other.clone(), request))
        .layer(from_fn(cors::answer_browsers));
    Front { calls, router, security: SecurityHeaders::default(), addresses: CallerAddresses::default() }
}
