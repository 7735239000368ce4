//! All models that the gateway offers, and the way from a requested name to its deployments.

use super::aliases::Aliases;
use super::deployment::{BuildError, Deployment, Targets};
use super::group::Group;
use super::listed::Listed;
use super::pattern::{Pattern, filled};
use super::recent::Recent;
use super::routing::Routing;
use crate::config::deployment::{DeploymentParams, ModelEntry};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The models on offer. Built at start and whenever the configuration changes; reading it takes no lock except for
/// wildcards.
pub struct ModelTable {
    targets: Arc<Targets>,
    routing: Arc<Routing>,
    /// By public name.
    groups: HashMap<String, Arc<Group>>,
    /// By deployment id: a group of that one deployment.
    ids: HashMap<String, Arc<Group>>,
    /// By the upstream's name as the configuration writes it (`openai/gpt-4o`).
    upstream_names: HashMap<String, Arc<Group>>,
    /// By team and the name under which it calls deployments of its own.
    team_names: HashMap<(String, String), Arc<Group>>,
    /// The most specific first.
    wildcards: Vec<Wildcard>,
    aliases: Aliases,
    recent: Recent,
    /// Public names in the configuration's order, each once.
    names: Vec<String>,
    /// What the names stand for, made when first asked for.
    offered: OnceLock<Vec<Listed>>,
}

/// All wildcard entries of one name.
#[derive(Debug)]
pub(super) struct Wildcard {
    pub(super) name: String,
    pub(super) pattern: Pattern,
    pub(super) entries: Vec<Arc<ModelEntry>>,
}

/// Why a name leads to no deployment.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// No model, wildcard or deployment has this name.
    #[error("no model is named `{0}`")]
    Unknown(String),
    /// A wildcard matches, but the model it stands for cannot be called.
    #[error(transparent)]
    Build(#[from] BuildError),
}

impl ModelTable {
    /// The table of these entries. `targets` finds their upstreams, now and when a wildcard meets a new name.
    ///
    /// # Errors
    /// [`BuildError`] of the first entry that is no deployment. A wildcard is looked at when it is asked for: what it
    /// stands for may name its provider only then.
    pub fn new(entries: Vec<ModelEntry>, targets: Arc<Targets>) -> Result<Self, BuildError> {
        Self::routed(entries, targets, Arc::default())
    }

    /// As [`ModelTable::new`], with deployments chosen as the routing says and by what it has seen.
    ///
    /// # Errors
    /// As [`ModelTable::new`].
    pub fn routed(entries: Vec<ModelEntry>, targets: Arc<Targets>, routing: Arc<Routing>) -> Result<Self, BuildError> {
        let mut names: Vec<String> = Vec::new();
        let mut members: HashMap<String, Vec<Arc<Deployment>>> = HashMap::new();
        let mut wildcards: Vec<Wildcard> = Vec::new();
        for entry in entries.into_iter().map(Arc::new) {
            let name = entry.model_name.clone();
            if !name.contains('*') {
                let deployment = Deployment::build(entry, &*targets)?.routed(&routing);
                let group = members.entry(name.clone()).or_default();
                group.push(deployment);
                if group.len() > 1 {
                    continue;
                }
            } else if let Some(same) = wildcards.iter_mut().find(|wildcard| wildcard.name == name) {
                same.entries.push(entry);
                continue;
            } else {
                wildcards.push(Wildcard { pattern: Pattern::new(&name), name: name.clone(), entries: vec![entry] });
            }
            names.push(name);
        }
        wildcards.sort_by_key(|wildcard| Reverse(wildcard.pattern.specificity()));
        let OtherNames { ids, upstream_names, team_names } = OtherNames::of(&names, &members, &routing);
        let groups = members.into_iter().map(|(name, deployments)| {
            let group = Group::new(name.clone(), deployments, Arc::clone(&routing));
            (name, Arc::new(group))
        });
        let groups = groups.collect();
        Ok(Self {
            targets,
            aliases: Aliases::of(&routing.settings().model_group_alias),
            routing,
            groups,
            ids,
            upstream_names,
            team_names,
            wildcards,
            recent: Recent::default(),
            names,
            offered: OnceLock::new(),
        })
    }

    /// The deployments for a requested name: of the model that it is another name of, of a model of this name, of the deployment with this id, of the most
    /// specific wildcard that matches, of deployments whose upstream name this is. In this order.
    ///
    /// # Errors
    /// [`ResolveError::Unknown`], or [`ResolveError::Build`] where a wildcard matches and its model cannot be called.
    pub fn resolve(&self, model: &str) -> Result<Arc<Group>, ResolveError> {
        if !self.aliases.is_empty()
            && let Some(meant) = self.aliases.model(model)
        {
            return self.other_name(model, &meant);
        }
        self.own_name(model)
    }

    fn other_name(&self, name: &str, meant: &str) -> Result<Arc<Group>, ResolveError> {
        if let Some(group) = self.recent.get(name) {
            return Ok(group);
        }
        let group = Arc::new(self.own_name(meant)?.under(name, &self.routing));
        self.recent.put(name, group.clone());
        Ok(group)
    }

    fn own_name(&self, model: &str) -> Result<Arc<Group>, ResolveError> {
        if let Some(group) = self.groups.get(model).or_else(|| self.ids.get(model)) {
            return Ok(group.clone());
        }
        if let Some(group) = self.recent.get(model) {
            return Ok(group);
        }
        let matched = self.wildcards.iter().find_map(|wildcard| Some((wildcard, wildcard.pattern.captures(model)?)));
        let Some((wildcard, captures)) = matched else {
            let group = self.upstream_names.get(model).cloned();
            return group.ok_or_else(|| ResolveError::Unknown(model.to_owned()));
        };
        let group = Arc::new(self.matched(wildcard, &captures, model)?);
        self.recent.put(model, group.clone());
        Ok(group)
    }

    /// The deployments that a team has for itself under this name.
    pub fn of_team(&self, team: &str, name: &str) -> Option<&Arc<Group>> {
        if self.team_names.is_empty() {
            return None;
        }
        self.team_names.get(&(team.to_owned(), name.to_owned()))
    }

    /// Every deployment as it is probed: by `model_info.health_check_model` where it says so. A wildcard that names none
    /// stands for no model that could be asked.
    pub fn probed(&self) -> Vec<Arc<Deployment>> {
        let model_of = |entry: &ModelEntry| entry.info.get("health_check_model")?.as_str().map(str::to_owned);
        let other = |entry: &Arc<ModelEntry>, model| {
            Deployment::for_match(entry, &entry.model_name, model, &*self.targets).ok().map(Arc::new)
        };
        let named = self.names.iter().filter_map(|name| self.groups.get(name)).flat_map(|group| &group.deployments);
        let named = named.filter_map(|deployment| match model_of(&deployment.entry) {
            Some(model) => other(&deployment.entry, model),
            None => Some(Arc::clone(deployment)),
        });
        let entries = self.wildcards.iter().flat_map(|wildcard| &wildcard.entries);
        named.chain(entries.filter_map(|entry| other(entry, model_of(entry)?))).collect()
    }

    /// How deployments are chosen.
    pub fn routing(&self) -> &Arc<Routing> {
        &self.routing
    }

    /// The model of exactly this public name, or that this is another name of; wildcards left out.
    pub fn group(&self, name: &str) -> Option<&Arc<Group>> {
        self.groups.get(self.aliases.exact(name).unwrap_or(name))
    }

    /// The model that a name means, where it is another name of one.
    pub(super) fn meant_by(&self, name: &str) -> Option<Cow<'_, str>> {
        self.aliases.model(name)
    }

    /// The other names of models that lists show.
    pub(super) fn shown_aliases(&self) -> &[String] {
        self.aliases.shown()
    }

    /// Public names in the configuration's order; wildcards as they are written.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What the names stand for, made by `make` the first time.
    pub(super) fn offered(&self, make: fn(&Self) -> Vec<Listed>) -> &[Listed] {
        self.offered.get_or_init(|| make(self))
    }

    /// The entries of wildcards, the most specific first.
    pub fn wildcard_entries(&self) -> impl Iterator<Item = &Arc<ModelEntry>> {
        self.wildcards.iter().flat_map(|wildcard| &wildcard.entries)
    }

    /// The wildcards, the most specific first.
    pub(super) fn wildcards(&self) -> impl Iterator<Item = &Wildcard> {
        self.wildcards.iter()
    }

    /// A deployment that the configuration does not name: a provider at its own address, with the environment's key.
    /// `model` is `PROVIDER/MODEL`.
    ///
    /// # Errors
    /// [`BuildError`]: the provider's address, where the environment says one, is none.
    pub fn passed(&self, provider: &str, model: &str) -> Result<Arc<Group>, BuildError> {
        let model_name = format!("{provider}/*");
        let params = DeploymentParams { model: model_name.clone(), ..DeploymentParams::default() };
        let entry = Arc::new(ModelEntry { model_name, params, info: serde_json::Map::new(), line: 0 });
        let deployment = Deployment::for_match(&entry, model, model.to_owned(), &*self.targets)?;
        Ok(Arc::new(Group::new(
            model.to_owned(),
            vec![Arc::new(deployment.charged(&self.routing))],
            Arc::clone(&self.routing),
        )))
    }

    /// Those of a wildcard's deployments that can be called; the first error where none can.
    fn matched(&self, wildcard: &Wildcard, captures: &[&str], model: &str) -> Result<Group, BuildError> {
        let mut deployments = Vec::with_capacity(wildcard.entries.len());
        let mut failure = None;
        for entry in &wildcard.entries {
            let upstream = filled(&entry.params.model, captures, model);
            match Deployment::for_match(entry, model, upstream, &*self.targets) {
                Ok(deployment) => deployments.push(deployment.routed(&self.routing)),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match failure {
            Some(error) if deployments.is_empty() => Err(error),
            _ => Ok(Group::new(model.to_owned(), deployments, Arc::clone(&self.routing))),
        }
    }
}

impl fmt::Debug for ModelTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelTable").field("names", &self.names).finish_non_exhaustive()
    }
}

type Groups = HashMap<String, Arc<Group>>;

/// The groups by other names than the public ones.
struct OtherNames {
    ids: Groups,
    upstream_names: Groups,
    team_names: HashMap<(String, String), Arc<Group>>,
}

impl OtherNames {
    fn of(names: &[String], members: &HashMap<String, Vec<Arc<Deployment>>>, routing: &Arc<Routing>) -> Self {
        let mut ids = HashMap::new();
        let mut upstreams: HashMap<String, Vec<Arc<Deployment>>> = HashMap::new();
        let mut teams: HashMap<(String, String), Vec<Arc<Deployment>>> = HashMap::new();
        let group = |name: String, deployments| Arc::new(Group::new(name, deployments, Arc::clone(routing)));
        for deployment in names.iter().filter_map(|name| members.get(name)).flatten() {
            let id = deployment.id.as_str().to_owned();
            ids.insert(id, group(deployment.group.clone(), vec![deployment.clone()]));
            upstreams.entry(deployment.entry.params.model.clone()).or_default().push(deployment.clone());
            if let (Some(team), Some(name)) = (&deployment.traits.team, &deployment.traits.team_name) {
                teams.entry((team.clone(), name.clone())).or_default().push(deployment.clone());
            }
        }
        Self {
            ids,
            upstream_names: upstreams.into_iter().map(|(name, list)| (name.clone(), group(name, list))).collect(),
            team_names: teams.into_iter().map(|(names, list)| (names.clone(), group(names.1, list))).collect(),
        }
    }
}
