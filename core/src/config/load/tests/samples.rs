//! Each setting that is honoured does something: with it a configuration is another one.

use super::*;

/// Settings whose value is a number.
const NUMBERS: [&str; 37] = [
    "allowed_fails",
    "cache_creation_input_token_cost",
    "cache_read_input_token_cost",
    "cooldown_time",
    "database_connection_timeout",
    "default_max_parallel_requests",
    "default_priority",
    "global_max_parallel_requests",
    "health_check_interval",
    "health_check_timeout",
    "input_cost_per_pixel",
    "input_cost_per_second",
    "input_cost_per_token",
    "log_retention_days",
    "max_calls_in_flight",
    "max_fallbacks",
    "max_parallel_requests",
    "max_queue_size",
    "max_queue_wait",
    "max_request_size_mb",
    "max_response_size_mb",
    "max_retries",
    "max_scheduling_delay",
    "num_retries",
    "order",
    "output_cost_per_pixel",
    "output_cost_per_second",
    "output_cost_per_token",
    "reserve_output_tokens",
    "retry_after",
    "rpm",
    "rpm_limit",
    "temperature",
    "tpm",
    "tpm_limit",
    "user_api_key_cache_ttl",
    "weight",
];

/// For each honoured setting of a section, a value that differs from the default.
fn sample_value(section: &str, name: &str) -> String {
    let value = match (section, name) {
        (_, "model") => "other/model",
        (_, name) if NUMBERS.contains(&name) => "3",
        (_, "timeout" | "stream_timeout" | "request_timeout") => "77",
        (_, "fallbacks" | "context_window_fallbacks" | "content_policy_fallbacks") => "[{a: [b]}]",
        (_, "default_fallbacks") => "[a]",
        (_, "retry_policy") => "{TimeoutErrorRetries: 3}",
        (_, "model_group_retry_policy") => "{a: {TimeoutErrorRetries: 3}}",
        (_, "allowed_fails_policy") => "{TimeoutErrorAllowedFails: 3}",
        (_, "extra_headers" | "headers" | "extra_body" | "public_model_groups_links") => "{X-A: b}",
        (_, "drop_params" | "modify_params" | "background_health_checks" | "enforce_user_param") => "true",
        (_, name) if name.starts_with("store_") || name.starts_with("enable_") && name.ends_with("_auth") => "true",
        ("general_settings", name) if name.starts_with("use_") => "true",
        (_, name) if name.ends_with("_routes") => "[/models]",
        (_, "user_url_allowed_hosts" | "master_keys" | "public_model_groups") => "[files.corp]",
        (_, "cost_discount_config" | "cost_margin_config") => "{openai: 0.1}",
        (
            _,
            "additional_drop_params" | "allowed_openai_params" | "allowed_cache_controls" | "tags" | "enforced_params",
        ) => "[seed]",
        (_, "routing_strategy") => "least-busy",
        (_, "routing_strategy_args") => "{ttl: 3}",
        (_, "model_group_alias") => "{b: a}",
        (_, "tag_filtering_match_any" | "user_url_validation" | "health_check_details") => "false",
        (_, "budget_mode") => "strict",
        (_, "budget_policy") => "clamp",
        (_, name) if name.ends_with("_budget") => "3",
        (_, "budget_duration" | "internal_user_budget_duration") => "1d",
        ("litellm_settings", name) if name.ends_with("_params") => "{max_budget: 3}",
        (_, "key_generation_settings") => "{personal_key_generation: {allowed_user_roles: [proxy_admin]}}",
        ("general_settings", "allowed_ips" | "oauth2_proxy_trusted_ips") => "[10.0.0.0/8]",
        ("general_settings", "custom_auth") => "https://who.test",
        ("general_settings", "custom_auth_settings") => "{mode: auto}",
        ("general_settings", "pass_through_endpoints") => "[{path: /a, target: 'https://a.test'}]",
        ("general_settings", "sso_providers") => "[{provider: google, client_id: c, client_secret: s}]",
        ("general_settings", "ui_access_mode") => "admin_only",
        ("general_settings", "oauth2_config_mappings") => "{user_id: X-User}",
        (_, budgets) if budgets.ends_with("_budget_config") => "{a: {budget_limit: 3, time_period: 1d}}",
        (_, "ssl_verify") => "/etc/ca.pem",
        (_, "ssl_security_level") => "DEFAULT@SECLEVEL=1",
        (_, "litellm_credential_name") => "shared",
        (_, "encryption_algorithm") => "aes-256-gcm",
        (_, "litellm_jwtauth") => "{user_id_jwt_field: sub}",
        (_, "service_account_settings") => "{enforced_params: [user]}",
        (_, "default_team_disabled" | "store_audit_logs" | "disable_spend_logs" | "forward_openai_org_id") => "true",
        ("router_settings", "debug_level") => "DEBUG",
        ("router_settings", "default_litellm_params") => "{organization: org}",
        ("general_settings", "key_management_system") => "local",
        ("general_settings", "key_management_settings") => "{hosted_keys: [a]}",
        ("general_settings", "secret_manager") => "{type: vault}",
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

/// A configuration with this line in this section.
pub(super) fn with_setting(section: &str, line: &str) -> String {
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
    let refuse =
        |_: &DeploymentParams, _: &Environment| Err(Uncallable { setting: "model", why: "refused".to_owned() });
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
