//! Which Redis, and as whom: `cache_params`, then the variables that LiteLLM knows.

use super::params::CacheParams;
use crate::config::environment::Environment;
use crate::secret::Secret;
use serde_json::Value;

/// A Redis's usual port, and a sentinel's.
const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// A Redis, and as whom it is asked. With a `url` the host, user, password, database and TLS are what that says.
#[derive(Clone, Debug, Default)]
pub struct RedisSettings {
    /// The address in one piece.
    pub url: Option<Secret>,
    /// The server, or the nodes of a cluster or the sentinels: hosts and ports.
    pub nodes: Vec<(String, u16)>,
    /// Whether the nodes are of a cluster.
    pub is_cluster: bool,
    /// The primary's name that the nodes, which are sentinels, know.
    pub service: Option<String>,
    /// The user.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// The sentinels' password.
    pub sentinel_password: Option<Secret>,
    /// The database's number.
    pub database: i64,
    /// Whether TLS is spoken.
    pub tls: bool,
    /// A file with the certificates to trust.
    pub trusted_file: Option<String>,
}

/// Whether anything names a Redis.
pub(super) fn is_named(params: &CacheParams, environment: &Environment) -> bool {
    const VARIABLES: [&str; 4] = ["REDIS_URL", "REDIS_HOST", "REDIS_CLUSTER_NODES", "REDIS_SENTINEL_NODES"];
    params.host.is_some()
        || params.url.is_some()
        || params.redis_startup_nodes.is_some()
        || params.sentinel_nodes.is_some()
        || VARIABLES.iter().any(|name| environment.text(name).is_some())
}

/// Takes what the variables of a Valkey say, where the settings say nothing.
pub(super) fn prefer_valkey(params: &mut CacheParams, environment: &Environment) {
    let has_place = params.url.is_some() || params.redis_startup_nodes.is_some() || params.sentinel_nodes.is_some();
    let host = environment.text("VALKEY_HOST").filter(|_| params.host.is_none() && !has_place);
    if let Some(host) = host {
        params.host = Some(host.to_owned());
        params.port = params.port.or_else(|| environment.text("VALKEY_PORT")?.trim().parse().ok());
        params.password = params.password.take().or_else(|| environment.secret("VALKEY_PASSWORD"));
    }
}

/// Reads it; else the setting at fault and what is wrong with it.
pub(super) fn read(
    params: &mut CacheParams,
    environment: &Environment,
) -> Result<RedisSettings, (&'static str, String)> {
    let text = |said: Option<String>, name: &str| said.or_else(|| environment.text(name).map(str::to_owned));
    let secret = |said: Option<Secret>, name: &str| said.or_else(|| environment.secret(name));
    let number = |said: Option<i64>, setting: &'static str, name: &str| match (said, environment.text(name)) {
        (Some(said), _) => Ok(Some(said)),
        (None, Some(text)) => match text.trim().parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err((setting, format!("environment variable {name} must be a whole number"))),
        },
        (None, None) => Ok(None),
    };
    let ssl = match params.ssl {
        Some(ssl) => Some(ssl),
        None => environment.flag("REDIS_SSL").map_err(|error| ("ssl", error.to_string()))?,
    };
    let mut settings = RedisSettings {
        username: text(params.username.take(), "REDIS_USERNAME"),
        password: secret(params.password.take(), "REDIS_PASSWORD"),
        sentinel_password: secret(params.sentinel_password.take(), "REDIS_SENTINEL_PASSWORD"),
        database: number(params.db, "db", "REDIS_DB")?.unwrap_or(0),
        tls: ssl.unwrap_or(false),
        trusted_file: text(params.ssl_ca_certs.take(), "REDIS_SSL_CA_CERTS"),
        ..RedisSettings::default()
    };
    let service = text(params.service_name.take(), "REDIS_SERVICE_NAME");
    if let Some(nodes) = listed(params.redis_startup_nodes.take(), environment, "REDIS_CLUSTER_NODES") {
        settings.nodes = nodes_of(&nodes, PORT).ok_or(("redis_startup_nodes", NODES.to_owned()))?;
        settings.is_cluster = true;
    } else if let Some(nodes) = listed(params.sentinel_nodes.take(), environment, "REDIS_SENTINEL_NODES") {
        settings.nodes = nodes_of(&nodes, SENTINEL_PORT).ok_or(("sentinel_nodes", SENTINELS.to_owned()))?;
        let missing = "is missing; it says which primary the sentinels are asked for";
        settings.service = Some(service.ok_or(("service_name", missing.to_owned()))?);
    } else if let Some(url) = params.url.take() {
        settings.url = Some(url);
    } else if let Some(host) = params.host.take() {
        settings.nodes = vec![(host, port(number(params.port, "port", "REDIS_PORT")?)?)];
    } else if let Some(url) = environment.secret("REDIS_URL") {
        settings.url = Some(url);
    } else if let Some(host) = environment.text("REDIS_HOST") {
        settings.nodes = vec![(host.to_owned(), port(number(params.port, "port", "REDIS_PORT")?)?)];
    } else {
        let missing = "is missing; say where the Redis is, here or in `REDIS_HOST`, `REDIS_URL`, `REDIS_CLUSTER_NODES` or \
                       `REDIS_SENTINEL_NODES`";
        return Err(("host", missing.to_owned()));
    }
    Ok(settings)
}

const NODES: &str = "must be a list such as `[{host: 10.0.0.1, port: 6379}]`";
const SENTINELS: &str = "must be a list such as `[[10.0.0.1, 26379]]`";

fn port(said: Option<i64>) -> Result<u16, (&'static str, String)> {
    let port = said.map_or(Some(PORT), |port| u16::try_from(port).ok()).filter(|port| *port > 0);
    port.ok_or(("port", "must be from 1 to 65535".to_owned()))
}

/// The list that is said, or the JSON of a variable.
fn listed(said: Option<Value>, environment: &Environment, name: &str) -> Option<Value> {
    let is_said = |value: &Value| value.as_array().is_none_or(|list| !list.is_empty());
    said.filter(is_said).or_else(|| {
        let text = environment.text(name)?;
        Some(serde_json::from_str(text).unwrap_or(Value::Null))
    })
}

/// Hosts and ports, of `{host, port}` or `[host, port]`. `None`: they are none.
fn nodes_of(list: &Value, usual: u16) -> Option<Vec<(String, u16)>> {
    let node = |node: &Value| {
        let (host, port) = match node {
            Value::Object(map) => (map.get("host")?, map.get("port")),
            Value::Array(pair) => (pair.first()?, pair.get(1)),
            _ => return None,
        };
        let port = match port {
            None | Some(Value::Null) => usual,
            Some(Value::String(text)) => text.trim().parse().ok()?,
            Some(port) => u16::try_from(port.as_u64()?).ok()?,
        };
        Some((host.as_str().filter(|host| !host.is_empty())?.to_owned(), port))
    };
    let nodes: Option<Vec<_>> = list.as_array()?.iter().map(node).collect();
    nodes.filter(|nodes| !nodes.is_empty())
}
