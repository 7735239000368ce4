//! What a configuration says of guardrails, and what stops the start.

use super::super::document::Document;
use super::*;

fn read_text(text: &str) -> Result<(Vec<GuardrailEntry>, Vec<String>), Vec<String>> {
    let document = Document::parse("c.yaml", text).unwrap();
    let mut report = Report::on(&document);
    let environment = Environment::from_pairs([(BASE, "http://base.test/")]);
    let entries = read_guardrails(document.root(), &environment, &mut report);
    let lines = |problems: Vec<_>| problems.iter().map(ToString::to_string).collect();
    report.finish().map(|warnings| (entries, lines(warnings))).map_err(|error| lines(error.problems))
}

/// A guardrail of which these lines are said.
fn one(params: &str) -> Result<(Vec<GuardrailEntry>, Vec<String>), Vec<String>> {
    let params = params.replace('\n', "\n    ");
    read_text(&format!(
        "guardrails:\n- guardrail_name: pii\n  litellm_params:\n    guardrail: generic_guardrail_api\n    {params}\n"
    ))
}

#[test]
fn a_guardrail_is_read_whole() {
    let (entries, warnings) = one(
        "mode: [pre_call, POST_CALL]\napi_base: https://guard.test/v1/\napi_key: sk-of-it\nheaders: {X-Tenant: t}\n\
         default_on: true\nunreachable_fallback: fail_open\nfail_on_error: false\ntimeout: 3\nnum_retries: 2\n\
         additional_provider_specific_params: {level: high}\nextra_headers: [X-Trace]\nssl_verify: false",
    )
    .unwrap();
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    let service = &entry.service;
    assert_eq!(service.address, "https://guard.test/v1/beta/litellm_basic_guardrail_api");
    assert_eq!((&*entry.name, entry.line, entry.default_on), ("pii", 2, true));
    assert_eq!(entry.modes, [Mode::PreCall, Mode::PostCall]);
    assert_eq!(entry.tolerance, Tolerance { of_unreachable: true, of_errors: true });
    let headers: Vec<_> = service.headers.iter().map(|(name, value)| (&**name, value.expose())).collect();
    assert_eq!(headers, [("x-api-key", "sk-of-it"), ("x-tenant", "t")]);
    assert_eq!((service.timeout, service.retries, &*service.shown_headers[0]), (Some(3.0), 2, "x-trace"));
    assert_eq!(service.params["level"], "high");
    assert!(matches!(entry.tls.ssl_verify, Some(crate::config::tls::Verify::Off)));
    let shown = entry.shown.to_string();
    assert!(!shown.contains("sk-of-it") && !shown.contains("X-Tenant") && shown.contains("generic_guardrail_api"));
    assert_eq!(warnings, [] as [&str; 0]);
}

#[test]
fn it_is_closed_where_nothing_else_is_said_and_the_address_may_be_a_variable() {
    let (entries, _) = one("mode: during_call").unwrap();
    assert_eq!(entries[0].tolerance, Tolerance::default());
    assert!(!entries[0].default_on);
    assert_eq!(entries[0].service.address.to_string(), format!("http://base.test{PATH}"));
    let (entries, _) = one(&format!("mode: pre_call\napi_base: http://a.test{PATH}")).unwrap();
    assert_eq!(entries[0].service.address.to_string(), format!("http://a.test{PATH}"));
}

#[test]
fn every_other_kind_and_mode_stops_the_start_with_what_to_do() {
    let wrong = read_text(
        "guardrails:\n- guardrail_name: a\n  litellm_params: {guardrail: presidio, mode: pre_call}\n\
         - guardrail_name: b\n  litellm_params: {guardrail: generic_guardrail_api, mode: logging_only}\n\
         - guardrail_name: c\n  litellm_params: {guardrail: generic_guardrail_api, mode: {tags: {}}}\n\
         - guardrail_name: d\n  litellm_params: {mode: pre_call}\n",
    )
    .unwrap_err();
    assert_eq!(wrong.len(), 4, "{wrong:?}");
    let expected =
        "c.yaml:3: guardrails[0].litellm_params.guardrail: `presidio` is no kind of guardrail that this version";
    assert!(wrong[0].starts_with(expected) && wrong[0].contains("put it behind an endpoint"), "{}", wrong[0]);
    assert!(wrong[1].contains("guardrails[1].litellm_params.mode: `logging_only` is not supported"), "{}", wrong[1]);
    assert!(wrong[2].contains("mode: must be `pre_call`") && wrong[3].contains("the kind of the guardrail"));
}

#[test]
fn no_option_is_ignored_in_silence() {
    let (_, warnings) =
        one("mode: pre_call\nstreaming_sampling_rate: 3\nrun_in_parallel: false\npangea_input_recipe: x").unwrap();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("c.yaml:6: guardrails[0].litellm_params.streaming_sampling_rate: is known but"));
    assert!(warnings[1].contains("pangea_input_recipe: is no option of this kind"));
    let wrong = one("mode: pre_call\ndefault_onn: true\nscan_raw_request: true\nnum_retries: 9").unwrap_err();
    assert_eq!(wrong.len(), 3, "{wrong:?}");
    assert!(wrong[0].contains("default_onn: unknown name; did you mean `default_on`?"), "{}", wrong[0]);
    assert!(wrong[1].contains("scan_raw_request: is not supported"), "{}", wrong[1]);
    assert!(wrong[2].contains("num_retries: must be 5 at most"), "{}", wrong[2]);
}

#[test]
fn a_wrong_value_is_told_with_its_line_and_no_secret() {
    let wrong = one("mode: pre_call\ntimeout: soon\nunreachable_fallback: maybe\napi_base: guard").unwrap_err();
    assert_eq!(wrong.len(), 3, "{wrong:?}");
    assert!(wrong[0].starts_with("c.yaml:6: guardrails[0].litellm_params.timeout: must be a number of seconds"));
    assert!(wrong[1].contains("must be `fail_closed` or `fail_open`") && wrong[2].contains("`https://…`"));
}

#[test]
fn a_name_is_given_once() {
    let entry = "- {guardrail_name: a, litellm_params: {guardrail: generic_guardrail_api, mode: pre_call}}\n";
    let wrong = read_text(&format!("guardrails:\n{entry}{entry}")).unwrap_err();
    assert_eq!(wrong, ["c.yaml:3: guardrails[1].guardrail_name: `a` names another guardrail already, on line 2"]);
    assert!(read_text("guardrails: {a: b}\n").unwrap_err()[0].contains("must be a list, not"));
}

#[test]
fn each_option_that_is_honoured_changes_what_is_read() {
    let samples = [
        ("mode", "post_call"),
        ("api_base", "http://x.test"),
        ("api_key", "k"),
        ("headers", "{X-A: b}"),
        ("extra_headers", "[x-a]"),
        ("default_on", "true"),
        ("unreachable_fallback", "fail_open"),
        ("fail_on_error", "false"),
        ("additional_provider_specific_params", "{a: 1}"),
        ("timeout", "3"),
        ("num_retries", "3"),
        ("ssl_verify", "/etc/ca.pem"),
        ("ssl_security_level", "1"),
        ("ssl_certificate", "/etc/a.pem"),
        ("ssl_key", "/etc/a.key"),
        ("ssl_ecdh_curve", "X25519"),
    ];
    let debug = |text: &str| format!("{:?}", one(text).unwrap().0);
    let honoured = ledger::in_section(SECTION).filter(|setting| setting.fate == Fate::Honoured);
    for name in honoured.filter_map(|setting| setting.name.strip_prefix("litellm_params.")) {
        if name == "guardrail" {
            continue;
        }
        let (_, value) =
            samples.iter().find(|sample| sample.0 == name).unwrap_or_else(|| panic!("no sample of {name}"));
        let mode = if name == "mode" { "" } else { "mode: pre_call\n" };
        assert_ne!(debug(&format!("{mode}{name}: {value}")), debug("mode: pre_call"), "{name}");
    }
}
