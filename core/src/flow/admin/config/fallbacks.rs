//! `/fallback`: who stands in for one model, kept as rules among the stored settings of the router.

use super::config_admin::ConfigAdmin;
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use crate::flow::admin::params::Params;
use crate::flow::admin::records::forms::required_id;
use serde_json::{Value, json};

const ROUTER: &str = "router_settings";

/// What calls for, and the setting that says so.
const KINDS: [(&str, &str); 3] = [
    ("general", "fallbacks"),
    ("context_window", "context_window_fallbacks"),
    ("content_policy", "content_policy_fallbacks"),
];

/// The kinds by their names.
pub const KIND_NAMES: &[&str] = &["general", "context_window", "content_policy"];

/// The field that names one.
const KIND: &str = "fallback_type";

/// Fields of a body that says who stands in.
pub const FIELDS: &[Field] =
    &[("model", Kind::Text), ("fallback_models", Kind::TextList), (KIND, Kind::OneOf(KIND_NAMES))];

impl ConfigAdmin {
    /// Makes the body's `fallback_models` stand in for its `model`, in place of those that did.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::NotThere`] for a model that there is not, [`AdminError::Refused`] for one
    /// that would stand in and is not there either; those of [`ConfigAdmin::update`].
    pub async fn set_fallback(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = body::read(body, FIELDS)?;
        let model = required_id(&asked, "model")?;
        let models = asked.get("fallback_models").and_then(Value::as_array).cloned().unwrap_or_default();
        let place = || vec!["body".into(), "fallback_models".into()];
        if models.is_empty() {
            return Err(Problem::new("too_short", place(), "List should have at least 1 item").into());
        }
        if models.iter().enumerate().any(|(at, name)| models.iter().skip(at + 1).any(|other| other == name)) {
            return Err(Problem::new("value_error", place(), "fallback_models must not contain duplicates").into());
        }
        let known = self.served.model_names();
        if !known.iter().any(|name| name == model) {
            return Err(AdminError::NotThere(format!("Model '{model}' not found")));
        }
        let unknown: Vec<&str> = models.iter().filter_map(Value::as_str).filter(|name| !has(&known, name)).collect();
        if !unknown.is_empty() {
            return Err(AdminError::Refused(format!("Invalid fallback models: {}", unknown.join(", "))));
        }
        if models.iter().any(|name| name == model) {
            return Err(AdminError::Refused(format!("Model '{model}' cannot be its own fallback")));
        }
        let (kind, setting) = named(asked.get(KIND).and_then(Value::as_str))?;
        let rule = json!({ model: models });
        let is_new = self.rules(setting).await?.iter().all(|rule| rule.get(model).is_none());
        self.change_list(actor, (ROUTER, setting), now, |rules| {
            match rules.iter_mut().find(|rule| rule.get(model).is_some()) {
                Some(known) => *known = rule.clone(),
                None => rules.push(rule.clone()),
            }
            Ok(())
        })
        .await?;
        let done = if is_new { "created" } else { "updated" };
        let message = format!("Fallback configuration {done} successfully");
        Ok(json!({"model": model, "fallback_models": models, "fallback_type": kind, "message": message}))
    }

    /// Who stands in for a model.
    ///
    /// # Errors
    /// [`AdminError::NotThere`]; the mistakes of parameters.
    pub async fn fallback(&self, model: &str, params: &Params) -> Result<Value, AdminError> {
        let (kind, setting) = named(params.text(KIND))?;
        let rules = self.rules(setting).await?;
        let models = rules.iter().find_map(|rule| rule.get(model)).ok_or_else(|| none(kind, model))?;
        Ok(json!({"model": model, "fallback_models": models, "fallback_type": kind}))
    }

    /// Lets nobody stand in for a model.
    ///
    /// # Errors
    /// [`AdminError::NotThere`]; the mistakes of parameters; those of [`ConfigAdmin::update`].
    pub async fn delete_fallback(
        &self,
        actor: &Actor,
        model: &str,
        params: &Params,
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let (kind, setting) = named(params.text(KIND))?;
        self.change_list(actor, (ROUTER, setting), now, |rules| {
            let before = rules.len();
            rules.retain(|rule| rule.get(model).is_none());
            if rules.len() == before { Err(none(kind, model)) } else { Ok(()) }
        })
        .await?;
        let message = "Fallback configuration deleted successfully";
        Ok(json!({"model": model, "fallback_type": kind, "message": message}))
    }

    /// The rules that count: the file's where it has some.
    async fn rules(&self, setting: &str) -> Result<Vec<Value>, AdminError> {
        let stored = self.latest().await?.settings;
        let said = self.served.file().get(ROUTER, setting).or_else(|| stored.get(ROUTER, setting));
        Ok(said.and_then(Value::as_array).cloned().unwrap_or_default())
    }
}

fn has(known: &[String], name: &str) -> bool {
    known.iter().any(|known| known == name)
}

/// A kind, and its setting; the first where nobody says.
fn named(kind: Option<&str>) -> Result<(&'static str, &'static str), AdminError> {
    let found = KINDS.into_iter().find(|(name, _)| kind.is_none_or(|kind| kind == *name));
    found.ok_or_else(|| {
        let message = "Input should be 'general', 'context_window' or 'content_policy'";
        Problem::new("literal_error", vec!["query".into(), KIND.into()], message).into()
    })
}

fn none(kind: &str, model: &str) -> AdminError {
    AdminError::NotThere(format!("No {kind} fallbacks configured for model '{model}'"))
}
