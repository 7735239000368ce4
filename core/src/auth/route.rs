//! Which routes a caller may call. A route is the path as the router knows it, without query. Reads nothing but the
//! caller and the path.

use crate::principal::{Principal, Role};

/// The model routes: what every key may call unless its own list says otherwise. See [`matches`] for `*`
/// and `{}`.
const MODEL_ROUTES: [&str; 30] = [
    "/chat/completions",
    "/completions",
    "/embeddings",
    "/models",
    "/models/{}",
    "/moderations",
    "/audio/*",
    "/images/*",
    "/files*",
    "/batches*",
    "/fine_tuning/*",
    "/assistants*",
    "/threads*",
    "/vector_stores*",
    "/responses*",
    "/realtime*",
    "/rerank",
    "/v2/rerank",
    "/messages*",
    "/engines/{}/*",
    "/openai/*",
    "/ocr",
    "/search*",
    "/videos*",
    "/utils/token_counter",
    "/v1beta/models/*",
    "/anthropic/*",
    "/gemini/*",
    "/cohere/*",
    "/mistral/*",
];

/// Routes that tell a caller about itself and the models it may call.
const INFO_ROUTES: [&str; 9] = [
    "/key/info",
    "/key/health",
    "/v2/key/info",
    "/model/info",
    "/v2/model/info",
    "/model_group/info",
    "/utils/supported_openai_params",
    "/models",
    "/models/{}",
];

/// Routes that change or list keys, teams, users and the like.
const MANAGEMENT_ROUTES: [&str; 11] = [
    "/key/*",
    "/team/*",
    "/user/*",
    "/model/*",
    "/budget/*",
    "/customer/*",
    "/organization/*",
    "/tag/*",
    "/invitation/*",
    "/access_group/*",
    "/credentials*",
];

/// Routes of the master key alone.
const MASTER_ROUTES: [&str; 1] = ["/global/spend/reset"];

/// Why a caller may not call a route.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteDenied {
    /// The key has a list of routes, and this is none of them.
    #[error(
        "Virtual key is not allowed to call this route. Only allowed to call routes: {}. Tried to call route: {route}",
        python_list(.allowed)
    )]
    NotInKeysList {
        /// The key's list.
        allowed: Vec<String>,
        /// The route.
        route: String,
    },
    /// The route is for administrators.
    #[error(
        "Authentication Error, Only proxy admin can be used to generate, delete, update info for new keys/users/teams. \
         Route={route}. Your role=unknown. Your user_id=*******"
    )]
    AdminOnly {
        /// The route.
        route: String,
    },
    /// The route is for the master key.
    #[error("Authentication Error, Tried to access route={route}, which is only for MASTER KEY")]
    MasterOnly {
        /// The route.
        route: String,
    },
}

/// Whether `principal` may call `route`.
///
/// # Errors
/// [`RouteDenied`] says which rule stands in the way.
pub fn authorize_route(principal: &Principal, route: &str) -> Result<(), RouteDenied> {
    if principal.role == Role::ProxyAdmin {
        return Ok(());
    }
    let allowed = &principal.allowed_routes;
    if !allowed.is_empty() && !allowed.iter().any(|pattern| admits(pattern, route)) {
        return Err(RouteDenied::NotInKeysList { allowed: allowed.clone(), route: route.to_owned() });
    }
    let plain = without_version(route);
    if MASTER_ROUTES.contains(&plain) {
        return Err(RouteDenied::MasterOnly { route: route.to_owned() });
    }
    if matches_any(&MODEL_ROUTES, plain) || matches_any(&INFO_ROUTES, plain) {
        return Ok(());
    }
    // A key's list narrows what a key may do; it does not make an administrator of it.
    Err(RouteDenied::AdminOnly { route: route.to_owned() })
}

/// Whether one entry of a key's list, a route, a pattern or the name of a group, admits `route`.
fn admits(entry: &str, route: &str) -> bool {
    let plain = without_version(route);
    match entry {
        "llm_api_routes" | "openai_routes" => matches_any(&MODEL_ROUTES, plain),
        "info_routes" => matches_any(&INFO_ROUTES, plain),
        "management_routes" => matches_any(&MANAGEMENT_ROUTES, plain),
        _ => entry == route || matches(entry, route),
    }
}

fn without_version(route: &str) -> &str {
    route.strip_prefix("/v1").filter(|rest| rest.starts_with('/')).unwrap_or(route)
}

fn matches_any(patterns: &[&str], route: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, route))
}

/// Segment by segment. `*` at the end takes the rest (`files*`: also `files/abc`), `{name}` one segment.
fn matches(pattern: &str, route: &str) -> bool {
    let (mut wanted, mut given) = (pattern.split('/'), route.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some("*"), Some(rest)) => return !rest.is_empty(),
            (Some(segment), Some(is)) => {
                if let Some(stem) = segment.strip_suffix('*') {
                    return is.starts_with(stem);
                }
                let any = segment.starts_with('{') && segment.ends_with('}') && !is.is_empty();
                if !any && segment != is {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

fn python_list(items: &[String]) -> String {
    let quoted: Vec<String> = items.iter().map(|item| format!("'{item}'")).collect();
    format!("[{}]", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::key_record::{KeyRecord, KeyTotals, StoredKey};
    use crate::clock::Timestamp;
    use crate::crypto::key_hash;

    fn key_with(allowed: &[&str]) -> Principal {
        let mut record = KeyRecord::new(key_hash::hash("sk-1"), "sk-...".to_owned(), Timestamp::default(), None);
        record.allowed_routes = allowed.iter().map(|&route| route.to_owned()).collect();
        StoredKey { record, totals: KeyTotals::default() }.into_principal()
    }

    #[test]
    fn a_plain_key_calls_models_and_asks_about_itself_but_administers_nothing() {
        let key = key_with(&[]);
        for route in ["/v1/chat/completions", "/chat/completions", "/v1/embeddings", "/engines/gpt/chat/completions"] {
            assert_eq!(authorize_route(&key, route), Ok(()), "{route}");
        }
        for route in ["/openai/deployments/gpt/chat/completions", "/v1/models", "/v1/models/gpt", "/key/info"] {
            assert_eq!(authorize_route(&key, route), Ok(()), "{route}");
        }
        for route in ["/key/generate", "/spend/keys", "/v1/chat", "/chat/completions/extra", "/v1chat/completions"] {
            assert!(matches!(authorize_route(&key, route), Err(RouteDenied::AdminOnly { .. })), "{route}");
        }
    }

    #[test]
    fn a_keys_own_list_narrows_what_it_may_call() {
        let key = key_with(&["/v1/embeddings"]);
        assert_eq!(authorize_route(&key, "/v1/embeddings"), Ok(()));
        assert_eq!(
            authorize_route(&key, "/v1/chat/completions").unwrap_err().to_string(),
            "Virtual key is not allowed to call this route. Only allowed to call routes: ['/v1/embeddings']. \
             Tried to call route: /v1/chat/completions"
        );
        assert_eq!(authorize_route(&key_with(&["/v1/*"]), "/v1/chat/completions"), Ok(()));
        assert_eq!(authorize_route(&key_with(&["llm_api_routes"]), "/v1/chat/completions"), Ok(()));
        assert!(authorize_route(&key_with(&["info_routes"]), "/v1/chat/completions").is_err());
    }

    #[test]
    fn a_keys_list_never_makes_an_administrator_of_it() {
        let denied = authorize_route(&key_with(&["/key/generate", "management_routes"]), "/key/generate");
        assert!(matches!(denied, Err(RouteDenied::AdminOnly { .. })));
        let denied = authorize_route(&key_with(&[]), "/global/spend/reset");
        assert!(matches!(denied, Err(RouteDenied::MasterOnly { .. })));
    }
}
