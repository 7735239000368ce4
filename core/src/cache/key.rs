//! What makes two requests the same: the tenant, the operation, the model's public name, and every member and header that
//! can change the answer. Members whose order or spacing differs are the same; a member that nobody here knows counts,
//! as the upstream may know it.
//!
//! Everything goes into one SHA-256, each part with its length, so that no two lists of parts read alike.

use super::answers::KEY_BYTES_MAX;
use crate::api::members::Members;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Longest namespace, in bytes.
pub const NAMESPACE_BYTES_MAX: usize = KEY_BYTES_MAX - 128;

/// Whose answers are shared with whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Keys of one team share; a key without a team has its own.
    #[default]
    Team,
    /// Each key has its own.
    Key,
    /// Everybody shares.
    All,
}

impl Scope {
    /// The tenant that a caller is, by the scope. Two callers with one tenant share answers.
    pub fn tenant(self, key: &str, team: Option<&str>) -> String {
        match (self, team) {
            (Self::All, _) => "all".to_owned(),
            (Self::Team, Some(team)) => format!("team:{team}"),
            (Self::Team, None) | (Self::Key, _) => format!("key:{key}"),
        }
    }
}

/// A request, as far as it decides about its answer. Parts are added in any way that is the same for the same request.
pub struct Asked(Sha256);

impl Asked {
    /// A request of a tenant, for an operation of a model, told whole or as a stream.
    pub fn new(tenant: &str, operation: &str, model: &str, streams: bool) -> Self {
        let mut asked = Self(Sha256::new());
        asked.text(b'v', "1");
        asked.text(b't', tenant);
        asked.text(b'o', operation);
        asked.text(b'm', model);
        asked.text(b's', if streams { "stream" } else { "whole" });
        asked
    }

    /// The members that count, whatever their order.
    pub fn members(&mut self, members: &Members<'_>, counts: impl Fn(&str) -> bool) {
        let mut list: Vec<_> = members.iter().filter(|(name, value)| counts(name) && value.get() != "null").collect();
        list.sort_by(|one, other| one.0.cmp(other.0));
        self.length(b'{', list.len());
        for (name, raw) in list {
            self.text(b'k', name);
            match serde_json::from_str(raw.get()) {
                Ok(value) => self.value(&value),
                // What a `Value` cannot hold is told apart by its letters.
                Err(_) => self.text(b'r', raw.get()),
            }
        }
    }

    /// A header, or the contents of a file.
    pub fn part(&mut self, name: &str, bytes: &[u8]) {
        self.text(b'p', name);
        self.length(b'b', bytes.len());
        self.0.update(bytes);
    }

    /// A document, whatever the order of its members.
    pub fn document(&mut self, name: &str, document: &Value) {
        self.text(b'd', name);
        self.value(document);
    }

    /// The key: `namespace:hash`, or the hash alone.
    pub fn key(mut self, namespace: Option<&str>) -> String {
        self.text(b'n', namespace.unwrap_or_default());
        let hash = hex::encode(self.0.finalize());
        match namespace.filter(|namespace| !namespace.is_empty()) {
            Some(namespace) => format!("{namespace}:{hash}"),
            None => hash,
        }
    }

    fn length(&mut self, tag: u8, length: usize) {
        self.0.update([tag]);
        self.0.update((length as u64).to_be_bytes());
    }

    fn text(&mut self, tag: u8, text: &str) {
        self.length(tag, text.len());
        self.0.update(text.as_bytes());
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.length(b'0', 0),
            Value::Bool(truth) => self.length(b'?', usize::from(*truth)),
            Value::Number(number) => self.text(b'#', &number.to_string()),
            Value::String(text) => self.text(b'"', text),
            Value::Array(items) => {
                self.length(b'[', items.len());
                items.iter().for_each(|item| self.value(item));
            }
            Value::Object(map) => {
                let mut members: Vec<_> = map.iter().collect();
                members.sort_by(|one, other| one.0.cmp(other.0));
                self.length(b'{', members.len());
                for (name, value) in members {
                    self.text(b'k', name);
                    self.value(value);
                }
            }
        }
    }
}

/// Whether a text can be a namespace: short, and plain enough for every backend's keys.
pub fn is_namespace(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= NAMESPACE_BYTES_MAX
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/@".contains(&byte))
}

/// Whether a text can be a key of ours: a hash, with a namespace before it or not.
pub fn is_key(text: &str) -> bool {
    let (namespace, hash) = text.rsplit_once(':').map_or((None, text), |(space, hash)| (Some(space), hash));
    hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) && namespace.is_none_or(is_namespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(tenant: &str, model: &str, body: &str, namespace: Option<&str>) -> String {
        let mut asked = Asked::new(tenant, "chat", model, false);
        asked.members(&Members::parse(body.as_bytes()).unwrap(), |name| name != "cache");
        asked.key(namespace)
    }

    #[test]
    fn order_and_spacing_do_not_count_and_every_value_does() {
        let one = key("t", "m", r#"{"a":1,"b":{"c":[1,2],"d":null}}"#, None);
        assert_eq!(one, key("t", "m", r#"{ "b": {"d":null, "c":[1, 2]}, "a":1, "cache":{"ttl":3}, "x":null }"#, None));
        for other in [
            r#"{"a":1,"b":{"c":[2,1],"d":null}}"#,
            r#"{"a":1,"b":{"c":[1,2]}}"#,
            r#"{"a":1.0,"b":{"c":[1,2],"d":null}}"#,
            r#"{"a":"1","b":{"c":[1,2],"d":null}}"#,
            r#"{"a":1,"b":{"c":[[1,2]],"d":null}}"#,
            r#"{"a":1,"b":{"c":[1,2],"d":null},"seed":1}"#,
        ] {
            assert_ne!(one, key("t", "m", other, None), "{other}");
        }
        assert_ne!(one, key("t", "n", r#"{"a":1,"b":{"c":[1,2],"d":null}}"#, None));
    }

    #[test]
    fn parts_do_not_run_together() {
        let with = |parts: &[(&str, &str)]| {
            let mut asked = Asked::new("t", "o", "m", false);
            parts.iter().for_each(|(name, value)| asked.part(name, value.as_bytes()));
            asked.key(None)
        };
        assert_ne!(with(&[("a", "bc")]), with(&[("ab", "c")]));
        assert_ne!(with(&[("a", "b"), ("c", "d")]), with(&[("a", "bcd")]));
        let streams = |streams| Asked::new("t", "o", "m", streams).key(None);
        assert_ne!(streams(true), streams(false));
    }

    #[test]
    fn a_namespace_stands_before_the_hash_and_in_it() {
        let plain = key("t", "m", "{}", None);
        let named = key("t", "m", "{}", Some("app"));
        assert!(named.starts_with("app:") && !named.ends_with(&plain), "{named}");
        assert!(is_key(&plain) && is_key(&named));
        for no_key in ["", "app:", "abc", &plain[1..], &format!("a b:{plain}"), &format!(":{plain}")] {
            assert!(!is_key(no_key), "{no_key}");
        }
    }

    fn caller() -> impl Strategy<Value = (String, Option<String>)> {
        ("[a-c:]{1,3}", proptest::option::of("[a-c:]{1,3}"))
    }

    proptest! {
        /// Whatever two callers ask, in whatever namespace, they never share an entry unless they are one tenant.
        #[test]
        fn no_two_tenants_share_an_entry(
            (key_a, team_a) in caller(), (key_b, team_b) in caller(),
            space_a in proptest::option::of("[a-c:]{1,3}"), space_b in proptest::option::of("[a-c:]{1,3}"),
            body in "[a-c]{0,2}", is_scoped_by_key in any::<bool>(),
        ) {
            let scope = if is_scoped_by_key { Scope::Key } else { Scope::Team };
            let body = format!(r#"{{"input":"{body}"}}"#);
            let made = |id: &str, team: &Option<String>, space: &Option<String>| {
                key(&scope.tenant(id, team.as_deref()), "m", &body, space.as_deref())
            };
            let is_one_tenant = match scope {
                Scope::Key => key_a == key_b,
                _ => match (&team_a, &team_b) {
                    (Some(one), Some(other)) => one == other,
                    (None, None) => key_a == key_b,
                    _ => false,
                },
            };
            let shared = made(&key_a, &team_a, &space_a) == made(&key_b, &team_b, &space_b);
            prop_assert_eq!(shared, is_one_tenant && space_a == space_b);
        }
    }
}
