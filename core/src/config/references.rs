//! Values that stand elsewhere: `os.environ/NAME` and `aws_secret/NAME#field`. The environment is at hand; secrets are
//! fetched by the caller, who asks [`Document::references`] which.

use super::document::Document;
use super::environment::Environment;
use super::report::Report;
use super::tree::{Content, Node, Place};
use crate::secret::Secret;
use crate::secret_reference::{FROM_AWS_SECRET, SecretReference};
use std::collections::{BTreeMap, BTreeSet};

/// What a text begins with that stands in a variable.
pub(super) const FROM_ENVIRONMENT: &str = "os.environ/";
const MASTER_KEY: &str = "general_settings.master_key";
/// Names are no references: `vault/llama` may well be a model.
const NAMES_OF_MODELS: [&str; 2] = ["model", "model_name"];
/// Forms of other secret stores, refused by name: passed on as they are they would go out as credentials.
const ELSEWHERE: [&str; 12] = [
    "aws_kms/",
    "aws_secret_manager/",
    "azure_key_vault/",
    "azure_kms/",
    "cyberark/",
    "gcp_secret/",
    "google_kms/",
    "google_secret/",
    "google_secret_manager/",
    "hashicorp_vault/",
    "oidc/",
    "vault/",
];

/// What the references stand for, as far as the caller could fetch it.
pub type Resolved = BTreeMap<SecretReference, Secret>;

impl Document {
    /// The secrets to fetch before the configuration can be read: those named in it, and those that variables of the
    /// environment name (`LITELLM_MASTER_KEY=aws_secret/postern#master_key`).
    pub fn references(&self, environment: &Environment) -> BTreeSet<SecretReference> {
        let mut found = environment_references(environment);
        collect(self.root(), &mut found);
        found
    }
}

/// The secrets that variables of the environment name.
fn environment_references(environment: &Environment) -> BTreeSet<SecretReference> {
    environment.values_with_prefix(FROM_AWS_SECRET).filter_map(|(_, text)| SecretReference::parse(text)).collect()
}

/// The environment with fetched secrets in the place of their references. A variable whose secret was not fetched
/// becomes unset, so that no reference is ever sent as a credential; such variables are returned as well.
pub fn resolve_environment(environment: &Environment, resolved: &Resolved) -> (Environment, Vec<String>) {
    let mut missing = Vec::new();
    let pairs: Vec<_> = environment
        .values_with_prefix(FROM_AWS_SECRET)
        .map(|(name, text)| {
            let secret = SecretReference::parse(text).and_then(|reference| resolved.get(&reference).cloned());
            (
                name.to_owned(),
                secret.unwrap_or_else(|| {
                    missing.push(name.to_owned());
                    Secret::new("")
                }),
            )
        })
        .collect();
    (environment.with(pairs), missing)
}

/// The variables that a tree asks for by `os.environ/NAME`.
pub(super) fn variables(node: &Node) -> BTreeSet<String> {
    let mut found: BTreeSet<_> =
        node.text().and_then(|text| text.strip_prefix(FROM_ENVIRONMENT)).map(str::to_owned).into_iter().collect();
    node.items().iter().for_each(|item| found.append(&mut variables(item)));
    node.entries().iter().for_each(|entry| found.append(&mut variables(&entry.value)));
    found
}

fn collect(node: &Node, found: &mut BTreeSet<SecretReference>) {
    found.extend(node.text().and_then(SecretReference::parse));
    node.items().iter().for_each(|item| collect(item, found));
    node.entries().iter().for_each(|entry| collect(&entry.value, found));
}

/// The document's tree with every reference replaced, and the environment with `environment_variables` laid over it.
pub(super) fn resolve(
    document: &Document,
    environment: &Environment,
    resolved: &Resolved,
    report: &mut Report<'_>,
) -> (Node, Environment) {
    let (environment, missing) = resolve_environment(environment, resolved);
    for name in missing {
        let message = format!("environment variable {name} names a secret that could not be read");
        report.error(Place::default(), "", message);
    }
    let mut root = document.root().clone();
    let mut resolver = Resolver { environment, resolved, report, path: String::new() };
    if let Some(variables) = root.get_mut("environment_variables") {
        resolver.variables(variables);
    }
    resolver.node(&mut root);
    (root, resolver.environment)
}

struct Resolver<'a, 'r> {
    environment: Environment,
    resolved: &'a Resolved,
    report: &'a mut Report<'r>,
    path: String,
}

impl Resolver<'_, '_> {
    /// Later variables may refer to earlier ones, as where each is set in its turn.
    fn variables(&mut self, node: &mut Node) {
        let Content::Map(entries) = &mut node.content else { return };
        for entry in entries {
            self.within(&format!("environment_variables.{}", entry.name), |inner| inner.node(&mut entry.value));
            let value = match &entry.value.content {
                Content::Text(text) => text.clone(),
                Content::Number(number) => number.to_string(),
                Content::Bool(true) => "True".to_owned(),
                Content::Bool(false) => "False".to_owned(),
                Content::Null | Content::List(_) | Content::Map(_) => continue,
            };
            self.environment = self.environment.with([(entry.name.clone(), Secret::new(value))]);
        }
    }

    fn node(&mut self, node: &mut Node) {
        match &mut node.content {
            // What came from elsewhere is a value, whatever it looks like.
            Content::Text(_) if node.from_reference => {}
            Content::Text(_) => self.text(node),
            Content::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.within(&format!("[{index}]"), |inner| inner.node(item));
                }
            }
            Content::Map(entries) => {
                for entry in entries.iter_mut().filter(|entry| {
                    !NAMES_OF_MODELS.contains(&entry.name.as_str())
                        || entry.value.text().is_some_and(|text| text.starts_with(FROM_ENVIRONMENT))
                }) {
                    let step = if self.path.is_empty() { entry.name.clone() } else { format!(".{}", entry.name) };
                    self.within(&step, |inner| inner.node(&mut entry.value));
                }
            }
            Content::Null | Content::Bool(_) | Content::Number(_) => {}
        }
    }

    fn within(&mut self, step: &str, inside: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        self.path.push_str(step);
        inside(self);
        self.path.truncate(length);
    }

    fn text(&mut self, node: &mut Node) {
        let Some(text) = node.text() else { return };
        let value = if let Some(name) = text.strip_prefix(FROM_ENVIRONMENT) {
            self.variable(name, node.place)
        } else if let Some(reference) = SecretReference::parse(text) {
            self.secret(&reference, node.place)
        } else {
            if let Some(form) = ELSEWHERE.iter().find(|form| text.starts_with(*form)) {
                let message = format!(
                    "`{form}` references are not supported; write `os.environ/NAME` or `aws_secret/NAME#field`"
                );
                self.report.error(node.place, &self.path, message);
            }
            return;
        };
        node.content = value.map_or(Content::Null, Content::Text);
        node.from_reference = true;
    }

    fn variable(&mut self, name: &str, place: Place) -> Option<String> {
        let value = self.environment.text(name).map(str::to_owned);
        if value.is_none() && self.path == MASTER_KEY {
            // Without it everyone, or no one, would be the administrator.
            let message = format!("environment variable {name} is not set; set it, or remove `master_key`");
            self.report.error(place, &self.path, message);
        } else if value.is_none() {
            let message = format!("environment variable {name} is not set, so this setting has no effect");
            self.report.warn(place, &self.path, message);
        }
        value
    }

    fn secret(&mut self, reference: &SecretReference, place: Place) -> Option<String> {
        let value = self.resolved.get(reference).map(|secret| secret.expose().to_owned());
        if value.is_none() {
            self.report.error(place, &self.path, format!("secret `{reference}` could not be read"));
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::super::problem::Problem;
    use super::*;
    use serde_json::{Value, json};

    fn read(text: &str, environment: &Environment, resolved: &Resolved) -> Result<(Value, Vec<Problem>), String> {
        let document = Document::parse("c.yaml", text).unwrap();
        let mut report = Report::on(&document);
        let (root, _) = resolve(&document, environment, resolved, &mut report);
        report.finish().map(|warnings| (root.to_value(), warnings)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_variable_stands_anywhere_and_may_come_from_the_file() {
        let environment = Environment::from_pairs([("A", "one")]);
        let text = "environment_variables: {B: os.environ/A, C: os.environ/B}\nx: [{y: os.environ/C}]\n";
        let (tree, warnings) = read(text, &environment, &Resolved::new()).unwrap();
        assert_eq!(tree["x"], json!([{"y": "one"}]));
        assert_eq!(warnings, []);
    }

    #[test]
    fn a_missing_variable_is_a_warning_and_the_setting_counts_as_unset() {
        let text = "model_list:\n  - litellm_params:\n      api_key: os.environ/NOPE\n";
        let (tree, warnings) = read(text, &Environment::default(), &Resolved::new()).unwrap();
        assert_eq!(tree, json!({"model_list": [{"litellm_params": {}}]}));
        assert_eq!(
            warnings[0].to_string(),
            "c.yaml:3: model_list[0].litellm_params.api_key: environment variable NOPE is not set, so this setting \
             has no effect"
        );
    }

    #[test]
    fn a_missing_variable_for_the_master_key_stops_the_start() {
        let text = "general_settings:\n  master_key: os.environ/NOPE\n";
        assert_eq!(
            read(text, &Environment::default(), &Resolved::new()).unwrap_err(),
            "c.yaml:2: general_settings.master_key: environment variable NOPE is not set; set it, or remove \
             `master_key`"
        );
    }

    #[test]
    fn secrets_are_listed_then_put_in_their_place() {
        let environment = Environment::from_pairs([("OPENAI_API_KEY", "aws_secret/keys#openai")]);
        let text = "a: aws_secret/keys#groq\nb: os.environ/OPENAI_API_KEY\nc: aws_secret/whole\n";
        let document = Document::parse("c.yaml", text).unwrap();
        let names: Vec<String> = document.references(&environment).iter().map(SecretReference::to_string).collect();
        assert_eq!(names, ["aws_secret/keys#groq", "aws_secret/keys#openai", "aws_secret/whole"]);
        let resolved =
            document.references(&environment).into_iter().map(|r| (r.clone(), Secret::new(r.name))).collect();
        let (tree, _) = read(text, &environment, &resolved).unwrap();
        assert_eq!(tree, json!({"a": "keys", "b": "keys", "c": "whole"}));
    }

    #[test]
    fn a_secret_that_was_not_fetched_stops_the_start() {
        let environment = Environment::from_pairs([("OPENAI_API_KEY", "aws_secret/keys#openai")]);
        assert_eq!(
            read("a: aws_secret/keys#groq\n", &environment, &Resolved::new()).unwrap_err(),
            "environment variable OPENAI_API_KEY names a secret that could not be read\n\
             c.yaml:1: a: secret `aws_secret/keys#groq` could not be read"
        );
    }

    #[test]
    fn references_to_other_stores_are_refused_by_name() {
        assert_eq!(
            read("a: google_secret/x\nmodel: vault/llama\n", &Environment::default(), &Resolved::new()).unwrap_err(),
            "c.yaml:1: a: `google_secret/` references are not supported; write `os.environ/NAME` or \
             `aws_secret/NAME#field`"
        );
    }
}
