//! What a call says of the cache: its `cache` member, its `Cache-Control` header, and what its key and team say over it.

use super::error::CallError;
use crate::api::members::Members;
use crate::cache::key::is_namespace;
use crate::principal::Principal;
use http::HeaderMap;
use http::header::CACHE_CONTROL;
use serde_json::{Map, Value};
use std::time::Duration;

/// The member's name.
pub(super) const MEMBER: &str = "cache";

/// What a call says of the cache.
#[derive(Debug, Default, PartialEq)]
pub(super) struct CacheControl {
    /// How long the answer is kept: `ttl`.
    pub(super) ttl: Option<Duration>,
    /// How old an answer may be: `s-maxage`.
    pub(super) age_max: Option<Duration>,
    /// No kept answer is wanted: `no-cache`.
    pub(super) no_cache: bool,
    /// The answer is not to be kept: `no-store`.
    pub(super) no_store: bool,
    /// The cache is asked for, where it is not on by itself: `use-cache`.
    pub(super) use_cache: bool,
    /// A namespace of its own.
    pub(super) namespace: Option<String>,
}

/// Reads it. What the key says wins over its team's word, and that over the call's own.
///
/// # Errors
/// [`CallError::CacheControlDenied`]: the key may not say that. [`CallError::Member`]: it cannot be read.
pub(super) fn read(
    members: &Members<'_>,
    headers: &HeaderMap,
    principal: &Principal,
    allowed: Option<&[String]>,
) -> Result<CacheControl, CallError> {
    let mut said = said(members)?;
    let rights = principal.cache.as_deref();
    let own = rights.map(|rights| &rights.allowed[..]).filter(|allowed| !allowed.is_empty());
    if let Some(allowed) = own.or(allowed)
        && let Some(name) = said.keys().find(|name| !allowed.contains(name))
    {
        return Err(CallError::CacheControlDenied(name.clone()));
    }
    let header = headers.get(CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or_default();
    for directive in header.split(',').map(|directive| directive.trim().to_ascii_lowercase()) {
        match directive.split_once('=') {
            None if directive == "no-cache" || directive == "no-store" => drop(said.insert(directive, true.into())),
            // As LiteLLM reads it: how long the answer is kept.
            Some(("s-maxage", seconds)) if seconds.parse::<u64>().is_ok() => {
                drop(said.insert("ttl".to_owned(), seconds.into()))
            }
            _ => {}
        }
    }
    let team = principal.above.team.as_ref().and_then(|team| team.cache.as_deref());
    for rights in [team, rights].into_iter().flatten() {
        said.extend(rights.said.clone());
    }
    of(&said)
}

fn said(members: &Members<'_>) -> Result<Map<String, Value>, CallError> {
    if !members.has(MEMBER) {
        return Ok(Map::new());
    }
    members
        .read(MEMBER)
        .ok_or_else(|| wrong("'cache' must be an object such as {\"ttl\": 60} or {\"no-cache\": true}."))
}

fn of(said: &Map<String, Value>) -> Result<CacheControl, CallError> {
    let namespace = match said.get("namespace") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if is_namespace(text) => Some(text.clone()),
        Some(_) => return Err(wrong("'cache.namespace' must be a text of letters, digits and '-_.:/@'.")),
    };
    Ok(CacheControl {
        ttl: seconds(said, &["ttl"])?,
        age_max: seconds(said, &["s-maxage", "s-max-age"])?,
        no_cache: flag(said, "no-cache")?,
        no_store: flag(said, "no-store")?,
        use_cache: flag(said, "use-cache")?,
        namespace,
    })
}

fn seconds(said: &Map<String, Value>, names: &[&str]) -> Result<Option<Duration>, CallError> {
    let Some((name, value)) = names.iter().find_map(|name| Some((name, said.get(*name)?))) else { return Ok(None) };
    let number = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    // Longer than any answer is kept; beyond it a sum with the clock's time could overflow.
    let number = number.map(|seconds: f64| seconds.min(315_360_000.0));
    let duration = number.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.map(Some).ok_or_else(|| wrong(&format!("'cache.{name}' must be a number of seconds.")))
}

fn flag(said: &Map<String, Value>, name: &str) -> Result<bool, CallError> {
    match said.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(truth)) => Ok(*truth),
        Some(_) => Err(wrong(&format!("'cache.{name}' must be true or false."))),
    }
}

fn wrong(message: &str) -> CallError {
    CallError::Member { member: MEMBER, message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::models::tests::caller;
    use crate::principal::CacheRights;
    use serde_json::json;
    use std::sync::Arc;

    fn read_as(body: &str, header: &str, said: Value, allowed: &[&str]) -> Result<CacheControl, CallError> {
        let mut principal = caller(&[]);
        let metadata = json!({"cache": said});
        let document = json!({"allowed_cache_controls": allowed});
        principal.cache = CacheRights::of(metadata.as_object().unwrap(), document.as_object().unwrap()).map(Arc::new);
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, header.parse().unwrap());
        read(&Members::parse(body.as_bytes()).unwrap(), &headers, &principal, None)
    }

    #[test]
    fn a_call_says_how_long_how_old_and_whether() {
        let control =
            read_as(r#"{"cache":{"ttl":60,"s-maxage":"5","no-cache":true,"namespace":"a"}}"#, "", json!({}), &[]);
        let wanted = CacheControl {
            ttl: Some(Duration::from_secs(60)),
            age_max: Some(Duration::from_secs(5)),
            no_cache: true,
            namespace: Some("a".to_owned()),
            ..CacheControl::default()
        };
        assert_eq!(control.unwrap(), wanted);
        assert_eq!(read_as("{}", "", json!({}), &[]).unwrap(), CacheControl::default());
        let header = read_as("{}", "max-age=3, no-store, s-maxage=7", json!({}), &[]).unwrap();
        assert_eq!((header.no_store, header.ttl), (true, Some(Duration::from_secs(7))));
    }

    #[test]
    fn a_keys_word_wins_and_what_it_may_not_say_is_refused() {
        let control = read_as(r#"{"cache":{"no-cache":false}}"#, "", json!({"no-cache": true}), &[]).unwrap();
        assert!(control.no_cache);
        let refused = read_as(r#"{"cache":{"ttl":1}}"#, "", json!({}), &["no-cache"]);
        assert!(matches!(refused, Err(CallError::CacheControlDenied(name)) if name == "ttl"));
        assert!(read_as(r#"{"cache":{"no-cache":true}}"#, "", json!({}), &["no-cache"]).is_ok());
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for body in [
            r#"{"cache":7}"#,
            r#"{"cache":{"ttl":"soon"}}"#,
            r#"{"cache":{"ttl":-1}}"#,
            r#"{"cache":{"no-cache":"yes"}}"#,
            r#"{"cache":{"namespace":"a b"}}"#,
        ] {
            assert!(
                matches!(read_as(body, "", json!({}), &[]), Err(CallError::Member { member: "cache", .. })),
                "{body}"
            );
        }
    }
}
