//! Whole configurations, as operators write them.

mod samples;

use self::samples::with_setting;
use super::*;
use crate::config::{DeploymentParams, Uncallable, ledger};
use crate::money::NanoDollars;
use std::collections::BTreeSet;

const SAMPLE: &str = include_str!("../../../data/config-samples/team.yaml");

fn any_provider(_: &DeploymentParams, _: &Environment) -> Result<(), Uncallable> {
    Ok(())
}

fn load_in(text: &str, environment: &Environment) -> Result<Loaded, ConfigError> {
    let document = Document::parse("config.yaml", text)?;
    let resolved = Resolved::new();
    Config::from_document(&document, Sources { environment, resolved: &resolved, provider_check: &any_provider })
}

fn load(text: &str) -> Result<Loaded, ConfigError> {
    load_in(text, &Environment::default())
}

fn problems(text: &str) -> Vec<String> {
    load(text).unwrap_err().problems.iter().map(ToString::to_string).collect()
}

fn warnings(text: &str) -> Vec<String> {
    load(text).unwrap().warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_realistic_file_is_read_without_a_warning() {
    let environment = Environment::from_pairs([
        ("LITELLM_MASTER_KEY", "sk-master"),
        ("OPENAI_API_KEY", "sk-openai"),
        ("GROQ_API_KEY", "sk-groq"),
    ]);
    let loaded = load_in(SAMPLE, &environment).unwrap();
    assert_eq!(loaded.warnings, []);
    let config = loaded.config;
    let names: Vec<&str> = config.models.iter().map(|model| model.model_name.as_str()).collect();
    assert_eq!(names, ["gpt-4o", "gpt-4o", "llama", "openai/*", "*", "embeddings", "canned"]);
    let lines: Vec<usize> = config.models.iter().map(|model| model.line).collect();
    assert_eq!(lines, [11, 19, 26, 33, 38, 43, 50]);
    let first = &config.models[0];
    assert_eq!(first.params.api_key.as_ref().unwrap().expose(), "sk-openai");
    assert_eq!((first.params.timeout, first.params.stream_timeout), (Some(120.0), Some(30.0)));
    assert_eq!(first.params.extra_headers.get("X-Team").unwrap(), "search");
    assert_eq!(first.info["id"], "gpt-4o-main");
    assert_eq!(first.params.input_cost_per_token, Some(0.000_002));
    assert_eq!(config.models[1].params.api_base.as_deref(), Some("http://10.0.0.5:8000/v1"));
    assert_eq!(config.models[1].params.rest.get("temperature").unwrap(), 0.2);
    assert_eq!(config.models[1].params.rest.len(), 1);
    assert_eq!(config.models[4].params.stream_timeout, Some(45.0));
    assert_eq!(config.general.master_key.unwrap().expose(), "sk-master");
    assert_eq!(config.general.spend_log_retention_days, Some(30));
    assert_eq!(config.general.request_body_bytes_max, 10 << 20);
    assert_eq!(config.litellm.request_timeout, Some(600.0));
    assert!(config.litellm.json_logs);
    assert_eq!(loaded.environment.text("AWS_REGION_NAME"), Some("eu-central-1"));
}

#[test]
fn everything_that_is_wrong_is_found_in_one_run() {
    let text = "\
model_list:
  - model_name: a
    litellm_params:
      modle: openai/gpt-4o
  - litellm_params:
      model: openai/gpt-4o
      timeout: soon
      rpm: [1]
      extra_headers: Bearer
  - model_name: c
    litellm_params: openai/gpt-4o
  - nothing
general_settings:
  max_request_size_mb: big
  redact_user_api_key_info: true
litellm_settings: []
";
    assert_eq!(
        problems(text),
        [
            "config.yaml:4: model_list[0].litellm_params.modle: unknown name; did you mean `model`?",
            "config.yaml:5: model_list[1]: `model_name` is missing",
            "config.yaml:7: model_list[1].litellm_params.timeout: must be a number of seconds above 0, not `soon`",
            "config.yaml:8: model_list[1].litellm_params.rpm: must be a whole number, 0 or more, not a list",
            "config.yaml:9: model_list[1].litellm_params.extra_headers: must be a map of header names and texts, not \
             a text",
            "config.yaml:11: model_list[2].litellm_params: must be a map, not `openai/gpt-4o`",
            "config.yaml:12: model_list[3]: must be a map, not a text",
            "config.yaml:14: general_settings.max_request_size_mb: must be a number of megabytes above 0, not `big`",
            "config.yaml:15: general_settings.redact_user_api_key_info: is not supported by this version of Postern, and \
             leaving it out would weaken what you ask for: spend rows would still name key and user; remove it",
            "config.yaml:16: litellm_settings: must be a map, not a list",
        ]
    );
}

#[test]
fn a_message_never_shows_what_a_reference_stands_for() {
    let environment = Environment::from_pairs([("OPENAI_API_KEY", "sk-openai")]);
    let text = "model_list: [{model_name: a, litellm_params: {model: m, timeout: os.environ/OPENAI_API_KEY}}]";
    let error = load_in(text, &environment).unwrap_err().to_string();
    assert_eq!(
        error,
        "config.yaml:1: model_list[0].litellm_params.timeout: must be a number of seconds above 0, not a text"
    );
}

#[test]
fn a_configuration_does_not_show_its_secrets() {
    let text = "\
model_list:
  - model_name: a
    litellm_params:
      model: openai/m
      api_key: sk-one
      extra_headers: {Authorization: sk-two}
      extra_body: {password: sk-three}
      aws_secret_access_key: sk-four
      unknown_token: sk-five
general_settings: {master_key: sk-six}
environment_variables: {OPENAI_API_KEY: sk-seven}
";
    let loaded = load(text).unwrap();
    assert!(!format!("{loaded:?}").contains("sk-"), "{loaded:?}");
    assert!(!loaded.config.models[0].params.rest.contains_key("aws_secret_access_key"));
}

#[test]
fn two_deployments_of_one_id_are_refused() {
    let entry = "  - {model_name: a, litellm_params: {model: m}, model_info: {id: x}}\n";
    assert_eq!(
        problems(&format!("model_list:\n{entry}{entry}")),
        ["config.yaml:3: model_list[1].model_info.id: `x` names another deployment already, on line 2"]
    );
}

#[test]
fn both_spellings_of_one_setting_are_refused() {
    let text = "model_list: [{model_name: a, litellm_params: {model: m, api_base: x, base_url: y}}]";
    assert_eq!(problems(text), ["config.yaml:1: model_list[0].litellm_params: duplicate field `api_base`"]);
}

#[test]
fn an_upstream_that_cannot_be_called_stops_the_start_or_is_left_out() {
    let why = || "provider `x` is not supported".to_owned();
    let check = |_: &DeploymentParams, _: &Environment| Err(Uncallable { setting: "api_base", why: why() });
    let load = |text: &str| {
        let document = Document::parse("config.yaml", text).unwrap();
        let sources =
            Sources { environment: &Environment::default(), resolved: &Resolved::new(), provider_check: &check };
        Config::from_document(&document, sources)
    };
    let text = "model_list:\n  - {model_name: a, litellm_params: {model: x/y}}\n";
    let expected = "config.yaml:2: model_list[0].litellm_params.model: provider `x` is not supported";
    assert_eq!(load(text).unwrap_err().to_string(), expected);
    let loaded = load(&format!("{text}router_settings: {{ignore_invalid_deployments: true}}\n")).unwrap();
    assert!(loaded.config.models.is_empty());
    assert_eq!(loaded.warnings[1].to_string(), format!("{expected}; this deployment is left out"));
}

#[test]
fn credentials_and_defaults_fill_in_what_a_deployment_does_not_say() {
    let text = "\
credential_list:
  - credential_name: shared
    credential_values: {api_key: sk-shared, api_base: https://shared.test/v1}
router_settings:
  default_litellm_params: {timeout: 9, api_base: https://default.test/v1}
model_list:
  - {model_name: a, litellm_params: {model: m, litellm_credential_name: shared, timeout: 1}}
  - {model_name: b, litellm_params: {model: m}}
";
    let models = load(text).unwrap().config.models;
    let seen: Vec<_> = models.iter().map(|model| (model.params.timeout, model.params.api_base.as_deref())).collect();
    assert_eq!(seen, [(Some(1.0), Some("https://shared.test/v1")), (Some(9.0), Some("https://default.test/v1"))]);
    assert_eq!(models[0].params.api_key.as_ref().unwrap().expose(), "sk-shared");
    assert!(models[0].params.rest.is_empty());
    let stored =
        load("model_list: [{model_name: a, litellm_params: {model: m, litellm_credential_name: nope}}]").unwrap();
    assert_eq!(stored.config.models[0].params.credential.as_deref(), Some("nope"));
    assert_eq!(stored.warnings, []);
    assert_eq!(
        warnings(
            "credential_list: [{credential_name: shared, credential_values: {}}]\n\
             model_list: [{model_name: a, litellm_params: {model: m, litellm_credential_name: sharde}}]"
        ),
        [
            "config.yaml:2: model_list[0].litellm_params.litellm_credential_name: no credential of `credential_list` has \
          this name; did you mean `shared`?"
        ]
    );
}

#[test]
fn a_file_that_names_no_model_starts_with_a_warning() {
    assert_eq!(warnings(""), ["model_list: names no model, so that no request can be answered"]);
    assert_eq!(problems("model_lst: []"), ["config.yaml:1: model_lst: unknown name; did you mean `model_list`?"]);
}

#[test]
fn a_header_of_keys_that_goes_to_providers_stops_the_start() {
    let text = |name: &str, forwards: bool| {
        format!(
            "general_settings:\n  forward_client_headers_to_llm_api: {forwards}\n  litellm_key_header_name: {name}\n"
        )
    };
    assert_eq!(
        problems(&text("X-Gateway-Key", true)),
        ["config.yaml:3: general_settings.litellm_key_header_name: headers of this name go to providers, and \
             callers' keys with them; choose one that begins with `x-litellm-`"]
    );
    let general = load(&text("X-Gateway-Key", false)).unwrap().config.general;
    assert_eq!(general.litellm_key_header_name.as_deref(), Some("x-gateway-key"));
    assert!(load(&text("x-litellm-own", true)).is_ok());
    assert_eq!(
        problems("general_settings: {litellm_key_header_name: a b, master_keys: sk}"),
        [
            "config.yaml:1: general_settings.litellm_key_header_name: holds characters that no name of a header may \
             hold",
            "config.yaml:1: general_settings.master_keys: must be a list of texts, not a text"
        ]
    );
    assert!(load("general_settings: {allowed_ips: [10.0.0/8]}").is_err());
    assert!(load("litellm_settings: {upperbound_key_generate_params: {models: [gpt]}}").is_err());
    assert!(load("litellm_settings: {key_generation_settings: {personal: {}}}").is_err());
}

#[test]
fn a_wrong_strategy_stops_the_start_with_the_right_names() {
    let text = "router_settings:\n  routing_strategy: fastest\n  routing_strategy_args: {ttl: soon, ttll: 1}\n";
    assert_eq!(
        problems(text),
        [
            "config.yaml:2: router_settings.routing_strategy: must be one of `simple-shuffle`, `least-busy`, \
             `usage-based-routing`, `usage-based-routing-v2`, `latency-based-routing`, `cost-based-routing`, \
             `provider-budget-routing`, not `fastest`",
            "config.yaml:3: router_settings.routing_strategy_args.ttl: must be a number of seconds above 0, not `soon`",
        ]
    );
}

#[test]
fn budgets_are_read_whole_and_refused_at_their_line() {
    let text = "\
litellm_settings:
  max_budget: 0.5
  budget_duration: 30d
  max_internal_user_budget: 2
  default_internal_user_params: {budget_duration: 7d}
router_settings:
  provider_budget_config:
    openai: {budget_limit: 100, time_period: 1d}
";
    let settings = load(text).unwrap().config.litellm;
    assert_eq!(settings.max_budget, Some(NanoDollars::new(500_000_000)));
    assert_eq!(settings.budget_duration.as_ref().unwrap().as_str(), "30d");
    let defaults = settings.user_defaults();
    assert_eq!(defaults.max_budget, Some(NanoDollars::new(2_000_000_000)));
    assert_eq!(defaults.budget_duration.unwrap().as_str(), "7d");
    let openai = &settings.provider_budget_config["openai"];
    assert_eq!(openai.max_budget, NanoDollars::new(100_000_000_000));
    assert_eq!(openai.budget_duration.as_ref().unwrap().as_str(), "1d");
    let text = "\
litellm_settings:
  max_budget: -1
  budget_duration: 3mo
  tag_budget_config:
    a: {max_budget: 1, budget_duration: 0s}
";
    assert_eq!(
        problems(text),
        [
            "config.yaml:2: litellm_settings.max_budget: must be a number, 0 or more, not `-1`",
            "config.yaml:3: litellm_settings.budget_duration: must be a period such as `30s`, `24h`, `7d`, `30d` or \
             `1mo`, not `3mo`",
            "config.yaml:5: litellm_settings.tag_budget_config.a.budget_duration: must be a period such as `30s`, \
             `24h`, `7d`, `30d` or `1mo`, not `0s`",
        ]
    );
    assert_eq!(problems("litellm_settings: {tag_budget_config: {a: {max_bugdet: 1}}}").len(), 1);
}

#[test]
fn what_becomes_of_failures_is_read_from_both_sections_and_looked_at_as_a_whole() {
    let text = "\
model_list:
  - {model_name: a, litellm_params: {model: openai/a, num_retries: 4}}
  - {model_name: b, litellm_params: {model: openai/b}}
  - {model_name: wild/*, litellm_params: {model: openai/*}}
litellm_settings:
  num_retries: 5
  fallbacks: [{a: [z]}]
router_settings:
  num_retries: 1
  fallbacks:
    - a: [b, {model: wild/x, temperature: 0}]
    - b: [bb, a]
  model_group_retry_policy: {a: {RateLimitErrorRetries: 7}}
";
    let loaded = load(text).unwrap();
    let failing = &loaded.config.failing;
    assert_eq!((failing.num_retries, failing.model_group_retry_policy["a"].rate_limit), (Some(1), Some(7)));
    assert_eq!(failing.fallbacks[0].targets[1].params["temperature"], 0);
    assert_eq!(
        warnings(text),
        [
            "config.yaml:7: litellm_settings.fallbacks[0].a[0]: `z` is no model of `model_list`, so that it never stands \
             in",
            "config.yaml:11: router_settings.fallbacks[0].a[0]: falls back in a circle, a → b → a: each model is tried \
             once only",
            "config.yaml:12: router_settings.fallbacks[1].b[0]: `bb` is no model of `model_list`, so that it never stands \
             in",
        ]
    );
    let text = "\
router_settings:
  num_retries: many
  retry_policy: {TimeoutErrorRetries: -1, TimeoutErrorRetry: 1}
  fallbacks: a
  default_fallbacks: [{temperature: 0}]
  model_group_retry_policy: [a]
";
    assert_eq!(
        problems(text),
        [
            "config.yaml:2: router_settings.num_retries: must be a whole number, 0 or more, not `many`",
            "config.yaml:3: router_settings.retry_policy.TimeoutErrorRetries: must be a whole number, 0 or more, not `-1`",
            "config.yaml:4: router_settings.fallbacks: must be a list such as `[{a: [b]}]`, not a text",
            "config.yaml:5: router_settings.default_fallbacks[0]: must be a model's name, or a map with `model`, not a map",
            "config.yaml:6: router_settings.model_group_retry_policy: must be a map of models, not a list",
        ]
    );
}

#[test]
fn every_setting_of_the_file_is_met_with_its_fate() {
    let sections = ["litellm_params", "general_settings", "litellm_settings", "router_settings"];
    for section in sections {
        for setting in ledger::in_section(section) {
            let line = format!("{}: [[never quiet]]", setting.name);
            let result = load(&with_setting(section, &line));
            let path = format!("{}: ", setting.name);
            let met = match setting.fate {
                ledger::Fate::NotYet => {
                    result.unwrap().warnings.iter().any(|warning| warning.to_string().contains(&path))
                }
                ledger::Fate::Refused => result.unwrap_err().to_string().contains(&path),
                ledger::Fate::Inherent => result.is_ok_and(|loaded| loaded.warnings.is_empty()),
                _ => true,
            };
            assert!(met, "{section}.{}", setting.name);
        }
    }
}

#[test]
fn every_field_of_tokens_is_read() {
    let plain = format!("{:?}", load("general_settings: {enable_jwt_auth: true}").unwrap().config.general);
    let beside = |name: &str| match name {
        "user_roles_jwt_field" => ", user_allowed_roles: [a]",
        "user_allowed_roles" => ", user_roles_jwt_field: a",
        "user_allowed_email_domain" => ", user_email_jwt_field: a",
        "object_id_jwt_field" => ", roles_jwt_field: a, role_mappings: [{role: a, internal_role: team}]",
        "role_mappings" => ", roles_jwt_field: a",
        "scope_mappings" => ", enforce_scope_based_access: true",
        "enforce_scope_based_access" => ", scope_mappings: [{scope: a, models: [b]}]",
        "jwt_litellm_role_map" => ", roles_jwt_field: a, sync_user_role_and_teams: true",
        "unregistered_jwt_client_behavior" => ", virtual_key_claim_field: a",
        _ => "",
    };
    let mut tried = 0;
    for setting in ledger::in_section("litellm_jwtauth").filter(|setting| setting.fate == ledger::Fate::WithParent) {
        let value = match setting.name {
            "role_mappings" => "[{role: a, internal_role: team}]",
            "scope_mappings" => "[{scope: a, models: [b]}]",
            "jwt_litellm_role_map" => "[{jwt_role: a, litellm_role: internal_user}]",
            "public_key_ttl" => "3",
            "unregistered_jwt_client_behavior" => "reject",
            name if name.ends_with("_routes") || name.ends_with("_roles") => "[a]",
            name if name.ends_with("_field") || name.ends_with("_scope") => "x",
            "team_id_default" | "user_allowed_email_domain" => "x",
            _ => "true",
        };
        let text = |inner: &str| format!("general_settings: {{enable_jwt_auth: true, litellm_jwtauth: {{{inner}}}}}");
        let (own, beside) = (format!("{}: {value}", setting.name), beside(setting.name));
        let loaded = load(&text(&format!("{own}{beside}"))).unwrap_or_else(|error| panic!("{own}: {error}"));
        let without = load(&text(beside.trim_start_matches(", "))).map(|loaded| format!("{:?}", loaded.config.general));
        assert_ne!(format!("{:?}", loaded.config.general), without.unwrap_or_else(|_| plain.clone()), "{own}");
        assert_eq!(beside.is_empty(), load(&text(&own)).is_ok(), "{own}");
        tried += 1;
    }
    assert_eq!(tried, 29);
}

#[test]
fn what_is_wrong_about_tokens_stops_the_start() {
    assert_eq!(
        problems(
            "general_settings:\n  enable_jwt_auth: true\n  litellm_jwtauth:\n    user_id_jwt_feld: sub\n    \
             role_mappings: [{role: a, internal_role: boss}]\n    scope_mappings: [{scope: a}]\n    \
             custom_validate: my.function\n"
        ),
        [
            "config.yaml:4: general_settings.litellm_jwtauth.user_id_jwt_feld: unknown name, and what it asks for would \
             not hold; did you mean `user_id_jwt_field`?",
            "config.yaml:5: general_settings.litellm_jwtauth.role_mappings[0].internal_role: must be one of \
             `proxy_admin`, `team`, `internal_user`, not `boss`",
            "config.yaml:7: general_settings.litellm_jwtauth.custom_validate: is not supported by this version of \
             Postern, and leaving it out would weaken what you ask for: a Python function cannot run here; say what \
             tokens must be with `JWT_AUDIENCE`, `JWT_ISSUER`, `user_allowed_roles`, `user_allowed_email_domain`, \
             `enforce_rbac` or `scope_mappings`",
        ]
    );
    assert_eq!(
        problems("general_settings:\n  enable_jwt_auth: true\n  litellm_jwtauth:\n    scope_mappings: [{scope: a}]\n"),
        ["config.yaml:4: general_settings.litellm_jwtauth.scope_mappings: has no effect without \
          `enforce_scope_based_access: true`"]
    );
    assert_eq!(
        warnings(
            "model_list: [{model_name: a, litellm_params: {model: openai/m}}]\ngeneral_settings: \
                  {litellm_jwtauth: {user_id_jwt_field: sub}}"
        ),
        ["config.yaml:2: general_settings.litellm_jwtauth: has no effect without `enable_jwt_auth: true`"]
    );
}
