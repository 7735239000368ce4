//! Removes what is under a prefix, node by node, and nothing else: others may live in the same Redis.

use super::link::Link;
use crate::cache::answers::{CacheError, FLUSHED_MAX, Flushed};
use redis::cluster_routing::SingleNodeRoutingInfo;
use redis::{FromRedisValue, Value, cmd};

/// How many keys a node looks at in one step.
const LOOKED_AT_ONCE: usize = 1_000;

pub(super) async fn all(link: &Link, prefix: &str) -> Result<Flushed, CacheError> {
    let pattern = format!("{}*", escaped(prefix));
    let mut removed = 0;
    for node in nodes(link).await? {
        let mut cursor = "0".to_owned();
        loop {
            let mut scan = cmd("SCAN");
            scan.arg(&cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(LOOKED_AT_ONCE);
            let (next, keys): (String, Vec<String>) = link.ask_of(&scan, Some(&node)).await?;
            for key in keys {
                removed += link.ask::<usize>(cmd("UNLINK").arg(key)).await?;
            }
            if next == "0" {
                break;
            }
            if removed >= FLUSHED_MAX {
                return Ok(Flushed { removed, finished: false });
            }
            cursor = next;
        }
    }
    Ok(Flushed { removed, finished: true })
}

/// Every primary of a cluster; where there is none, the only server, which any routing reaches.
async fn nodes(link: &Link) -> Result<Vec<SingleNodeRoutingInfo>, CacheError> {
    if !link.is_cluster() {
        return Ok(vec![SingleNodeRoutingInfo::RandomPrimary]);
    }
    let slots: Vec<Vec<Value>> = link.ask_any(cmd("CLUSTER").arg("SLOTS")).await?;
    let mut nodes = Vec::new();
    for primary in slots.into_iter().filter_map(|range| range.into_iter().nth(2)) {
        let Some((host, port)) = address(primary) else { continue };
        let node = SingleNodeRoutingInfo::ByAddress { host, port };
        if !nodes.contains(&node) {
            nodes.push(node);
        }
    }
    Ok(nodes)
}

/// The first two parts of how `CLUSTER SLOTS` names a node.
fn address(node: Value) -> Option<(String, u16)> {
    let mut parts = Vec::<Value>::from_redis_value(node).ok()?.into_iter();
    Some((String::from_redis_value(parts.next()?).ok()?, u16::from_redis_value(parts.next()?).ok()?))
}

/// A text that stands for itself in a pattern.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '*' | '?' | '[' | ']' | '\\') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn a_namespace_is_no_pattern() {
        assert_eq!(escaped("a*[b]?/cache/"), "a\\*\\[b\\]\\?/cache/");
    }
}
