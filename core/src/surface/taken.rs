//! Which paths are the gateway's own, so that no path of the operator's takes their place, nor stands where none would
//! reach it.

use super::route_list;
use crate::providers::passing::PROVIDERS;

/// Paths below which models are named, or all that a provider's own API has.
const BELOW: [&str; 7] =
    ["/engines", "/openai/deployments", "/models", "/v1/models", "/v1beta/models", "/v1/responses", "/responses"];

/// The route of ours that is at this path, or below it where it `takes_more`. `None`: it is free.
pub fn taken_by(path: &str, takes_more: bool) -> Option<String> {
    let below = BELOW.iter().map(|base| (*base).to_owned()).chain(PROVIDERS.iter().map(|name| format!("/{name}")));
    let mut below = below.filter(|base| is_within(path, base) || takes_more && is_within(base, path));
    if let Some(base) = below.next() {
        return Some(format!("{base}/…"));
    }
    route_list::patterns().find(|pattern| meets(pattern, path, takes_more)).map(str::to_owned)
}

fn is_within(path: &str, base: &str) -> bool {
    path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a pattern of the router names the path, or one below it.
fn meets(pattern: &str, path: &str, takes_more: bool) -> bool {
    let (mut ours, mut theirs) = (pattern.split('/'), path.split('/'));
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return true,
            (Some(_), None) => return takes_more,
            (None, Some(_)) => return false,
            (Some(segment), Some(_)) if segment.starts_with("{*") => return true,
            (Some(segment), Some(is)) if segment != is && !segment.contains('{') => return false,
            (Some(_), Some(_)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_taken_and_what_is_beside_it_is_free() {
        for pattern in route_list::patterns().filter(|pattern| *pattern != "/") {
            let path = pattern.replace(['{', '}', '*'], "");
            assert!(taken_by(&path, false).is_some(), "{path}");
        }
        for path in ["/bria", "/key", "/v1/rerankers", "/v2/chat", "/openai-files", "/config/pass"] {
            assert_eq!(taken_by(path, false), None, "{path}");
        }
    }

    #[test]
    fn what_lies_below_counts_where_it_would_be_forwarded() {
        assert_eq!(taken_by("/v1", false), None);
        for path in ["/v1", "/key", "/openai", "/health", "/models/mine", "/sso"] {
            assert!(taken_by(path, true).is_some(), "{path}");
        }
        assert_eq!(taken_by("/bria/v1", true), None);
    }
}
