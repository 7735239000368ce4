//! Features of Claude that a client's header `anthropic-beta` names: Bedrock reads them in the body.

use super::model::Route;
use crate::api::members::{Members, raw};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use serde_json::value::RawValue;

/// The header that names features, where others than Bedrock read them.
pub(super) const BETA: HeaderName = HeaderName::from_static("anthropic-beta");
/// The member of the body that does.
pub(super) const MEMBER: &str = "anthropic_beta";
/// What Claude is told by Converse.
const FIELDS: &str = "additionalModelRequestFields";

/// The features that Bedrock knows. It refuses a request that names another, so those of a client's that are for
/// Anthropic's own service are left out.
///
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html>
const KNOWN: [&str; 14] = [
    "computer-use-2024-10-22",
    "computer-use-2025-01-24",
    "computer-use-2025-11-24",
    "token-efficient-tools-2025-02-19",
    "interleaved-thinking-2025-05-14",
    "output-128k-2025-02-19",
    "dev-full-thinking-2025-05-14",
    "context-1m-2025-08-07",
    "context-management-2025-06-27",
    "effort-2025-11-24",
    "tool-search-tool-2025-10-19",
    "tool-examples-2025-10-29",
    "compact-2026-01-12",
    "fine-grained-tool-streaming-2025-05-14",
];
/// A feature that Bedrock has under another name.
const RENAMED: (&str, &str) = ("advanced-tool-use-2025-11-20", "tool-search-tool-2025-10-19");

/// The features in a header's list.
pub(super) fn listed(value: Option<&HeaderValue>) -> impl Iterator<Item = &str> {
    let list = value.and_then(|value| value.to_str().ok()).unwrap_or_default();
    list.split(',').map(str::trim).filter(|name| !name.is_empty())
}

/// Says in the body what the client's header names, and leaves in the header what Bedrock knows of it.
pub(super) fn tell(request: &mut Request<Bytes>, route: Route) {
    let Some(header) = request.headers_mut().remove(BETA) else { return };
    let here = |name| if name == RENAMED.0 { RENAMED.1 } else { name };
    let named: Vec<&str> = listed(Some(&header)).map(here).filter(|name| KNOWN.contains(name)).collect();
    if named.is_empty() {
        return;
    }
    if let Ok(value) = HeaderValue::try_from(named.join(",")) {
        request.headers_mut().insert(BETA, value);
    }
    // The body is what was written here: it is an object.
    if let Ok(body) = told(request.body(), route, &named) {
        *request.body_mut() = Bytes::from(body);
    }
}

fn told(body: &[u8], route: Route, named: &[&str]) -> Result<Vec<u8>, serde_json::Error> {
    let mut body = Members::parse(body)?;
    match route {
        Route::Invoke => add(&mut body, named)?,
        Route::Converse => {
            let said = body.take(FIELDS);
            let mut fields = Members::parse(said.as_ref().map_or("{}", |fields| fields.get()).as_bytes())?;
            add(&mut fields, named)?;
            let fields = fields.to_json();
            body.set(FIELDS, raw(&serde_json::from_slice::<&RawValue>(&fields)?)?);
        }
    }
    Ok(body.to_json())
}

/// Adds features to those that are named, each once.
pub(super) fn add(members: &mut Members<'_>, named: &[&str]) -> Result<(), serde_json::Error> {
    let mut all: Vec<String> = members.read(MEMBER).unwrap_or_default();
    for name in named {
        if !all.iter().any(|there| there == name) {
            all.push((*name).to_owned());
        }
    }
    if !all.is_empty() {
        members.set(MEMBER, raw(&all)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn sent(header: &'static str, body: &'static str, route: Route) -> (Option<HeaderValue>, Value) {
        let mut request = Request::new(Bytes::from_static(body.as_bytes()));
        request.headers_mut().insert(BETA, HeaderValue::from_static(header));
        tell(&mut request, route);
        (request.headers_mut().remove(BETA), serde_json::from_slice(request.body()).unwrap())
    }

    #[test]
    fn features_that_bedrock_knows_stand_where_the_route_has_them() {
        let header = "context-1m-2025-08-07, foo-2025-01-01";
        let (kept, body) = sent(header, r#"{"anthropic_beta":["a","context-1m-2025-08-07"]}"#, Route::Invoke);
        assert_eq!(kept.unwrap(), "context-1m-2025-08-07");
        assert_eq!(body, json!({"anthropic_beta": ["a", "context-1m-2025-08-07"]}));
        let (_, body) = sent(header, r#"{"additionalModelRequestFields":{"x":1}}"#, Route::Converse);
        let fields = json!({"x": 1, "anthropic_beta": ["context-1m-2025-08-07"]});
        assert_eq!(body, json!({"additionalModelRequestFields": fields}));
    }

    #[test]
    fn a_header_of_unknown_features_says_nothing() {
        assert_eq!(sent("foo-2025-01-01", r#"{"a":1}"#, Route::Converse), (None, json!({"a": 1})));
    }
}
