//! Where a request to an endpoint goes, and which headers go along and come back.

use super::*;
use crate::flow::model_call::endpoints::{Endpoints, Meant};
use crate::routing::Deployment;
use crate::routing::tests::{entry, targets};
use serde_json::json;
use std::sync::Arc;

fn endpoint(path: &str, target: &'static str) -> Endpoint {
    let entry = json!({"model_name": path, "litellm_params": {"model": "openai/x"}});
    Endpoint {
        path: path.to_owned(),
        methods: Vec::new(),
        takes_more: true,
        needs_key: true,
        forwards_headers: true,
        target: Uri::from_static(target),
        query: vec![("version".to_owned(), "a b".to_owned())],
        headers: headers(&[("authorization", "Bearer theirs")]),
        deployment: Arc::new(Deployment::build(Arc::new(self::entry(entry)), &*targets()).unwrap()),
    }
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pair =
        |(name, value): &(&'static str, &'static str)| (HeaderName::from_static(name), HeaderValue::from_static(value));
    pairs.iter().map(pair).collect()
}

#[test]
fn the_address_is_the_targets_with_what_follows_and_each_parameter_once() {
    let bria = endpoint("/bria", "https://bria.test/api/?key=ours");
    for (rest, query, wanted) in [
        ("", None, "https://bria.test/api/?key=ours&version=a+b"),
        ("/", None, "https://bria.test/api/?key=ours&version=a+b"),
        ("/v1/text%2Fto", Some("x=%20&x=2&"), "https://bria.test/api/v1/text%2Fto?key=ours&x=%20&x=2&version=a+b"),
        ("/v1", Some("version=2&k%65y=theirs"), "https://bria.test/api/v1?key=ours&version=2"),
    ] {
        assert_eq!(address(&bria, rest, query).unwrap().to_string(), wanted, "{rest} {query:?}");
    }
    let plain = Endpoint { query: Vec::new(), ..endpoint("/a", "http://a.test") };
    assert_eq!(address(&plain, "", None).unwrap().to_string(), "http://a.test/");
}

#[test]
fn no_path_leads_above_the_target() {
    for rest in ["/..", "/../x", "/a/%2e%2E/b", "/a/.%2e", "/..%2fx", "/..%5Cx", "/.", "/a/..\\b", "/..;a/b", "/.;"] {
        let path = format!("/bria{rest}");
        assert!(matches!(plain(&path), Err(CallError::Member { member: "path", .. })), "{rest}");
    }
    for rest in ["/...", "/.well-known/x", "/a..b", "/a%2eb"] {
        assert!(plain(&format!("/bria{rest}")).is_ok(), "{rest}");
    }
}

#[test]
fn rules_of_routes_are_about_the_path_that_a_service_reads() {
    for (written, wanted) in [
        ("/bria/", "/bria"),
        ("/bria/admin/", "/bria/admin"),
        ("/bria/%61dmin", "/bria/admin"),
        ("/bria/admin;jsessionid=1/x", "/bria/admin/x"),
        ("/bria/a%252fb", "/bria/a%2fb"),
        ("/bria/a%2Fb", "/bria/a/b"),
        ("/bria/a%5cb", "/bria/a/b"),
    ] {
        assert_eq!(plain(written).unwrap(), wanted);
    }
    for written in ["/bria//admin", "/bria/a%2f%2fb", "/bria/a//", "/bria/%00", "/bria/;a/b"] {
        assert!(plain(written).is_err(), "{written}");
    }
}

#[test]
fn the_clients_headers_go_along_but_for_its_credentials_and_those_of_the_connection() {
    let client = headers(&[
        ("content-type", "a/b"),
        ("accept", "text/event-stream"),
        ("x-trace", "1"),
        ("x-pass-x-api-key", "for the service"),
        ("x-pass-host", "elsewhere"),
        ("user-agent", "u"),
        ("authorization", "Bearer sk-virtual"),
        ("x-api-key", "sk-virtual"),
        ("x-litellm-api-key", "sk-virtual"),
        ("my-key", "sk-virtual"),
        ("cookie", "c"),
        ("host", "gateway"),
        ("content-length", "3"),
        ("connection", "x-hop, close"),
        ("x-hop", "h"),
        ("x-forwarded-for", "10.0.0.1"),
        ("proxy-authorization", "p"),
    ]);
    let ours = [HeaderName::from_static("my-key")];
    let bria = endpoint("/bria", "https://bria.test");
    let wanted = headers(&[
        ("content-type", "a/b"),
        ("accept", "text/event-stream"),
        ("x-trace", "1"),
        ("user-agent", "u"),
        ("x-api-key", "for the service"),
        ("authorization", "Bearer theirs"),
    ]);
    assert_eq!(onward(&bria, &client, &ours), wanted);
    let closed = Endpoint { forwards_headers: false, ..bria };
    let wanted =
        headers(&[("content-type", "a/b"), ("accept", "text/event-stream"), ("authorization", "Bearer theirs")]);
    assert_eq!(onward(&closed, &client, &ours), wanted);
}

#[test]
fn of_an_answer_the_client_sees_all_that_does_not_speak_for_the_gateway() {
    let upstream = headers(&[
        ("content-type", "a/b"),
        ("content-encoding", "br"),
        ("etag", "e"),
        ("location", "/x"),
        ("content-length", "3"),
        ("transfer-encoding", "chunked"),
        ("set-cookie", "c"),
        ("x-litellm-call-id", "forged"),
        ("access-control-allow-origin", "*"),
        ("content-security-policy", "default-src *"),
        ("report-to", "{}"),
        ("connection", "x-hop"),
        ("x-hop", "h"),
    ]);
    let wanted = headers(&[
        ("content-type", "a/b"),
        ("content-encoding", "br"),
        ("etag", "e"),
        ("location", "/x"),
        ("content-security-policy", "sandbox"),
    ]);
    assert_eq!(back(&upstream, &Method::GET), wanted);
    assert!(back(&upstream, &Method::HEAD).contains_key(CONTENT_LENGTH));
}

#[test]
fn the_longest_path_that_takes_the_method_is_meant() {
    let get = |path| Endpoint { methods: vec![Method::GET], ..endpoint(path, "http://a.test") };
    let exact = Endpoint { takes_more: false, ..endpoint("/a/b", "http://a.test") };
    let all = Endpoints::new([endpoint("/a", "http://a.test"), exact, get("/a/b/c"), get("/z")]);
    let meant = |method, path| match all.at(&method, path) {
        Some(Meant::Endpoint(endpoint, rest)) => format!("{} {rest}", endpoint.path),
        Some(Meant::OtherMethod) => "other".to_owned(),
        None => "none".to_owned(),
    };
    assert_eq!(meant(Method::GET, "/a/b"), "/a/b ");
    assert_eq!(meant(Method::GET, "/a/b/c"), "/a/b/c ");
    assert_eq!(meant(Method::POST, "/a/b/c/d"), "/a /b/c/d");
    assert_eq!(meant(Method::POST, "/z/1"), "other");
    assert_eq!(meant(Method::POST, "/ab"), "none");
}
