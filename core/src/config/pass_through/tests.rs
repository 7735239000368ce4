//! What entries of `pass_through_endpoints` mean, and what of them stops the start.

use super::super::{Config, Document, Resolved, Sources};
use super::*;

fn load(entries: &str) -> Result<(Vec<PassThroughEntry>, Vec<String>), String> {
    let text = format!("general_settings:\n  pass_through_endpoints:\n{entries}");
    let document = Document::parse("config.yaml", &text).unwrap();
    let environment = Environment::from_pairs([("TOKEN", "t-1"), ("WHOLE", "w-1")]);
    let resolved = Resolved::new();
    let sources = Sources { environment: &environment, resolved: &resolved, provider_check: &|_, _| Ok(()) };
    let loaded = Config::from_document(&document, sources).map_err(|error| error.to_string())?;
    let warnings = loaded.warnings.iter().map(ToString::to_string).filter(|warning| warning.contains("pass_through"));
    Ok((loaded.config.pass_through, warnings.collect()))
}

#[test]
fn an_entry_says_where_requests_go_and_with_what() {
    let text = "  - path: /bria/\n    target: https://bria.test/v1?k=1\n    include_subpath: true\n    auth: false\n    \
                headers: {Authorization: Bearer os.environ/TOKEN, X-Whole: os.environ/WHOLE, X-Plain: a}\n    \
                methods: [get, POST]\n    cost_per_request: '0.5'\n    default_query_params: {version: 3}\n";
    let (entries, warnings) = load(text).unwrap();
    assert_eq!((entries.len(), warnings), (1, Vec::new()));
    let entry = &entries[0];
    assert_eq!((entry.id.as_str(), entry.path.as_str(), entry.line), ("/bria GET,POST", "/bria", 3));
    assert_eq!((entry.target.to_string().as_str(), entry.takes_more), ("https://bria.test/v1?k=1", true));
    assert_eq!((entry.needs_key, entry.forwards_headers, entry.cost), (false, false, Some(0.5)));
    assert_eq!(entry.query, BTreeMap::from([("version".to_owned(), "3".to_owned())]));
    let headers: Vec<_> = entry.headers.iter().map(|(name, text)| (name.as_str(), text.expose())).collect();
    assert_eq!(headers, [("authorization", "Bearer t-1"), ("x-plain", "a"), ("x-whole", "w-1")]);
    assert!(!format!("{entry:?}").contains("t-1"));
}

#[test]
fn a_key_is_needed_where_nobody_says_otherwise() {
    let (entries, _) = load("  - {path: /a, target: 'http://a.test'}\n").unwrap();
    assert!(entries[0].needs_key && entries[0].methods.is_empty() && entries[0].cost.is_none());
}

#[test]
fn a_header_whose_variable_is_not_set_is_left_out_and_said() {
    let text = "  - {path: /a, target: 'http://a.test', headers: {X-A: Bearer os.environ/NOPE}}\n";
    let (entries, warnings) = load(text).unwrap();
    assert_eq!((entries[0].headers.len(), warnings.len()), (0, 1));
    assert!(warnings[0].contains("config.yaml:3: ") && warnings[0].contains("NOPE is not set"), "{warnings:?}");
}

#[test]
fn what_cannot_hold_is_told_with_its_line() {
    let at = "config.yaml:3: general_settings.pass_through_endpoints[0]";
    for (entry, wanted) in [
        ("{target: 'http://a.test'}", ".path: is missing"),
        ("{path: a, target: 'http://a.test'}", ".path: must be an absolute path"),
        ("{path: /a/../b, target: 'http://a.test'}", ".path: must be an absolute path"),
        ("{path: '/a/{x}', target: 'http://a.test'}", ".path: must be an absolute path"),
        ("{path: /, target: 'http://a.test'}", ".path: must be an absolute path"),
        ("{path: /a}", ".target: is missing"),
        ("{path: /a, target: my.module.handler}", ".target: must be the address"),
        ("{path: /a, target: 'ftp://a.test'}", ".target: must be the address"),
        ("{path: /a, target: 'http://a.test', methods: [BREW]}", ".methods: `BREW` is none of GET"),
        ("{path: /a, target: 'http://a.test', headers: {Host: b}}", ".headers: `Host` is set by the connection"),
        ("{path: /a, target: 'http://a.test', headers: {LANGFUSE_PUBLIC_KEY: b}}", ".headers: `LANGFUSE_PUBLIC_KEY`"),
        ("{path: /a, target: 'http://a.test', headers: {X: Bearer aws_secret/a#b}}", "reference among other text"),
        ("{path: /a, target: 'http://a.test', cost_per_request: -1}", ".cost_per_request: must be"),
        ("{path: /a, target: 'http://a.test', guardrails: {words: null}}", ".guardrails: is not supported"),
        ("[]", ": must be a map"),
    ] {
        let error = load(&format!("  - {entry}\n")).unwrap_err();
        assert!(error.contains(at) && error.contains(wanted), "{entry}: {error}");
    }
}

#[test]
fn a_path_is_written_once_for_each_method() {
    let entry = |path: &str, more: &str| format!("  - {{path: {path}, target: 'http://a.test'{more}}}\n");
    let error = load(&format!("{}{}", entry("/a", ""), entry("/a/", ", methods: [GET]"))).unwrap_err();
    assert!(error.contains("config.yaml:4: ") && error.contains("already, on line 3"), "{error}");
    let both = format!("{}{}", entry("/a", ", methods: [POST]"), entry("/a", ", methods: [GET]"));
    assert_eq!(load(&both).unwrap().0.len(), 2);
    let error = load(&format!("{}{}", entry("/a", ", id: x"), entry("/b", ", id: x"))).unwrap_err();
    assert!(error.contains(".id: `x` is another endpoint's already"), "{error}");
}
