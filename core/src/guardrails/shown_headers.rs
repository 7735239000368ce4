//! What a guardrail is shown of a client's headers: that they are there, and of some what they say. Credentials are never
//! shown, whatever the configuration lists.

use http::HeaderMap;
use serde_json::{Map, Value};

/// Headers whose values are shown: <https://docs.litellm.ai/docs/adding_provider/generic_guardrail_api>.
const SHOWN: [&str; 7] =
    ["accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"];
/// How the names of further ones begin.
const SHOWN_BEGINNINGS: [&str; 2] = ["x-stainless-", "x-litellm-"];
/// What names of headers hold that hold credentials.
const CREDENTIALS: [&str; 7] = ["auth", "cookie", "credential", "key", "password", "secret", "token"];
/// What is said of the others.
const PRESENT: &str = "[present]";

/// The headers as they are shown. `listed`: further names, in lower case, whose values are; `hidden`: the one that the
/// configuration has callers' keys in.
pub(super) fn shown(headers: &HeaderMap, listed: &[String], hidden: Option<&str>) -> Map<String, Value> {
    let mut shown = Map::new();
    for name in headers.keys() {
        let name = name.as_str();
        let is_usual = SHOWN.contains(&name) || SHOWN_BEGINNINGS.iter().any(|start| name.starts_with(start));
        let is_secret = hidden == Some(name) || CREDENTIALS.iter().any(|word| name.contains(word));
        let is_shown = (is_usual || listed.iter().any(|listed| listed == name)) && !is_secret;
        let values = || headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>();
        let said = if is_shown { values().join(", ") } else { PRESENT.to_owned() };
        shown.insert(name.to_owned(), said.into());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    #[test]
    fn values_are_shown_of_some_and_never_of_credentials() {
        let names = [
            "authorization",
            "x-litellm-api-key",
            "user-agent",
            "x-stainless-lang",
            "x-trace",
            "x-other",
            "x-own-place",
            "cookie",
        ];
        let pairs = names.map(|name| (HeaderName::from_static(name), HeaderValue::from_static("v")));
        let listed = ["x-trace", "authorization", "x-own-place"].map(str::to_owned);
        let shown = shown(&HeaderMap::from_iter(pairs), &listed, Some("x-own-place"));
        let told: Vec<_> = names.iter().map(|name| shown[*name].as_str().unwrap()).collect();
        assert_eq!(told, [PRESENT, PRESENT, "v", "v", "v", PRESENT, PRESENT, PRESENT]);
    }
}
