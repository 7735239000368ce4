//! One deployment: an upstream, or a fixed answer, with all that is known about it, built from its entry of
//! `model_list`.

use super::breaker::Breaker;
use super::identity::deployment_id;
use super::routing::Routing;
use super::seen::Seen;
use super::traits::Traits;
use crate::config::deployment::{DeploymentParams, ModelEntry};
use crate::id::DeploymentId;
use crate::price::{self, Billing, ModelPrice, is_price};
use crate::providers::target::Target;
use serde_json::{Map, Value};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// Finds the upstream that an entry's parameters mean: its provider, address and credential.
pub type Targets = dyn Fn(&DeploymentParams) -> Result<Target, Box<dyn Error + Send + Sync>> + Send + Sync;

/// One of the upstreams that share a model's traffic.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// Its name in logs, headers and totals.
    pub id: DeploymentId,
    /// The public model name; for a wildcard, the name that was asked for.
    pub group: String,
    /// Who answers.
    pub backend: Backend,
    /// Prices and limits; `None`: the price data does not know the model, and its calls cost nothing.
    pub price: Option<ModelPrice>,
    billing: Billing,
    /// How long calls may take.
    pub timeouts: Timeouts,
    /// Names of the prices that the operator states instead of the price data.
    pub price_overrides: Vec<String>,
    /// Whether it is left alone for a while. It stays when the table of models is replaced.
    pub breaker: Arc<Breaker>,
    /// What the operator wrote.
    pub entry: Arc<ModelEntry>,
    /// What choices ask of it.
    pub traits: Traits,
    /// What is seen of it. All deployments of an id share it.
    pub seen: Arc<Seen>,
    /// Whether a choice goes by what is seen: otherwise nobody needs to look.
    pub is_watched: bool,
}

/// Who answers a deployment's calls.
#[derive(Clone, Debug)]
pub enum Backend {
    /// A provider.
    Upstream(Arc<Target>),
    /// A provider, once the stored credential that these parameters name is filled in.
    Unready(Arc<DeploymentParams>),
    /// Nobody: this fixed answer is given (`mock_response`).
    Mock(Value),
}

/// How long a deployment's calls may take; `None`: the gateway's own limits hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// For a whole call.
    pub total: Option<Duration>,
    /// For the first content of a stream, and between its pieces.
    pub stream_gap: Option<Duration>,
}

/// Why an entry is no deployment.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The upstream cannot be told or called. The cause says what is missing.
    #[error("model `{model_name}` (line {line}): `{model}` cannot be called")]
    Upstream {
        /// The entry's public name.
        model_name: String,
        /// What its `litellm_params.model` says.
        model: String,
        /// Where it stands in the configuration; 0 where it does not.
        line: usize,
        /// What is wrong.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

impl Deployment {
    /// The deployment of an entry.
    ///
    /// # Errors
    /// [`BuildError::Upstream`] where `targets` finds no upstream; a fixed answer needs none.
    pub fn build(entry: Arc<ModelEntry>, targets: &Targets) -> Result<Self, BuildError> {
        let group = entry.model_name.clone();
        let params = &entry.params;
        let backend = backend(&entry, params, targets)?;
        let id = deployment_id(&entry);
        Ok(Self::assembled(id, group, backend, entry.clone(), params))
    }

    /// The deployment that a wildcard entry stands for when `group` is asked for and `model` is its upstream name.
    ///
    /// # Errors
    /// As [`Deployment::build`].
    pub fn for_match(
        entry: &Arc<ModelEntry>,
        group: &str,
        model: String,
        targets: &Targets,
    ) -> Result<Self, BuildError> {
        let params = DeploymentParams { model, ..entry.params.clone() };
        let backend = backend(entry, &params, targets)?;
        Ok(Self::assembled(deployment_id(entry), group.to_owned(), backend, entry.clone(), &params))
    }

    /// The deployment with an upstream, of parameters in which its credential is filled in.
    ///
    /// # Errors
    /// As [`Deployment::build`].
    pub fn completed(&self, params: &DeploymentParams, targets: &Targets) -> Result<Self, BuildError> {
        let backend = backend(&self.entry, params, targets)?;
        Ok(Self { backend, ..self.clone() })
    }

    /// The same deployment, chosen as the routing says and with what it has seen.
    pub(super) fn routed(mut self, routing: &Routing) -> Arc<Self> {
        (self.seen, self.is_watched) = (routing.seen(&self.id), routing.watches());
        self.breaker = routing.breaker(self.breaker_name());
        Arc::new(self.charged(routing))
    }

    /// The same deployment, whose calls are charged as the operator says.
    pub(super) fn charged(mut self, routing: &Routing) -> Self {
        let said =
            self.target().map_or(("mock", self.group.as_str()), |target| (target.provider, target.model.as_str()));
        self.billing = routing.costs().billing(said.0, said.1);
        if self.billing != Billing::default() {
            // What its provider says that a call cost is charged alike.
            let price = self.price.take().unwrap_or_else(|| ModelPrice::from_info(&self.group, Map::new()));
            self.price = Some(price.billed(self.billing));
        }
        self
    }

    /// The name of its breaker: its id; of what a wildcard stands for, the model that was asked for, too, so that a model
    /// that nobody has does not cool down all others.
    fn breaker_name(&self) -> String {
        let id = self.id.as_str();
        if self.group == self.entry.model_name { id.to_owned() } else { format!("{id}#{}", self.group) }
    }

    /// The upstream, where there is one.
    pub fn target(&self) -> Option<&Arc<Target>> {
        match &self.backend {
            Backend::Upstream(target) => Some(target),
            Backend::Mock(_) | Backend::Unready(_) => None,
        }
    }

    /// The price for images of this size and quality, where the model has none that holds for all of them.
    pub fn price_of_images(&self, size: (u64, u64), quality: Option<&str>) -> Option<ModelPrice> {
        let holds_for_all = |price: &ModelPrice| price.charges_images() || price.charges_output_tokens();
        let target = self.target().filter(|_| !self.price.as_ref().is_some_and(holds_for_all))?;
        let model = base_model(&self.entry, &self.entry.params).unwrap_or(&target.model);
        price::find_images(model, target.provider, quality, size).map(|price| price.billed(self.billing))
    }

    fn assembled(
        id: DeploymentId,
        group: String,
        backend: Backend,
        entry: Arc<ModelEntry>,
        params: &DeploymentParams,
    ) -> Self {
        let overrides = overrides(&entry);
        let price = priced(&entry, &backend, params, &overrides);
        let seconds = |seconds: Option<f64>| Duration::try_from_secs_f64(seconds?).ok().filter(|time| !time.is_zero());
        let timeouts = Timeouts { total: seconds(params.timeout), stream_gap: seconds(params.stream_timeout) };
        let price_overrides = overrides.into_iter().map(|(field, _)| field).filter(|field| is_price(field)).collect();
        let traits = Traits::of(&entry, price.as_ref());
        let seen = Arc::new(Seen::remembering(0));
        Self {
            id,
            group,
            backend,
            price,
            billing: Billing::default(),
            timeouts,
            price_overrides,
            breaker: Arc::default(),
            entry,
            traits,
            seen,
            is_watched: false,
        }
    }
}

fn backend(entry: &ModelEntry, params: &DeploymentParams, targets: &Targets) -> Result<Backend, BuildError> {
    if let Some(answer) = &params.mock_response {
        return Ok(Backend::Mock(answer.clone()));
    }
    if params.credential.is_some() {
        return Ok(Backend::Unready(Arc::new(params.clone())));
    }
    let mut target = targets(params).map_err(|cause| BuildError::Upstream {
        model_name: entry.model_name.clone(),
        model: params.model.clone(),
        line: entry.line,
        cause,
    })?;
    // Prices are ours to know; upstreams refuse body fields that they do not.
    target.default_params.retain(|field, _| !is_price(field) && field != "base_model");
    Ok(Backend::Upstream(Arc::new(target)))
}

/// What the operator says about prices and limits; `litellm_params` over `model_info`.
fn overrides(entry: &ModelEntry) -> Map<String, Value> {
    let limits = ["mode", "max_tokens", "max_input_tokens", "max_output_tokens"];
    let said = entry.info.iter().filter(|(field, _)| is_price(field) || limits.contains(&field.as_str()));
    let said = said.chain(entry.params.rest.iter().filter(|(field, _)| is_price(field)));
    let mut overrides: Map<_, _> =
        said.filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect();
    let params = &entry.params;
    for (field, price) in
        [("input_cost_per_token", params.input_cost_per_token), ("output_cost_per_token", params.output_cost_per_token)]
    {
        if let Some(price) = price {
            overrides.insert(field.to_owned(), price.into());
        }
    }
    overrides
}

/// The model whose price holds, where a deployment has a name of its own.
fn base_model<'e>(entry: &'e ModelEntry, params: &'e DeploymentParams) -> Option<&'e str> {
    entry.info.get("base_model").or_else(|| params.rest.get("base_model")).and_then(Value::as_str)
}

fn priced(
    entry: &ModelEntry,
    backend: &Backend,
    params: &DeploymentParams,
    overrides: &Map<String, Value>,
) -> Option<ModelPrice> {
    let known = match (base_model(entry, params), backend) {
        (Some(base), _) => price::find(base, None),
        (None, Backend::Upstream(target)) => price::find(&target.model, Some(target.provider)),
        (None, Backend::Mock(_) | Backend::Unready(_)) => {
            price::find(&params.model, params.custom_llm_provider.as_deref())
        }
    };
    match known {
        Some(price) if overrides.is_empty() => Some(price),
        Some(price) => Some(price.with_overrides(overrides)),
        None if overrides.is_empty() => None,
        None => Some(ModelPrice::from_info(&params.model, overrides.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::tests::{entry, targets};
    use serde_json::json;

    fn built(value: Value) -> Deployment {
        Deployment::build(Arc::new(entry(value)), &*targets()).unwrap()
    }

    #[test]
    fn a_deployment_has_the_price_of_its_upstream_model() {
        let deployment = built(json!({"model_name": "gpt", "litellm_params": {"model": "openai/gpt-4o"}}));
        assert_eq!(deployment.price.unwrap().key(), "gpt-4o");
    }

    #[test]
    fn the_base_model_prices_a_deployment_with_a_name_of_its_own() {
        let deployment = built(json!({
            "model_name": "gpt", "litellm_params": {"model": "azure/team-east"},
            "model_info": {"base_model": "azure/gpt-4o"}
        }));
        assert_eq!(deployment.price.unwrap().key(), "azure/gpt-4o");
    }

    #[test]
    fn the_base_model_may_be_another_providers_and_the_operators_prices_win_over_its_own() {
        let built_with = |prices: Value| {
            let mut params = json!({"model": "openai/gpt-4o"});
            params.as_object_mut().unwrap().extend(prices.as_object().unwrap().clone());
            let info = json!({"base_model": "vertex_ai/claude-sonnet-4-5"});
            built(json!({"model_name": "own", "litellm_params": params, "model_info": info})).price.unwrap()
        };
        let plain = built_with(json!({}));
        assert_eq!(plain.key(), "vertex_ai/claude-sonnet-4-5");
        let own = built_with(json!({"input_cost_per_token": 0.5}));
        let price = |of: &ModelPrice, name: &str| of.info()[name].as_f64();
        assert_eq!(price(&own, "input_cost_per_token"), Some(0.5));
        assert_eq!(price(&own, "output_cost_per_token"), price(&plain, "output_cost_per_token"));
    }

    #[test]
    fn the_operators_prices_and_limits_win() {
        let deployment = built(json!({
            "model_name": "own", "model_info": {"max_tokens": 7, "input_cost_per_token": 1.0},
            "litellm_params": {"model": "openai/own", "input_cost_per_token": 0.5}
        }));
        let price = deployment.price.unwrap();
        assert_eq!((price.max_tokens(), price.info()["input_cost_per_token"].as_f64()), (Some(7), Some(0.5)));
        assert_eq!(deployment.price_overrides, ["input_cost_per_token"]);
    }

    #[test]
    fn prices_stay_here_and_other_parameters_go_upstream() {
        let deployment = built(json!({
            "model_name": "gpt",
            "litellm_params": {"model": "openai/x", "cache_read_input_token_cost": 1.0, "temperature": 0.2}
        }));
        assert_eq!(Value::Object(deployment.target().unwrap().default_params.clone()), json!({"temperature": 0.2}));
    }

    #[test]
    fn a_fixed_answer_needs_no_upstream() {
        let entry =
            entry(json!({"model_name": "demo", "litellm_params": {"model": "nobody/x", "mock_response": "Hi"}}));
        let deployment = Deployment::build(Arc::new(entry), &|_| Err("no such provider".into())).unwrap();
        assert!(matches!(deployment.backend, Backend::Mock(Value::String(text)) if text == "Hi"));
    }

    #[test]
    fn an_entry_without_an_upstream_names_itself_and_its_line() {
        let mut entry = entry(json!({"model_name": "gpt", "litellm_params": {"model": "nobody/x"}}));
        entry.line = 7;
        let error = Deployment::build(Arc::new(entry), &|_| Err("no such provider".into())).unwrap_err();
        assert_eq!(error.to_string(), "model `gpt` (line 7): `nobody/x` cannot be called");
    }
}
