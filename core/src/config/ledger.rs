//! Every setting that LiteLLM knows, with what it means and its fate: honoured, or said out loud. The table is
//! `data/settings.tsv`.

use super::environment::truth;
use super::tree::{Content, Node};
use std::sync::LazyLock;

const TABLE: &str = include_str!("../../data/settings.tsv");

/// What becomes of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It does what it says.
    Honoured,
    /// What it asks for happens anyway, or there is nothing here for it to act on: nothing to say.
    Inherent,
    /// Known, without effect in this version: a warning.
    NotYet,
    /// Without effect too, but leaving it out would weaken what the operator wants guarded: it stops the start.
    Refused,
    /// A part of a setting that has its own row.
    WithParent,
    /// No setting of the file: a command-line flag, a header, a field of a request, a variable of the environment.
    Outside,
}

/// One known setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Where it stands: `litellm_params`, `general_settings`, …
    pub section: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What becomes of it.
    pub fate: Fate,
    /// The value that asks for what happens anyway; empty where there is none.
    quiet: &'static str,
    /// What is so instead, and what to do; may be empty.
    pub advice: &'static str,
    /// The types that its value may have, by their names in JSON Schema; `any`.
    types: &'static str,
    /// The value that counts where nobody says one; empty where there is none, or an empty one.
    pub default: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

impl Setting {
    /// The types that its value may have, by their names in JSON Schema; none: any.
    pub fn types(&self) -> impl Iterator<Item = &'static str> {
        self.types.split('|').filter(|name| *name != "any")
    }

    /// What becomes of it, where that is told of the setting that it is a part of.
    pub fn fate_with_parent(&self) -> Fate {
        if self.fate != Fate::WithParent {
            return self.fate;
        }
        let of_section = || find(home_of(self.section)?, self.section);
        let parent = self.name.split(['.', '[']).next().filter(|parent| *parent != self.name);
        let parent = parent.and_then(|parent| find(self.section, parent)).or_else(of_section);
        parent.map_or(Fate::Honoured, |parent| match parent.fate {
            Fate::WithParent => Fate::Honoured,
            fate => fate,
        })
    }

    /// Whether the value asks for nothing, or for what happens anyway.
    pub(super) fn is_quiet(&self, value: &Node) -> bool {
        match &value.content {
            Content::Null => true,
            Content::List(items) => items.is_empty(),
            Content::Map(entries) => entries.is_empty(),
            Content::Bool(asked) => truth(self.quiet) == Some(*asked),
            Content::Number(number) => number.to_string() == self.quiet,
            Content::Text(text) => {
                let asked = truth(text);
                text.is_empty() || text == self.quiet || asked.is_some() && asked == truth(self.quiet)
            }
        }
    }
}

static SETTINGS: LazyLock<Vec<Setting>> = LazyLock::new(|| {
    // What is outside the file is never looked up.
    TABLE.lines().skip(1).filter_map(row).filter(|setting| setting.fate != Fate::Outside).collect()
});

/// The setting of that name in a section.
pub(super) fn find(section: &str, name: &str) -> Option<&'static Setting> {
    in_section(section).find(|setting| setting.name == name)
}

/// All settings of a section.
pub fn in_section(section: &str) -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(move |setting| setting.section == section)
}

/// The section of the file that knows this name, where another one does.
pub(super) fn home_of(name: &str) -> Option<&'static str> {
    const HOMES: [&str; 4] = ["general_settings", "litellm_settings", "router_settings", "top_level"];
    HOMES.into_iter().find(|section| find(section, name).is_some())
}

fn row(line: &'static str) -> Option<Setting> {
    let mut columns = line.split('\t');
    let (section, name, _tier) = (columns.next()?, columns.next()?, columns.next()?);
    let fate = match columns.next()? {
        "honoured" => Fate::Honoured,
        "inherent" => Fate::Inherent,
        "not_yet" => Fate::NotYet,
        "refused" => Fate::Refused,
        "with_parent" => Fate::WithParent,
        "outside" => Fate::Outside,
        _ => return None,
    };
    let (quiet, advice) = (columns.next()?, columns.next()?);
    let (types, default, meaning) = (columns.next()?, columns.next()?, columns.next()?);
    Some(Setting { section, name, fate, quiet, advice, types, default, meaning })
}

#[cfg(test)]
mod tests {
    use super::super::tree::Place;
    use super::*;

    #[test]
    fn every_known_setting_has_a_fate() {
        let unread: Vec<&str> = TABLE.lines().skip(1).filter(|line| row(line).is_none()).collect();
        assert_eq!(unread, [] as [&str; 0]);
        assert!(TABLE.lines().count() > 1000);
    }

    #[test]
    fn every_setting_says_what_it_means_and_of_what_type_it_is() {
        const TYPES: [&str; 6] = ["string", "integer", "number", "boolean", "array", "object"];
        let is_said = |setting: &&Setting| {
            !setting.meaning.is_empty()
                && !setting.types.is_empty()
                && setting.types().all(|name| TYPES.contains(&name))
        };
        let unsaid = SETTINGS.iter().filter(|setting| !is_said(setting));
        assert_eq!(unsaid.map(|setting| setting.name).collect::<Vec<_>>(), [] as [&str; 0]);
    }

    #[test]
    fn a_part_of_a_setting_shares_its_fate() {
        let fate = |section, name| find(section, name).unwrap().fate_with_parent();
        assert_eq!(fate("litellm_jwtauth", "user_id_jwt_field"), Fate::Honoured);
        assert_eq!(fate("general_settings", "sso_providers[].provider"), Fate::Honoured);
        assert_eq!(fate("general_settings", "secret_manager.type"), Fate::Honoured);
        assert_eq!(fate("guardrails", "guardrail_info"), Fate::Honoured);
        assert_eq!(fate("alerting_args", "log_to_console"), Fate::NotYet);
    }

    #[test]
    fn a_refusal_says_what_to_do_instead() {
        let silent = SETTINGS.iter().filter(|setting| setting.fate == Fate::Refused && setting.advice.is_empty());
        assert_eq!(silent.map(|setting| setting.name).collect::<Vec<_>>(), [] as [&str; 0]);
    }

    #[test]
    fn a_value_that_asks_for_what_happens_anyway_is_quiet() {
        let quiet = |section: &str, name: &str, content: Content| {
            find(section, name).unwrap().is_quiet(&Node::new(content, Place::default()))
        };
        let none = Setting { quiet: "0", ..*find("router_settings", "debug_level").unwrap() };
        let number = |number: i32| Node::new(Content::Number(number.into()), Place::default());
        assert!(none.is_quiet(&number(0)) && !none.is_quiet(&number(2)));
        assert!(quiet("litellm_settings", "enable_json_schema_validation", Content::Bool(false)));
        assert!(!quiet("litellm_settings", "enable_json_schema_validation", Content::Bool(true)));
        assert!(!quiet("litellm_settings", "enable_json_schema_validation", Content::Text("/ca.pem".to_owned())));
        assert!(quiet("general_settings", "enable_oauth2_auth", Content::Text("False".to_owned())));
        assert!(quiet("router_settings", "fallbacks", Content::List(Vec::new())));
        assert!(!quiet("general_settings", "allowed_ips", Content::Bool(false)));
    }
}
