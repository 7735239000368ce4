//! Goes over the names of a section: what is refused stops the start, what has no effect is said, what nobody knows
//! gets the nearest known name. Names without effect are taken out, so that nothing behind this room sees them.

use super::ledger::{self, Fate};
use super::report::Report;
use super::tree::{Content, Entry, Node};

/// How alike an unknown name of a setting must be to a known one to be called a misspelling of it.
const LIKE: f64 = 0.7;
/// The same where unknown names are welcome, and where a misspelling stops the start.
const VERY_LIKE: f64 = 0.8;
/// Fields of a request body that may be given as defaults of a deployment, so that none is taken for a misspelling.
const BODY_FIELDS: [&str; 31] = [
    "audio",
    "dimensions",
    "encoding_format",
    "frequency_penalty",
    "function_call",
    "functions",
    "input",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "metadata",
    "min_p",
    "modalities",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "reasoning_effort",
    "response_format",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "tool_choice",
    "tools",
    "top_k",
    "top_logprobs",
    "top_p",
    "user",
];

/// What a section does with a name that nobody knows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// It has no effect: a warning.
    Warn,
    /// It is passed on; a warning only where it looks like a misspelling.
    Pass,
    /// It is kept for whoever reads it.
    Keep,
}

/// Goes over one section, at `path`.
pub(super) fn check(node: &mut Node, section: &str, path: &str, unknown: Unknown, report: &mut Report<'_>) {
    let Content::Map(entries) = &mut node.content else { return };
    entries.retain(|entry| check_entry(entry, section, path, unknown, report));
}

/// The known name of a section that an unknown one probably means.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>, like: f64) -> Option<&'a str> {
    known
        .map(|other| (other, strsim::normalized_damerau_levenshtein(name, other)))
        .filter(|(_, likeness)| *likeness >= like)
        .max_by(|(_, one), (_, other)| one.total_cmp(other))
        .map(|(other, _)| other)
}

/// Whether the name is a misspelling of `meant`, for settings that cannot be done without.
pub(super) fn misspells(name: &str, meant: &str) -> bool {
    nearest(name, std::iter::once(meant), VERY_LIKE).is_some()
}

/// Joins a path and a name.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Whether the entry stays.
fn check_entry(entry: &Entry, section: &str, path: &str, unknown: Unknown, report: &mut Report<'_>) -> bool {
    let path = join(path, &entry.name);
    let Some(setting) = ledger::find(section, &entry.name) else {
        return check_unknown(entry, section, &path, unknown, report);
    };
    match setting.fate {
        Fate::Honoured | Fate::WithParent | Fate::Outside => true,
        // What describes a model is shown by /model/info, whether it has an effect or not.
        Fate::Inherent => unknown == Unknown::Keep,
        Fate::NotYet | Fate::Refused if setting.is_quiet(&entry.value) => unknown == Unknown::Keep,
        Fate::NotYet => {
            report.warn(entry.place, &path, without_effect(setting.advice));
            unknown == Unknown::Keep
        }
        Fate::Refused => {
            let refused =
                "is not supported by this version of Postern, and leaving it out would weaken what you ask for";
            report.error(entry.place, &path, with_advice(refused, setting.advice));
            false
        }
    }
}

/// What is said of a setting that is known and has no effect.
pub(super) fn without_effect(advice: &str) -> String {
    with_advice("is known but not supported by this version of Postern; it has no effect", advice)
}

fn with_advice(message: &str, advice: &str) -> String {
    if advice.is_empty() { message.to_owned() } else { format!("{message}: {advice}") }
}

fn check_unknown(entry: &Entry, section: &str, path: &str, unknown: Unknown, report: &mut Report<'_>) -> bool {
    let known = || ledger::in_section(section).map(|setting| setting.name);
    match unknown {
        Unknown::Keep => true,
        // Where anchors are kept for use further down.
        Unknown::Warn if section == "top_level" && entry.name.starts_with(['_', '.']) => false,
        Unknown::Warn if section == "top_level" && entry.name.starts_with("x-") => false,
        Unknown::Pass => {
            let meant = nearest(&entry.name, known().chain(BODY_FIELDS), VERY_LIKE);
            if meant.is_some() && meant != Some(entry.name.as_str()) {
                report.unknown(entry.place, path, meant, false);
            }
            true
        }
        Unknown::Warn => {
            let meant = nearest(&entry.name, known(), LIKE);
            match ledger::home_of(&entry.name) {
                Some("top_level") => report.warn(entry.place, path, "has no effect here; it belongs at the top level"),
                Some(home) => report.warn(entry.place, path, format!("has no effect here; it belongs in `{home}`")),
                None => report.unknown(entry.place, path, meant, guards(section, &entry.name, meant)),
            }
            false
        }
    }
}

/// Whether the name misspells a setting that guards something: then it stops the start, as a wrong value would.
fn guards(section: &str, name: &str, meant: Option<&str>) -> bool {
    let Some(meant) = meant.and_then(|meant| ledger::find(section, meant)) else { return false };
    let guarding = meant.fate == Fate::Refused || ["master_key", "model_list", "guardrails"].contains(&meant.name);
    guarding && misspells(name, meant.name)
}

#[cfg(test)]
mod tests {
    use super::super::document::Document;
    use super::*;

    fn check_text(section: &str, unknown: Unknown, text: &str) -> Result<(Vec<String>, Vec<String>), String> {
        let document = Document::parse("c.yaml", text).unwrap();
        let mut report = Report::on(&document);
        let mut node = document.root().clone();
        check(&mut node, section, section, unknown, &mut report);
        let warnings = report.finish().map_err(|error| error.to_string())?;
        let left = node.entries().iter().map(|entry| entry.name.clone()).collect();
        Ok((left, warnings.iter().map(ToString::to_string).collect()))
    }

    #[test]
    fn a_setting_without_effect_is_said_and_taken_out() {
        let (left, warnings) =
            check_text("router_settings", Unknown::Warn, "assistants_config: 2\ntimeout: 3\n").unwrap();
        assert_eq!(left, ["timeout"]);
        assert_eq!(
            warnings,
            [
                "c.yaml:1: router_settings.assistants_config: is known but not supported by this version of Postern; it has \
              no effect"
            ]
        );
    }

    #[test]
    fn a_setting_that_guards_something_stops_the_start() {
        let refused = check_text("general_settings", Unknown::Warn, "redact_user_api_key_info: true\n").unwrap_err();
        assert_eq!(
            refused,
            "c.yaml:1: general_settings.redact_user_api_key_info: is not supported by this version of Postern, and leaving it \
             out would weaken what you ask for: spend rows would still name key and user; remove it"
        );
    }

    #[test]
    fn a_misspelling_gets_the_nearest_name_and_stops_the_start_where_it_guards_something() {
        let (_, warnings) = check_text("litellm_settings", Unknown::Warn, "request_timout: 3\n").unwrap();
        let expected = "c.yaml:1: litellm_settings.request_timout: unknown name; did you mean `request_timeout`?";
        assert_eq!(warnings, [expected]);
        let stopped = check_text("general_settings", Unknown::Warn, "master_kye: sk\n").unwrap_err();
        assert_eq!(stopped, "c.yaml:1: general_settings.master_kye: unknown name; did you mean `master_key`?");
    }

    #[test]
    fn a_setting_in_the_wrong_section_is_shown_the_right_one() {
        let (_, warnings) = check_text("litellm_settings", Unknown::Warn, "master_key: sk\n").unwrap();
        let expected = "c.yaml:1: litellm_settings.master_key: has no effect here; it belongs in `general_settings`";
        assert_eq!(warnings, [expected]);
    }

    #[test]
    fn parameters_of_the_request_pass_without_a_word() {
        let text = BODY_FIELDS.map(|name| format!("{name}: 1\n")).concat() + "thinking: {}\nguided_json: {}\n";
        let (left, warnings) = check_text("litellm_params", Unknown::Pass, &text).unwrap();
        assert_eq!(left.len(), BODY_FIELDS.len() + 2);
        assert_eq!(warnings, [] as [&str; 0]);
        let (_, warnings) = check_text("litellm_params", Unknown::Pass, "api_bse: x\n").unwrap();
        assert_eq!(warnings, ["c.yaml:1: litellm_params.api_bse: unknown name; did you mean `api_base`?"]);
    }
}
