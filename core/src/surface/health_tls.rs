//! `/health/tls`: which TLS policy applies to which deployment and guardrail, from which source. Calls nobody, and shows no key.

use super::client_address::Asker;
use super::gate::Gate;
use crate::flow::health::Health;
use crate::flow::upstream_tls::{DeploymentTls, GuardrailTls, UpstreamTls};
use crate::tls::curve::Curve;
use crate::tls::level::Level;
use crate::tls::policy::{Policy, Resolved, Trust};
use crate::tls::report::trust_text;
use crate::upstream::handshakes::Handshakes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const ROUTE: &str = "/health/tls";

/// Who may say whether certificates are checked, the first that does being heard.
const PRECEDENCE: [&str; 5] =
    ["litellm_params.ssl_verify", "SSL_VERIFY", "litellm_settings.ssl_verify", "SSL_CERT_FILE", "built-in authorities"];

#[derive(Clone)]
struct TlsSurface {
    health: Arc<Health>,
    gate: Gate,
}

/// The route.
pub(super) fn routes(health: Arc<Health>, gate: Gate) -> Router {
    Router::new().route(ROUTE, get(policies)).with_state(TlsSurface { health, gate })
}

async fn policies(State(surface): State<TlsSurface>, asker: Asker) -> Response {
    if let Err(refused) = surface.gate.admit(asker.told(), ("GET", ROUTE)).await {
        return refused.into_response();
    }
    Json(told(&surface.health.upstream_tls())).into_response()
}

fn told(tls: &UpstreamTls) -> Value {
    let levels: Vec<Value> = Level::ALL.iter().map(level).collect();
    let deployments: Vec<Value> =
        tls.deployments.iter().map(|one| deployment(one, tls.handshakes.get(&one.channel.0))).collect();
    let guardrails: Vec<Value> =
        tls.guardrails.iter().map(|one| guardrail(one, tls.handshakes.get(&one.channel.0))).collect();
    let clients: Map<String, Value> = tls
        .handshakes
        .iter()
        .map(|(channel, origins)| {
            let origins: Map<String, Value> =
                origins.iter().map(|(origin, seen)| (origin.clone(), handshakes(seen))).collect();
            (channel.to_string(), origins.into())
        })
        .collect();
    json!({
        "precedence": PRECEDENCE,
        "global": resolved(&tls.global),
        "deployments": deployments,
        "guardrails": guardrails,
        "clients": clients,
        "levels": levels,
    })
}

fn deployment(one: &DeploymentTls, origins: Option<&BTreeMap<String, Handshakes>>) -> Value {
    let origin = one.api_base.as_deref().and_then(origin_of);
    let seen = origin.and_then(|origin| origins?.get(&origin));
    json!({
        "model_name": one.model_name,
        "model_id": one.model_id,
        "model": one.model,
        "api_base": one.api_base.as_deref().map(without_credentials),
        "proxy": one.proxy,
        "client": one.channel.0,
        "tls": resolved(&one.resolved),
        "handshakes": seen.map(handshakes),
    })
}

fn guardrail(one: &GuardrailTls, origins: Option<&BTreeMap<String, Handshakes>>) -> Value {
    let seen = origin_of(&one.api_base).and_then(|origin| origins?.get(&origin));
    json!({
        "guardrail_name": one.guardrail_name,
        "api_base": without_credentials(&one.api_base),
        "proxy": one.proxy,
        "client": one.channel.0,
        "tls": resolved(&one.resolved),
        "handshakes": seen.map(handshakes),
    })
}

fn resolved(resolved: &Result<Resolved, String>) -> Value {
    let Resolved { policy, said_by, warnings } = match resolved {
        Ok(resolved) => resolved,
        Err(error) => return json!({"error": error}),
    };
    let Policy { trust, level, certificate, curve } = policy;
    let row = Level::of(*level);
    let offered: Vec<&str> = match curve {
        Some(curve) => vec![curve.name()],
        None => Curve::ALL.into_iter().filter(|curve| row.admits(*curve)).map(Curve::name).collect(),
    };
    json!({
        "verify": {"value": *trust != Trust::Nothing, "source": said_by.verify.to_string()},
        "authorities": {"value": trust_text(trust), "source": said_by.authorities.to_string()},
        "security_level": {"value": row.number, "source": said_by.level.to_string()},
        "client_certificate": {
            "value": certificate.as_ref().map(|own| own.chain.name()), "source": said_by.certificate.to_string(),
        },
        "key_exchange": {"value": offered, "source": said_by.curve.to_string()},
        "warnings": warnings,
    })
}

fn level(level: &Level) -> Value {
    let versions: Vec<String> = level.versions.iter().map(|version| format!("{:?}", version.version)).collect();
    json!({
        "level": level.number,
        "security_bits": level.security_bits,
        "versions": versions,
        "suites": level.suite_names(),
        "rsa_bits_min": level.rsa_bits_min,
        "curve_bits_min": level.curve_bits_min,
        "signature_hash_bits_min": level.hash_bits_min,
        "reason": level.reason,
    })
}

fn handshakes(seen: &Handshakes) -> Value {
    let agreed = seen
        .agreed
        .as_ref()
        .map(|agreed| json!({"version": agreed.version, "suite": agreed.suite, "key_exchange": agreed.key_exchange}));
    json!({
        "connections": seen.connections,
        "resumed": seen.resumed,
        "last_agreed": agreed,
        "last_failure": seen.failure,
    })
}

fn origin_of(address: &str) -> Option<String> {
    let uri: http::Uri = without_credentials(address).parse().ok()?;
    Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
}

fn without_credentials(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let authority = rest.split('/').next().unwrap_or(rest);
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{host}{}", rest.get(authority.len()..).unwrap_or_default()),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_credentials() {
        assert_eq!(without_credentials("https://a:b@c.test:8443/v1"), "https://c.test:8443/v1");
        assert_eq!(without_credentials("https://c.test/v1@2"), "https://c.test/v1@2");
        assert_eq!(origin_of("https://a:b@c.test:8443/v1").unwrap(), "https://c.test:8443");
    }
}
