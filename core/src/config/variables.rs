//! Variables of the environment that stand for settings, as they do for LiteLLM: they count where no file says anything. And
//! those that LiteLLM reads and nothing here does, so that none is ignored in silence.

use super::environment::{Environment, truth};
use super::ledger::{self, Fate};
use super::names::without_effect;
use super::report::Report;
use super::tree::{Content, Entry, Node, Place};

/// Variables, each with the setting that it stands for.
const STANDING: [(&str, &str, &str); 12] = [
    ("DEFAULT_ALLOWED_FAILS", "router_settings", "allowed_fails"),
    ("DEFAULT_COOLDOWN_TIME_SECONDS", "router_settings", "cooldown_time"),
    ("DEFAULT_HEALTH_CHECK_INTERVAL", "general_settings", "health_check_interval"),
    ("DEFAULT_MANAGEMENT_OBJECT_IN_MEMORY_CACHE_TTL", "general_settings", "user_api_key_cache_ttl"),
    ("DEFAULT_MAX_RETRIES", "router_settings", "num_retries"),
    ("HEALTH_CHECK_TIMEOUT_SECONDS", "router_settings", "health_check_timeout"),
    ("JSON_LOGS", "litellm_settings", "json_logs"),
    ("LITELLM_DROP_PARAMS", "litellm_settings", "drop_params"),
    ("LITELLM_MODIFY_PARAMS", "litellm_settings", "modify_params"),
    ("REQUEST_TIMEOUT", "litellm_settings", "request_timeout"),
    ("ROUTER_MAX_FALLBACKS", "router_settings", "max_fallbacks"),
    ("SET_VERBOSE", "litellm_settings", "set_verbose"),
];

/// Sections that know some settings of each other's.
const SHARING: [&str; 2] = ["litellm_settings", "router_settings"];

/// Adds the settings that variables stand for, where no file has them.
pub(super) fn lay_under(root: &mut Node, environment: &Environment, report: &mut Report<'_>) {
    for (variable, section, name) in STANDING {
        let Some(text) = environment.text(variable) else { continue };
        let is_in = |section: &str| root.get(section).and_then(|node| node.get(name)).is_some();
        if is_in(section) || SHARING.contains(&section) && SHARING.into_iter().any(is_in) {
            continue;
        }
        match value(section, name, text.trim()) {
            Ok(content) => set(root, section, name, content),
            Err(expected) => report.error(Place::default(), variable, format!("must be {expected}")),
        }
    }
}

/// Warns of variables that are set and have no effect.
pub(super) fn name_idle(environment: &Environment, report: &mut Report<'_>) {
    let idle = ledger::in_section("environment").filter(|variable| variable.fate == Fate::NotYet);
    for variable in idle.filter(|variable| environment.text(variable.name).is_some()) {
        report.warn(Place::default(), variable.name, without_effect(variable.advice));
    }
}

/// A variable's text as a value of the setting's type; what it should be, where it is none.
fn value(section: &str, name: &str, text: &str) -> Result<Content, &'static str> {
    let kind = ledger::find(section, name).and_then(|setting| setting.types().next());
    if kind == Some("boolean") {
        return truth(text).map(Content::Bool).ok_or("`true` or `false`");
    }
    let whole = text.parse::<i64>().ok().map(Into::into);
    let number = whole.or_else(|| text.parse().ok().and_then(serde_json::Number::from_f64));
    number.map(Content::Number).ok_or("a number")
}

fn set(root: &mut Node, section: &str, name: &str, content: Content) {
    let entry = |name: &str, content| Entry {
        name: name.to_owned(),
        place: Place::default(),
        value: Node::new(content, Place::default()),
    };
    root.add_missing(entry(section, Content::Map(Vec::new())));
    let Some(node) = root.get_mut(section) else { return };
    if node.is_null() {
        node.content = Content::Map(Vec::new());
    }
    node.add_missing(entry(name, content));
}

#[cfg(test)]
mod tests {
    use super::super::references::Resolved;
    use super::super::{Config, ConfigError, DeploymentParams, Document, Loaded, Sources};
    use super::*;

    fn load(text: &str, variables: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
        let document = Document::parse("c.yaml", text).unwrap();
        let environment = Environment::from_pairs(variables.iter().copied());
        let provider_check = |_: &DeploymentParams, _: &Environment| Ok(());
        let sources =
            Sources { environment: &environment, resolved: &Resolved::new(), provider_check: &provider_check };
        Config::from_document(&document, sources)
    }

    const MODEL: &str = "model_list: [{model_name: a, litellm_params: {model: openai/a}}]\n";

    #[test]
    fn each_variable_counts_as_its_setting_where_no_file_says_it() {
        let plain = format!("{:?}", load(MODEL, &[]).unwrap().config);
        for (variable, section, name) in STANDING {
            let is_flag = ledger::find(section, name).unwrap().types().next() == Some("boolean");
            let value = if is_flag { "True" } else { " 7 " };
            let with_variable = load(MODEL, &[(variable, value)]).unwrap().config;
            let text = format!("{MODEL}{section}: {{{name}: {}}}\n", value.trim().to_lowercase());
            let with_setting = load(&text, &[]).unwrap().config;
            assert_eq!(format!("{with_variable:?}"), format!("{with_setting:?}"), "{variable}");
            assert_ne!(format!("{with_setting:?}"), plain, "{variable}");
            let both = load(&text, &[(variable, if is_flag { "false" } else { "8" })]).unwrap().config;
            assert_eq!(format!("{both:?}"), format!("{with_setting:?}"), "{variable}: the file goes first");
        }
    }

    #[test]
    fn a_setting_of_the_other_section_goes_first_too() {
        let text = format!("{MODEL}router_settings:\nlitellm_settings: {{num_retries: 4}}\n");
        let config = load(&text, &[("DEFAULT_MAX_RETRIES", "9"), ("ROUTER_MAX_FALLBACKS", "1")]).unwrap().config;
        assert_eq!((config.failing.num_retries, config.failing.max_fallbacks), (Some(4), Some(1)));
    }

    #[test]
    fn a_variable_that_cannot_be_is_named_and_its_value_is_not() {
        let error = load(MODEL, &[("REQUEST_TIMEOUT", "sk-secret"), ("JSON_LOGS", "sk-secret")]).unwrap_err();
        let problems: Vec<_> = error.problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 2);
        assert!(problems[0].contains("JSON_LOGS: must be `true` or `false`"), "{problems:?}");
        assert!(problems[1].contains("REQUEST_TIMEOUT: must be a number"), "{problems:?}");
        assert!(!format!("{problems:?}").contains("secret"));
    }

    #[test]
    fn a_variable_that_nothing_reads_is_named_where_it_is_set() {
        let warnings =
            load(MODEL, &[("LANGFUSE_SECRET_KEY", "sk"), ("HOSTNAME", "h"), ("HOME", "/")]).unwrap().warnings;
        let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
        assert!(warning.to_string().contains("LANGFUSE_SECRET_KEY: is known but not supported"), "{warning}");
    }

    #[test]
    fn without_a_file_variables_count_too() {
        let environment =
            Environment::from_pairs([("LITELLM_DROP_PARAMS", "1"), ("SMTP_HOST", "m"), ("LITELLM_MASTER_KEY", "sk-m")]);
        let provider_check = |_: &DeploymentParams, _: &Environment| Ok(());
        let sources =
            Sources { environment: &environment, resolved: &Resolved::new(), provider_check: &provider_check };
        let model = || load(MODEL, &[]).unwrap().config.models;
        let loaded = Config::from_environment(&Document::empty(), model(), sources).unwrap();
        assert_eq!(loaded.config.models[0].params.drop_params, model()[0].params.drop_params);
        assert!(loaded.config.litellm.drop_params && loaded.config.general.master_key.is_some());
        assert_eq!(loaded.warnings.len(), 1, "{:?}", loaded.warnings);
    }
}
