//! What goes to the service behind an endpoint of the operator's, and what of its answer's head comes back: its
//! address, and the headers of both ways. Bodies are nobody's business here.

use super::endpoints::Endpoint;
use super::error::CallError;
use crate::api::percent::percent_decoded;
use crate::auth::credential::carries_keys;
use crate::config::pass_through::OF_A_CONNECTION;
use crate::upstream::transport::TransportError;
use bytes::Bytes;
use form_urlencoded::Serializer;
use http::header::{
    ACCEPT, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, EXPECT,
    FORWARDED, PROXY_AUTHORIZATION, SET_COOKIE, STRICT_TRANSPORT_SECURITY,
};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

/// Without these nobody could read a body.
const ALWAYS: [HeaderName; 3] = [ACCEPT, CONTENT_ENCODING, CONTENT_TYPE];
/// Headers that a client sends under another name where they would be taken for the gateway's.
const RENAMED: &str = "x-pass-";
/// How headers begin that speak to the gateway, or that those between it and the client have added.
const OURS: [&str; 6] = ["x-litellm-", "x-postern-", "x-forwarded-", "x-real-ip", "x-amzn-", "x-amz-cf-"];
/// Headers of an answer that would speak for the gateway to browsers.
const OF_THE_GATEWAY: [&str; 7] =
    ["access-control-", "alt-svc", "clear-site-data", "nel", "report-to", "x-litellm-", "x-postern-"];

/// The request to send.
///
/// # Errors
/// [`CallError::Transport`]: the address cannot be written.
pub(super) fn build(
    endpoint: &Endpoint,
    (method, rest, query): (Method, &str, Option<&str>),
    (client, ours): (&HeaderMap, &[HeaderName]),
    body: Bytes,
) -> Result<Request<Bytes>, CallError> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = address(endpoint, rest, query)?;
    *request.headers_mut() = onward(endpoint, client, ours);
    Ok(request)
}

fn address(endpoint: &Endpoint, rest: &str, query: Option<&str>) -> Result<Uri, CallError> {
    let invalid = |error: http::Error| CallError::Transport(TransportError::Invalid(Box::new(error)));
    let target = &endpoint.target;
    let base = if rest.is_empty() { target.path() } else { target.path().trim_end_matches('/') };
    let query = joined(target.query().unwrap_or_default(), query.unwrap_or_default(), &endpoint.query);
    let mark = if query.is_empty() { "" } else { "?" };
    let mut parts = target.clone().into_parts();
    let written = PathAndQuery::try_from(format!("{base}{rest}{mark}{query}"));
    parts.path_and_query = Some(written.map_err(|error| invalid(error.into()))?);
    Uri::from_parts(parts).map_err(|error| invalid(error.into()))
}

/// A path as rules of routes are about it: without escapes, parameters (`;…`) and a slash at its end.
///
/// # Errors
/// [`CallError::Member`] for one that leads upwards, or that a service may read as another, however it reads escapes.
pub(super) fn plain(path: &str) -> Result<String, CallError> {
    // Some services take a slash that is escaped, or turned around, for one.
    let read = percent_decoded(path).replace('\\', "/");
    let read = read.strip_suffix('/').unwrap_or(&read);
    let parts = read.split('/').skip(1).map(|part| part.split(';').next().unwrap_or_default());
    let is_plain = |part: &str| !part.is_empty() && !matches!(part, "." | "..") && !part.contains('\0');
    if !parts.clone().all(is_plain) {
        let message =
            "`.`, `..` and nothing between two slashes may not stand in the path: write the path that is meant.";
        return Err(CallError::Member { member: "path", message: message.to_owned() });
    }
    Ok(parts.fold(String::new(), |path, part| path + "/" + part))
}

/// The query of the target, then the client's, then what is usual. A name that one before has said is said.
fn joined(target: &str, client: &str, usual: &[(String, String)]) -> String {
    let names = |query: &str| -> Vec<String> {
        form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name.into_owned()).collect()
    };
    let mut said = names(target);
    let asked =
        client.split('&').filter(|pair| !pair.is_empty() && names(pair).iter().all(|name| !said.contains(name)));
    let mut pairs: Vec<String> = target.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
    pairs.extend(asked.map(str::to_owned));
    said.extend(names(client));
    let missing = usual.iter().filter(|(name, _)| !said.contains(name));
    pairs.extend(missing.map(|pair| Serializer::new(String::new()).extend_pairs([pair]).finish()));
    pairs.join("&")
}

fn onward(endpoint: &Endpoint, client: &HeaderMap, ours: &[HeaderName]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in ALWAYS {
        for value in client.get_all(&name) {
            headers.append(&name, value.clone());
        }
    }
    if endpoint.forwards_headers {
        let on_this_way = named_by_connection(client);
        let stays = |name: &HeaderName| ALWAYS.contains(name) || ours.contains(name) || on_this_way.contains(name);
        for (name, value) in client.iter().filter(|(name, _)| !stays(name)) {
            let renamed = name.as_str().strip_prefix(RENAMED).and_then(|name| HeaderName::try_from(name).ok());
            match renamed {
                // Who writes so means the service.
                Some(renamed) if !travels_alone(&renamed) => drop(headers.insert(renamed, value.clone())),
                Some(_) => {}
                None if is_clients_own(name) => drop(headers.append(name, value.clone())),
                None => {}
            }
        }
    }
    for (name, value) in &endpoint.headers {
        headers.insert(name, value.clone());
    }
    headers
}

/// What of an answer's headers the client sees.
pub(super) fn back(upstream: &HeaderMap, method: &Method) -> HeaderMap {
    let on_this_way = named_by_connection(upstream);
    let stays = |name: &HeaderName| {
        on_this_way.contains(name)
            || [SET_COOKIE, STRICT_TRANSPORT_SECURITY, CONTENT_SECURITY_POLICY].contains(name)
            || OF_THE_GATEWAY.iter().any(|start| name.as_str().starts_with(start))
            || travels_alone(name) && !(*name == CONTENT_LENGTH && method == Method::HEAD)
    };
    let passed = upstream.iter().filter(|(name, _)| !stays(name));
    let mut headers: HeaderMap = passed.map(|(name, value)| (name.clone(), value.clone())).collect();
    // A page of the service must not act as the gateway's: sessions of people who are signed in are at hand there.
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    headers
}

/// Whether a header is the client's own, and neither a credential nor of the way here.
fn is_clients_own(name: &HeaderName) -> bool {
    let is_ours = OURS.iter().any(|start| name.as_str().starts_with(start));
    !is_ours && !carries_keys(name) && ![COOKIE, EXPECT, FORWARDED].contains(name) && !travels_alone(name)
}

fn travels_alone(name: &HeaderName) -> bool {
    OF_A_CONNECTION.contains(&name.as_str()) || *name == PROXY_AUTHORIZATION
}

/// The headers that `Connection` names: they end here too.
fn named_by_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    let told = headers.get_all(CONNECTION).into_iter().filter_map(|value: &HeaderValue| value.to_str().ok());
    told.flat_map(|list| list.split(',')).filter_map(|name| HeaderName::try_from(name.trim()).ok()).collect()
}

#[cfg(test)]
mod tests;
