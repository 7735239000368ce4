//! `model_list`: every entry read, with the defaults and named credentials that it refers to filled in.

use super::credential::ConfiguredCredential;
use super::deployment::{DeploymentParams, ModelEntry, ModelInfo};
use super::environment::Environment;
use super::names::{self, Unknown, join};
use super::reading::read;
use super::report::Report;
use super::settings::RouterSettings;
use super::shown::shown;
use super::tree::{Content, Entry, Node};
use crate::secret::Secret;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Says whether a deployment can be called with this environment, and if not, why.
pub type ProviderCheck<'a> = &'a dyn Fn(&DeploymentParams, &Environment) -> Result<(), Uncallable>;

/// Why a deployment cannot be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncallable {
    /// The setting of `litellm_params` at fault. Where the deployment does not have it, the fault is told at `model`.
    pub setting: &'static str,
    /// What is wrong: a sentence for the operator.
    pub why: String,
}

/// Reads `model_list` of the tree.
pub(super) fn read_models(
    root: &Node,
    router: &RouterSettings,
    environment: &Environment,
    check: ProviderCheck<'_>,
    report: &mut Report<'_>,
) -> Vec<ModelEntry> {
    let Some(list) = root.get("model_list").filter(|list| !list.is_null()) else { return Vec::new() };
    if !matches!(list.content, Content::List(_)) {
        report.error(list.place, "model_list", format!("must be a list, not {}", list.kind()));
        return Vec::new();
    }
    let credentials = credentials(root, report);
    let mut reader = ModelReader { root, router, environment, check, credentials, report };
    let models: Vec<ModelEntry> =
        list.items().iter().enumerate().filter_map(|(index, item)| reader.entry(index, item)).collect();
    refuse_double_ids(list, report);
    models
}

struct ModelReader<'a, 'r> {
    root: &'a Node,
    router: &'a RouterSettings,
    environment: &'a Environment,
    check: ProviderCheck<'a>,
    credentials: HashMap<String, Node>,
    report: &'a mut Report<'r>,
}

impl ModelReader<'_, '_> {
    fn entry(&mut self, index: usize, item: &Node) -> Option<ModelEntry> {
        let path = format!("model_list[{index}]");
        if !matches!(item.content, Content::Map(_)) {
            self.report.error(item.place, &path, format!("must be a map, not {}", item.kind()));
            return None;
        }
        let mut item = item.clone();
        let complete = self.required(&mut item, &path, &["model_name", "litellm_params"]);
        names::check(&mut item, "model_list", &path, Unknown::Warn, self.report);
        let name = item.get("model_name").map(|name| self.name(name, &join(&path, "model_name")));
        let params =
            item.remove("litellm_params").and_then(|params| self.params(params, &join(&path, "litellm_params")));
        let (info, known) = self.info(&mut item, &join(&path, "model_info"));
        let (true, Some(Some(model_name)), Some((mut params, said))) = (complete, name, params) else { return None };
        params.input_cost_per_token = params.input_cost_per_token.or(known.input_cost_per_token);
        params.output_cost_per_token = params.output_cost_per_token.or(known.output_cost_per_token);
        let spoken = self.spoken(&params, &said, &join(&path, "litellm_params"));
        spoken.then(|| ModelEntry { model_name, params, info, line: item.place.line })
    }

    fn name(&mut self, node: &Node, path: &str) -> Option<String> {
        match &node.content {
            Content::Text(text) if !text.is_empty() => Some(text.clone()),
            Content::Number(number) => Some(number.to_string()),
            _ => {
                self.report.error(node.place, path, format!("must be a text, not {}", shown(node, path)));
                None
            }
        }
    }

    /// The params, and the entries that they were read from.
    fn params(&mut self, mut node: Node, path: &str) -> Option<(DeploymentParams, Node)> {
        if !matches!(node.content, Content::Map(_)) {
            self.report.error(node.place, path, format!("must be a map, not {}", shown(&node, path)));
            return None;
        }
        self.fill_in(&mut node, path);
        let complete = self.required(&mut node, path, &["model"]);
        names::check(&mut node, "litellm_params", path, Unknown::Pass, self.report);
        let mut params = complete.then(|| read::<DeploymentParams>(&node, path, self.report))?;
        params.stream_timeout = params.stream_timeout.or(self.router.stream_timeout);
        params.max_parallel_requests = params.max_parallel_requests.or(self.router.default_max_parallel_requests);
        Some((params, node))
    }

    /// Named credentials and the defaults of all deployments, where the deployment says nothing itself. A credential that
    /// the file does not have is one that is stored: its values are filled in when calls are made.
    fn fill_in(&mut self, node: &mut Node, path: &str) {
        const NAME: &str = "litellm_credential_name";
        let name = node.get(NAME).and_then(Node::text).map(str::to_owned);
        match name.as_deref().map(|name| self.credentials.get(name)) {
            Some(Some(values)) => {
                node.remove(NAME);
                values.entries().iter().for_each(|entry| node.add_missing(entry.clone()));
            }
            Some(None) => {
                let place = node.get(NAME).map_or(node.place, |node| node.place);
                let known =
                    self.credentials.keys().find(|known| names::misspells(name.as_deref().unwrap_or(""), known));
                if let Some(known) = known {
                    let message = format!("no credential of `credential_list` has this name; did you mean `{known}`?");
                    self.report.warn(place, &join(path, NAME), message);
                }
            }
            None => {}
        }
        let defaults = self.root.get("router_settings").and_then(|router| router.get("default_litellm_params"));
        if let Some(defaults) = defaults {
            defaults.entries().iter().for_each(|entry| node.add_missing(entry.clone()));
        }
    }

    fn info(&mut self, item: &mut Node, path: &str) -> (Map<String, Value>, ModelInfo) {
        let Some(mut node) = item.remove("model_info") else { return Default::default() };
        names::check(&mut node, "model_info", path, Unknown::Keep, self.report);
        let known = read::<ModelInfo>(&node, path, self.report);
        (node.to_value().as_object().cloned().unwrap_or_default(), known)
    }

    /// Whether the deployment can be called. One that cannot stops the start, or is left out where the operator says so.
    fn spoken(&mut self, params: &DeploymentParams, said: &Node, path: &str) -> bool {
        if params.credential.is_some() {
            return true;
        }
        let Err(Uncallable { setting, why }) = (self.check)(params, self.environment) else { return true };
        let own = |name: &str| said.entry(name).filter(|entry| !entry.value.is_null());
        let (name, place) = match own(setting).or_else(|| own(other_spelling(setting))).or_else(|| own("model")) {
            Some(entry) => (entry.name.as_str(), entry.value.place),
            None => ("model", said.place),
        };
        let path = join(path, name);
        if self.router.ignore_invalid_deployments {
            self.report.warn(place, &path, format!("{why}; this deployment is left out"));
        } else {
            self.report.error(place, &path, why);
        }
        false
    }

    /// Whether every name is there. A missing one is reported, at its misspelling where there is one.
    fn required(&mut self, node: &mut Node, path: &str, wanted: &[&str]) -> bool {
        let mut complete = true;
        for wanted in wanted {
            if node.get(wanted).is_some_and(|value| !value.is_null()) {
                continue;
            }
            complete = false;
            let misspelt: Option<Entry> =
                node.entries().iter().find(|entry| names::misspells(&entry.name, wanted)).cloned();
            match misspelt {
                Some(entry) if entry.name != *wanted => {
                    self.report.unknown(entry.place, &join(path, &entry.name), Some(wanted), true);
                    node.remove(&entry.name);
                }
                _ => self.report.error(node.place, path, format!("`{wanted}` is missing")),
            }
        }
        complete
    }
}

/// Another name of the same setting, where there is one.
fn other_spelling(setting: &str) -> &str {
    if setting == "api_base" { "base_url" } else { setting }
}

/// The credentials of the file, as they are listed.
pub(super) fn configured_credentials(root: &Node) -> Vec<ConfiguredCredential> {
    let items = root.get("credential_list").map_or(&[][..], Node::items);
    let read = |item: &Node| {
        let map = |name| item.get(name).map(Node::to_value).and_then(|value| value.as_object().cloned());
        let name = item.get("credential_name").and_then(Node::text)?.to_owned();
        let secret = |value: Value| match value {
            Value::String(text) => Secret::new(text),
            other => Secret::new(other.to_string()),
        };
        let values = map("credential_values")?.into_iter().map(|(name, value)| (name, secret(value))).collect();
        Some(ConfiguredCredential { name, values, info: map("credential_info").unwrap_or_default() })
    };
    items.iter().filter_map(read).collect()
}

fn credentials(root: &Node, report: &mut Report<'_>) -> HashMap<String, Node> {
    let mut credentials = HashMap::new();
    for (index, item) in root.get("credential_list").map_or(&[][..], Node::items).iter().enumerate() {
        match (item.get("credential_name").and_then(Node::text), item.get("credential_values")) {
            (Some(name), Some(values)) if matches!(values.content, Content::Map(_)) => {
                credentials.insert(name.to_owned(), values.clone());
            }
            _ => {
                let path = format!("credential_list[{index}]");
                report.error(item.place, &path, "must have `credential_name` and a map `credential_values`");
            }
        }
    }
    credentials
}

/// An id names one deployment; of two, the earlier would vanish. A number is the text of its digits.
fn refuse_double_ids(list: &Node, report: &mut Report<'_>) {
    let mut lines: HashMap<String, usize> = HashMap::new();
    for (index, item) in list.items().iter().enumerate() {
        let Some(id) = item.get("model_info").and_then(|info| info.entry("id")) else { continue };
        let text = match &id.value.content {
            Content::Text(text) => text.clone(),
            Content::Number(number) => number.to_string(),
            _ => continue,
        };
        if let Some(first) = lines.insert(text.clone(), id.place.line) {
            let message = format!("`{text}` names another deployment already, on line {first}");
            report.error(id.place, &format!("model_list[{index}].model_info.id"), message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::Document;
    use super::*;

    #[test]
    fn an_id_that_is_a_number_names_one_deployment_too() {
        let entries = ["1", "2", "'1'", "2"].map(|id| format!("- model_info: {{id: {id}}}\n"));
        let text = format!("model_list:\n{}", entries.concat());
        let document = Document::parse("c.yaml", &text).unwrap();
        let mut report = Report::on(&document);
        refuse_double_ids(document.root().get("model_list").unwrap(), &mut report);
        let expected = "c.yaml:4: model_list[2].model_info.id: `1` names another deployment already, on line 2\n\
                        c.yaml:5: model_list[3].model_info.id: `2` names another deployment already, on line 3";
        assert_eq!(report.finish().unwrap_err().to_string(), expected);
    }
}
