//! Headers of the client's that go upstream with its request: where the upstream speaks the client's dialect and asks for
//! them, or where the operator wants them passed on (`forward_client_headers_to_llm_api`).

use crate::config::GeneralSettings;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Which of clients' headers go upstream, as the operator says.
#[derive(Clone, Debug, Default)]
pub struct HeaderRules {
    /// Whether those of clients' own do.
    pub passes_on: bool,
    /// Whether the organization that a client names goes to OpenAI.
    pub passes_organization: bool,
    /// Those that say to the gateway who calls, and go nowhere else.
    pub ours: Vec<HeaderName>,
}

impl HeaderRules {
    /// Those of the configuration.
    pub fn of(general: &GeneralSettings) -> Self {
        let proxied = general.proxied.headers.values().cloned();
        let of_keys = general.litellm_key_header_name.iter().filter_map(|name| HeaderName::try_from(name).ok());
        Self {
            passes_on: general.forward_client_headers_to_llm_api,
            passes_organization: general.forward_openai_org_id,
            ours: proxied.chain(of_keys).collect(),
        }
    }

    /// Adds what goes to a provider of this name.
    pub(super) fn apply(&self, provider: Option<&str>, client: &HeaderMap, upstream: &mut HeaderMap) {
        if self.passes_on {
            pass_on(client, &self.ours, upstream);
        }
        if self.passes_organization && provider == Some(OPENAI) {
            add(&["openai-organization"], client, upstream);
        }
    }
}

/// Who has organizations that a client may name.
const OPENAI: &str = "openai";

/// Adds the client's headers of these names. A list is joined to the one that is there, each word once; what is
/// no list takes the place of what is there.
pub(super) fn add(names: &'static [&'static str], client: &HeaderMap, upstream: &mut HeaderMap) {
    for name in names {
        let name = HeaderName::from_static(name);
        let mut words: Vec<&str> = Vec::new();
        let told = client.get_all(&name).iter().filter_map(|value| value.to_str().ok());
        let is_told = client.contains_key(&name);
        let ours = upstream.get(&name).and_then(|value| value.to_str().ok()).filter(|_| is_list(&name));
        for word in ours.into_iter().chain(told).flat_map(|list| list.split(',')).map(str::trim) {
            if !word.is_empty() && !words.contains(&word) {
                words.push(word);
            }
        }
        if let Some(value) = HeaderValue::try_from(words.join(",")).ok().filter(|value| is_told && !value.is_empty()) {
            upstream.insert(name, value);
        }
    }
}

/// Names that stay here although they begin as a client's own do: credentials, what is said to the gateway, and what
/// those between it and the client have added.
const KEPT: [&str; 9] = [
    "x-api-key",
    "x-goog-api-key",
    "x-litellm-",
    "x-postern-",
    "x-stainless-",
    "x-forwarded-",
    "x-real-ip",
    "x-amz",
    "x-goog-user-project",
];

/// Passes the client's own headers (`x-…`, and Anthropic's features) on, but for those that are `ours`. What the
/// deployment says wins.
fn pass_on(client: &HeaderMap, ours: &[HeaderName], upstream: &mut HeaderMap) {
    add(&["anthropic-beta"], client, upstream);
    for (name, value) in client.iter().filter(|(name, _)| is_passed(name.as_str())) {
        if !upstream.contains_key(name) && !ours.contains(name) {
            upstream.insert(name.clone(), value.clone());
        }
    }
}

/// Whether a header of this name is passed on.
pub(super) fn is_passed(name: &str) -> bool {
    name.starts_with("x-") && !KEPT.iter().any(|kept| name.starts_with(kept))
}

/// A version stands alone; features add up.
fn is_list(name: &HeaderName) -> bool {
    !name.as_str().ends_with("-version")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["x-version", "x-beta"];

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(header).collect()
    }

    #[test]
    fn features_add_up_and_a_version_is_the_clients() {
        let mut upstream = headers(&[("x-version", "1"), ("x-beta", "a,b")]);
        add(NAMES, &headers(&[("x-version", "2"), ("x-beta", "b, c"), ("x-other", "x")]), &mut upstream);
        assert_eq!(upstream, headers(&[("x-version", "2"), ("x-beta", "a,b,c")]));
    }

    #[test]
    fn a_clients_own_headers_are_passed_on_and_its_credentials_are_not() {
        let client = headers(&[
            ("x-trace", "1"),
            ("x-team", "client"),
            ("anthropic-beta", "b"),
            ("x-api-key", "sk-virtual"),
            ("x-litellm-api-key", "sk-virtual"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-amzn-trace-id", "t"),
            ("authorization", "Bearer sk-virtual"),
            ("cookie", "c"),
        ]);
        let mut upstream = headers(&[("x-team", "deployment"), ("anthropic-beta", "a")]);
        pass_on(&client, &[], &mut upstream);
        assert_eq!(upstream, headers(&[("x-team", "deployment"), ("anthropic-beta", "a,b"), ("x-trace", "1")]));
    }

    #[test]
    fn what_the_client_does_not_say_stays_as_it_is() {
        let mut upstream = headers(&[("x-version", "1")]);
        add(NAMES, &HeaderMap::new(), &mut upstream);
        assert_eq!(upstream, headers(&[("x-version", "1")]));
    }
}
