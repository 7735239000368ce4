//! Whole configurations, as operators write them.

use super::*;
use crate::config::{DeploymentParams, ledger};
use crate::money::NanoDollars;
use std::collections::BTreeSet;

const SAMPLE: &str = include_str!("../../../data/config-samples/team.yaml");

fn any_provider(_: &DeploymentParams, _: &Environment) -> Result<(), String> {
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
  enforce_user_param: true
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
            "config.yaml:15: general_settings.enforce_user_param: is not supported by this version of Postern, and \
             leaving it out would weaken what you ask for: requests without `user` would pass; remove it",
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
    let check = |_: &DeploymentParams, _: &Environment| Err("provider `x` is not supported".to_owned());
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
    assert_eq!(
        problems("model_list: [{model_name: a, litellm_params: {model: m, litellm_credential_name: nope}}]"),
        ["config.yaml:1: model_list[0].litellm_params.litellm_credential_name: `credential_list` has no credential \
          `nope`"]
    );
}

#[test]
fn a_file_that_names_no_model_starts_with_a_warning() {
    assert_eq!(warnings(""), ["model_list: names no model, so that no request can be answered"]);
    assert_eq!(problems("model_lst: []"), ["config.yaml:1: model_lst: unknown name; did you mean `model_list`?"]);
}

/// For each honoured setting of a section, a value that differs from the default.
fn sample_value(section: &str, name: &str) -> String {
    let value = match (section, name) {
        (_, "model") => "other/model",
        (_, "timeout" | "stream_timeout" | "request_timeout") => "77",
        (_, "rpm" | "tpm" | "weight" | "input_cost_per_token" | "output_cost_per_token" | "temperature") => "3",
        (_, "extra_headers" | "headers" | "extra_body") => "{X-A: b}",
        (_, "max_parallel_requests" | "global_max_parallel_requests" | "reserve_output_tokens") => "3",
        (_, "drop_params") => "true",
        (_, "additional_drop_params" | "allowed_openai_params" | "allowed_cache_controls" | "tags") => "[seed]",
        (_, "health_check_interval" | "health_check_timeout") => "3",
        (_, "health_check_details") => "false",
        (_, "background_health_checks") => "true",
        (_, "routing_strategy") => "least-busy",
        (_, "routing_strategy_args") => "{ttl: 3}",
        (_, "tag_filtering_match_any") => "false",
        (_, "budget_mode") => "strict",
        (_, "budget_policy") => "clamp",
        (_, "max_budget" | "max_end_user_budget" | "max_internal_user_budget" | "default_max_internal_user_budget") => {
            "3"
        }
        (_, "budget_duration" | "internal_user_budget_duration") => "1d",
        (_, "default_internal_user_params" | "default_team_params") => "{max_budget: 3}",
        (_, "provider_budget_config" | "tag_budget_config") => "{a: {budget_limit: 3, time_period: 1d}}",
        (_, "ssl_verify") => "/etc/ca.pem",
        (_, "ssl_security_level") => "DEFAULT@SECLEVEL=1",
        (_, "litellm_credential_name") => "shared",
        ("router_settings", "default_litellm_params") => "{organization: org}",
        ("general_settings", "max_request_size_mb" | "log_retention_days") => "3",
        ("general_settings", "maximum_spend_logs_retention_period") => "4d",
        ("litellm_settings" | "router_settings", _)
        | (
            "general_settings",
            "detailed_debug" | "allow_requests_on_db_unavailable" | "forward_client_headers_to_llm_api",
        ) => "true",
        ("model_info", "max_tokens" | "max_input_tokens" | "max_output_tokens") => "5",
        _ => "text",
    };
    format!("{name}: {value}")
}

fn with_setting(section: &str, line: &str) -> String {
    let inside = |wanted: &str| if section == wanted { format!("      {line}\n") } else { String::new() };
    let model = if line.starts_with("model:") { "" } else { "      model: openai/m\n" };
    let top = if section.ends_with("_settings") { format!("{section}:\n  {line}\n") } else { String::new() };
    format!(
        "credential_list: [{{credential_name: shared, credential_values: {{api_key: sk}}}}]\nmodel_list:\n  \
         - model_name: a\n    litellm_params:\n{model}{}    model_info:\n      x: y\n{}{top}",
        inside("litellm_params"),
        inside("model_info"),
    )
}

#[test]
fn every_honoured_setting_changes_the_configuration() {
    let sections = ["litellm_params", "model_info", "general_settings", "litellm_settings", "router_settings"];
    let refuse = |_: &DeploymentParams, _: &Environment| Err("refused".to_owned());
    let mut without_effect = BTreeSet::new();
    let mut tried = 0;
    for section in sections {
        for setting in ledger::in_section(section).filter(|setting| setting.fate == ledger::Fate::Honoured) {
            let plain = format!("{:?}", load(&with_setting("none", "x: y")).unwrap().config);
            let text = with_setting(section, &sample_value(section, setting.name));
            let changed = if setting.name == "ignore_invalid_deployments" {
                let document = Document::parse("config.yaml", &text).unwrap();
                let (environment, resolved) = (Environment::default(), Resolved::new());
                let sources = Sources { environment: &environment, resolved: &resolved, provider_check: &refuse };
                Config::from_document(&document, sources).unwrap().config
            } else {
                load(&text).unwrap_or_else(|error| panic!("{section}.{}: {error}", setting.name)).config
            };
            tried += 1;
            if format!("{changed:?}") == plain {
                without_effect.insert((section, setting.name));
            }
        }
    }
    assert_eq!(without_effect, BTreeSet::new());
    assert!(tried > 40, "{tried}");
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
