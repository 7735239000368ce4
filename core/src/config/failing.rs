//! What becomes of calls that fail: retries, cooldowns and fallbacks, as `router_settings` or `litellm_settings` say.
//! Fallbacks are looked at as a whole: a model that nobody has, or a circle, is said at start with its line.

use super::deployment::ModelEntry;
use super::known_models;
use super::lenient;
use super::names::{self, Unknown, join};
use super::reading::read;
use super::report::Report;
use super::tree::{Content, Node, Place};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What becomes of calls that fail. `None` and empty: nothing is said.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct FailingSettings {
    /// Retries of a call.
    #[serde(deserialize_with = "lenient::number_of")]
    pub num_retries: Option<u32>,
    /// Least wait before a retry, in seconds.
    #[serde(deserialize_with = "lenient::amount")]
    pub retry_after: Option<f64>,
    /// Failures in a minute that a deployment may have before it cools down.
    #[serde(deserialize_with = "lenient::number_of")]
    pub allowed_fails: Option<u32>,
    /// How long a deployment cools down, in seconds.
    #[serde(deserialize_with = "lenient::amount")]
    pub cooldown_time: Option<f64>,
    /// No deployment cools down.
    #[serde(deserialize_with = "lenient::optional_flag")]
    pub disable_cooldowns: Option<bool>,
    /// Most models tried after the one asked for.
    #[serde(deserialize_with = "lenient::number_of")]
    pub max_fallbacks: Option<u32>,
    /// Retries by the kind of error.
    #[serde(skip)]
    pub retry_policy: PerError,
    /// The same for single models, by public name.
    #[serde(skip)]
    pub model_group_retry_policy: BTreeMap<String, PerError>,
    /// Failures in a minute that a deployment may have, by the kind of error.
    #[serde(skip)]
    pub allowed_fails_policy: PerError,
    /// Models that stand in for one that failed.
    #[serde(skip)]
    pub fallbacks: Vec<FallbackEntry>,
    /// Models that stand in for those without fallbacks of their own.
    #[serde(skip)]
    pub default_fallbacks: Vec<FallbackTarget>,
    /// Models that stand in where the input is too long.
    #[serde(skip)]
    pub context_window_fallbacks: Vec<FallbackEntry>,
    /// Models that stand in where a content policy refused the input.
    #[serde(skip)]
    pub content_policy_fallbacks: Vec<FallbackEntry>,
}

/// Numbers by the kind of error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PerError {
    /// The request is at fault.
    #[serde(alias = "BadRequestErrorRetries", alias = "BadRequestErrorAllowedFails")]
    #[serde(deserialize_with = "lenient::number_of")]
    pub bad_request: Option<u32>,
    /// The credential is refused.
    #[serde(alias = "AuthenticationErrorRetries", alias = "AuthenticationErrorAllowedFails")]
    #[serde(deserialize_with = "lenient::number_of")]
    pub authentication: Option<u32>,
    /// No answer in time.
    #[serde(alias = "TimeoutErrorRetries", alias = "TimeoutErrorAllowedFails")]
    #[serde(deserialize_with = "lenient::number_of")]
    pub timeout: Option<u32>,
    /// Too many requests.
    #[serde(alias = "RateLimitErrorRetries", alias = "RateLimitErrorAllowedFails")]
    #[serde(deserialize_with = "lenient::number_of")]
    pub rate_limit: Option<u32>,
    /// The content policy refuses the input.
    #[serde(alias = "ContentPolicyViolationErrorRetries", alias = "ContentPolicyViolationErrorAllowedFails")]
    #[serde(deserialize_with = "lenient::number_of")]
    pub content_policy: Option<u32>,
    /// The upstream fails.
    #[serde(alias = "InternalServerErrorRetries", alias = "InternalServerErrorAllowedFails")]
    #[serde(deserialize_with = "lenient::number_of")]
    pub internal_server: Option<u32>,
}

/// Which models stand in for one.
#[derive(Clone, Debug, PartialEq)]
pub struct FallbackEntry {
    /// The model; may hold `*`.
    pub model: String,
    /// Its fallbacks, in order.
    pub targets: Vec<FallbackTarget>,
}

/// A model that stands in for another.
#[derive(Clone, Debug, PartialEq)]
pub struct FallbackTarget {
    /// Its public name.
    pub model: String,
    /// Members of the request that are others there.
    pub params: Map<String, Value>,
}

/// Reads what both sections say; `router_settings` wins.
pub(super) fn read_failing(root: &Node, models: &[ModelEntry], report: &mut Report<'_>) -> FailingSettings {
    let mut reader = Reader { report, said: Vec::new() };
    let mut settings = FailingSettings::default();
    for section in ["litellm_settings", "router_settings"] {
        if let Some(node) = root.get(section).filter(|node| matches!(node.content, Content::Map(_))) {
            reader.section(node, section, &mut settings);
        }
    }
    let said = std::mem::take(&mut reader.said);
    let aliases = root.get("router_settings").and_then(|node| node.get("model_group_alias"));
    name_unknown(&said, models, aliases, report);
    name_circles(&said, report);
    settings
}

/// A fallback as it stands in the file.
struct Said {
    path: String,
    place: Place,
    from: Option<String>,
    to: String,
}

struct Reader<'a, 'r> {
    report: &'a mut Report<'r>,
    said: Vec<Said>,
}

impl Reader<'_, '_> {
    fn section(&mut self, node: &Node, section: &str, settings: &mut FailingSettings) {
        let read: FailingSettings = read(&only_plain(node), section, self.report);
        settings.num_retries = read.num_retries.or(settings.num_retries);
        settings.retry_after = read.retry_after.or(settings.retry_after);
        settings.allowed_fails = read.allowed_fails.or(settings.allowed_fails);
        settings.cooldown_time = read.cooldown_time.or(settings.cooldown_time);
        settings.disable_cooldowns = read.disable_cooldowns.or(settings.disable_cooldowns);
        settings.max_fallbacks = read.max_fallbacks.or(settings.max_fallbacks);
        for (name, policy) in
            [("retry_policy", &mut settings.retry_policy), ("allowed_fails_policy", &mut settings.allowed_fails_policy)]
        {
            if let Some(node) = set(node, name) {
                *policy = self.policy(node, name, &join(section, name));
            }
        }
        if let Some(node) = set(node, "model_group_retry_policy") {
            let path = join(section, "model_group_retry_policy");
            if !matches!(node.content, Content::Map(_)) {
                self.report.error(node.place, &path, format!("must be a map of models, not {}", node.kind()));
            }
            for entry in node.entries() {
                let policy = self.policy(&entry.value, "retry_policy", &join(&path, &entry.name));
                settings.model_group_retry_policy.insert(entry.name.clone(), policy);
            }
        }
        for (name, list) in [
            ("fallbacks", &mut settings.fallbacks),
            ("context_window_fallbacks", &mut settings.context_window_fallbacks),
            ("content_policy_fallbacks", &mut settings.content_policy_fallbacks),
        ] {
            if let Some(node) = set(node, name) {
                *list = self.entries(node, &join(section, name));
            }
        }
        if let Some(node) = set(node, "default_fallbacks") {
            settings.default_fallbacks = self.targets(node, None, &join(section, "default_fallbacks"));
        }
    }

    fn policy(&mut self, node: &Node, section: &str, path: &str) -> PerError {
        let mut node = node.clone();
        names::check(&mut node, section, path, Unknown::Warn, self.report);
        read(&node, path, self.report)
    }

    /// `[{a: [b, c]}, …]`, or the same as one map.
    fn entries(&mut self, node: &Node, path: &str) -> Vec<FallbackEntry> {
        let maps: Vec<(String, &Node)> = match &node.content {
            Content::Map(_) => vec![(path.to_owned(), node)],
            Content::List(items) => {
                items.iter().enumerate().map(|(at, item)| (format!("{path}[{at}]"), item)).collect()
            }
            _ => {
                self.report.error(
                    node.place,
                    path,
                    format!("must be a list such as `[{{a: [b]}}]`, not {}", node.kind()),
                );
                return Vec::new();
            }
        };
        let mut entries = Vec::new();
        for (path, map) in maps {
            if !matches!(map.content, Content::Map(_)) {
                let message = format!("must be a map of a model and its fallbacks, not {}", map.kind());
                self.report.error(map.place, &path, message);
            }
            for entry in map.entries() {
                let targets = self.targets(&entry.value, Some(&entry.name), &join(&path, &entry.name));
                entries.push(FallbackEntry { model: entry.name.clone(), targets });
            }
        }
        entries
    }

    /// `[b, {model: c, temperature: 0}]`
    fn targets(&mut self, node: &Node, from: Option<&str>, path: &str) -> Vec<FallbackTarget> {
        if !matches!(node.content, Content::List(_)) {
            self.report.error(node.place, path, format!("must be a list of models, not {}", node.kind()));
            return Vec::new();
        }
        let mut targets = Vec::new();
        for (at, item) in node.items().iter().enumerate() {
            let path = format!("{path}[{at}]");
            let named = match &item.content {
                Content::Text(model) => Some((model.clone(), Map::new())),
                Content::Map(_) => item.get("model").and_then(Node::text).map(|model| {
                    let mut params = item.to_value().as_object().cloned().unwrap_or_default();
                    params.remove("model");
                    (model.to_owned(), params)
                }),
                _ => None,
            };
            let Some((model, params)) = named else {
                let message = format!("must be a model's name, or a map with `model`, not {}", item.kind());
                self.report.error(item.place, &path, message);
                continue;
            };
            let from = from.map(str::to_owned);
            self.said.push(Said { path, place: item.place, from, to: model.clone() });
            targets.push(FallbackTarget { model, params });
        }
        targets
    }
}

/// The value of a name, where one is set.
fn set<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    node.get(name).filter(|value| !value.is_null())
}

/// The settings that are plain values.
const PLAIN: [&str; 6] =
    ["num_retries", "retry_after", "allowed_fails", "cooldown_time", "disable_cooldowns", "max_fallbacks"];

/// The section with nothing but these settings: the others are read, and their mistakes told, elsewhere.
fn only_plain(node: &Node) -> Node {
    let entries = node.entries().iter().filter(|entry| PLAIN.contains(&entry.name.as_str())).cloned().collect();
    Node { content: Content::Map(entries), ..node.clone() }
}

fn name_unknown(said: &[Said], models: &[ModelEntry], aliases: Option<&Node>, report: &mut Report<'_>) {
    for said in said.iter().filter(|said| !known_models::are_named(&said.to, models, aliases)) {
        let message = format!(
            "`{}` is no model of `model_list`, so that it never stands in{}",
            said.to,
            known_models::meant(&said.to, models)
        );
        report.warn(said.place, &said.path, message);
    }
}

/// Says where models stand in for each other in a circle. Each is still tried once only.
fn name_circles(said: &[Said], report: &mut Report<'_>) {
    let mut after: HashMap<&str, Vec<&Said>> = HashMap::new();
    for step in said {
        if let Some(from) = &step.from {
            after.entry(from).or_default().push(step);
        }
    }
    for start in said {
        let Some(from) = start.from.as_deref() else { continue };
        let mut way = vec![from, start.to.as_str()];
        if closes(&after, &mut HashSet::new(), &mut way) && is_first_of(&way) {
            let message = format!("falls back in a circle, {}: each model is tried once only", way.join(" → "));
            report.warn(start.place, &start.path, message);
        }
    }
}

/// Whether the way leads back to where it began; it is as long as the circle then.
fn closes<'s>(after: &HashMap<&str, Vec<&'s Said>>, seen: &mut HashSet<&'s str>, way: &mut Vec<&'s str>) -> bool {
    let (Some(&first), Some(&last)) = (way.first(), way.last()) else { return false };
    if last == first {
        return true;
    }
    if !seen.insert(last) {
        return false;
    }
    for step in after.get(last).into_iter().flatten() {
        way.push(&step.to);
        if closes(after, seen, way) {
            return true;
        }
        way.pop();
    }
    false
}

/// A circle is told once, from its first name on.
fn is_first_of(way: &[&str]) -> bool {
    way.first().is_some_and(|first| way.iter().all(|name| first <= name))
}
