//! Which routes of models a caller may call, and which routes the list of its key admits. A route is the path as the
//! router knows it, without query. Reads nothing but the caller and the path. Who administers what stands in
//! [`super::rights`].

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

/// Routes that tell what was spent.
const SPEND_ROUTES: [&str; 1] = ["/spend/*"];

/// Routes that tell what was spent over all.
const GLOBAL_SPEND_ROUTES: [&str; 2] = ["/global/spend", "/global/*"];

/// Routes that tell nothing of anybody.
const PUBLIC_ROUTES: [&str; 6] =
    ["/", "/openapi.json", "/routes", "/health/liveliness", "/health/liveness", "/health/readiness"];

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
    /// The caller presents a token, whose role or scopes do not admit the route.
    #[error("Token is not allowed to call this route. Only allowed to call routes: {}. Tried to call route: {route}",
        python_list(.allowed)
    )]
    NotOfToken {
        /// What it admits.
        allowed: Vec<String>,
        /// The route.
        route: String,
    },
    /// The route is for administrators.
    #[error(
        "Authentication Error, Only proxy admin can be used to generate, delete, update info for new keys/users/teams. \
         Route={route}. Your role={role}. Your user_id={user}"
    )]
    AdminOnly {
        /// The route.
        route: String,
        /// The caller's role.
        role: &'static str,
        /// The caller's user, masked.
        user: String,
    },
    /// The route changes something, and the caller only sees.
    #[error("user not allowed to access this route, role= {role}. Trying to access: {route}")]
    ViewerOnly {
        /// The route.
        route: String,
        /// The caller's role.
        role: &'static str,
    },
    /// The configuration closes the route.
    #[error("user not allowed to access this route. Route={route} is an admin only route")]
    ByPolicy {
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

/// Whether `principal` may call the model route `route`.
///
/// # Errors
/// [`RouteDenied`] says which rule stands in the way.
pub fn authorize_route(principal: &Principal, route: &str) -> Result<(), RouteDenied> {
    if principal.role == Role::Master {
        return Ok(());
    }
    authorize_by_list(principal, route)?;
    let plain = without_version(route);
    if matches_any(&MODEL_ROUTES, plain) || matches_any(&INFO_ROUTES, plain) {
        return Ok(());
    }
    Err(RouteDenied::admin_only(principal, route))
}

/// Whether the list of the caller's key admits `route`. A list narrows what a key may do; it makes an administrator of
/// none.
///
/// # Errors
/// [`RouteDenied::NotInKeysList`].
pub fn authorize_by_list(principal: &Principal, route: &str) -> Result<(), RouteDenied> {
    let allowed = &principal.allowed_routes;
    let is_admitted = allowed.is_empty() || allowed.iter().any(|pattern| admits(pattern, route));
    if let Some(token) = &principal.token {
        return authorize_by_token((allowed, is_admitted), token.routes.as_deref(), route);
    }
    if is_admitted {
        return Ok(());
    }
    Err(RouteDenied::NotInKeysList { allowed: allowed.clone(), route: route.to_owned() })
}

/// As [`authorize_by_list`], of a token whose scopes may say more.
fn authorize_by_token(
    (allowed, is_admitted): (&[String], bool),
    by_scope: Option<&[String]>,
    route: &str,
) -> Result<(), RouteDenied> {
    let denied =
        |allowed: &[String]| Err(RouteDenied::NotOfToken { allowed: allowed.to_vec(), route: route.to_owned() });
    match by_scope {
        _ if !is_admitted => denied(allowed),
        Some(scoped) if !scoped.iter().any(|pattern| admits(pattern, route)) => denied(scoped),
        _ => Ok(()),
    }
}

impl RouteDenied {
    /// That a caller has not the role for a route.
    pub fn admin_only(principal: &Principal, route: &str) -> Self {
        let user = principal.above.user.as_ref().map_or("unknown", |user| user.id.as_str());
        Self::AdminOnly { route: route.to_owned(), role: principal.role.as_str(), user: masked(user) }
    }
}

/// LiteLLM's masking of a user's id: six characters and two stay of a long one, and nothing of a very short one.
fn masked(user: &str) -> String {
    let count = user.chars().count();
    match count {
        0..=4 => "***".to_owned(),
        5..=8 => "*".repeat(count),
        _ => {
            let (start, end): (String, String) =
                (user.chars().take(6).collect(), user.chars().skip(count - 2).collect());
            format!("{start}{}{end}", "*".repeat(count - 8))
        }
    }
}

/// Whether what a key's list says is within what another says: each entry is admitted by the other. An empty list
/// admits what every key may call.
pub fn is_within(routes: &[String], outer: &[String]) -> bool {
    if outer.is_empty() {
        return true;
    }
    let open = |entry: &str| entry.contains('*') || entry.contains('{');
    let inside = |entry: &String| {
        outer.contains(entry)
            || !open(entry) && entry.starts_with('/') && outer.iter().any(|pattern| admits(pattern, entry))
    };
    !routes.is_empty() && routes.iter().all(inside)
}

/// Whether a list of routes lets a key do no more than call models.
pub fn is_of_models(routes: &[String]) -> bool {
    let groups = ["llm_api_routes", "openai_routes"].map(str::to_owned);
    is_within(routes, &groups)
}

/// Whether one of these entries, of the configuration, admits `route`, with or without its version.
pub(super) fn admits_any(entries: &[String], route: &str) -> bool {
    let plain = without_version(route);
    entries.iter().any(|entry| admits(entry, route) || admits(without_version(entry), plain))
}

/// Whether one entry of a key's list, a route, a pattern or the name of a group, admits `route`.
fn admits(entry: &str, route: &str) -> bool {
    let plain = without_version(route);
    match entry {
        "llm_api_routes" | "openai_routes" => matches_any(&MODEL_ROUTES, plain),
        "info_routes" => matches_any(&INFO_ROUTES, plain),
        "management_routes" => matches_any(&MANAGEMENT_ROUTES, plain),
        "spend_tracking_routes" => matches_any(&SPEND_ROUTES, plain),
        "global_spend_tracking_routes" => matches_any(&GLOBAL_SPEND_ROUTES, plain),
        "public_routes" => matches_any(&PUBLIC_ROUTES, route),
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
    }

    #[test]
    fn a_list_is_within_another_where_it_admits_nothing_more() {
        let list = |entries: &[&str]| entries.iter().map(|&entry| entry.to_owned()).collect::<Vec<_>>();
        for (inner, outer) in [
            (&["/v1/embeddings"][..], &["llm_api_routes"][..]),
            (&["/key/info", "/v1/embeddings"], &["info_routes", "llm_api_routes"]),
            (&["management_routes"], &[]),
            (&[], &[]),
            (&["/v1/*"], &["/v1/*"]),
        ] {
            assert!(is_within(&list(inner), &list(outer)), "{inner:?} {outer:?}");
        }
        for (inner, outer) in [
            (&[][..], &["llm_api_routes"][..]),
            (&["/v1/*"], &["llm_api_routes"]),
            (&["/models/*"], &["llm_api_routes"]),
            (&["management_routes"], &["llm_api_routes"]),
            (&["/key/generate"], &["llm_api_routes", "info_routes"]),
        ] {
            assert!(!is_within(&list(inner), &list(outer)), "{inner:?} {outer:?}");
        }
        assert!(is_of_models(&list(&["llm_api_routes"])) && !is_of_models(&[]));
    }

    #[test]
    fn of_a_users_id_little_is_told() {
        assert_eq!(masked("unknown"), "*******");
        assert_eq!(masked("me"), "***");
        assert_eq!(masked("somebody@example.test"), "somebo*************st");
    }
}
