//! By which names a record's limits of single models are looked up. A model has many names, and a limit of it holds by
//! whichever it is called.

use crate::principal::Principal;
use crate::routing::Deployment;
use std::collections::BTreeMap;

/// The names of the model that a call reaches.
#[derive(Clone, Copy)]
pub(super) struct ModelNames<'a> {
    /// As the client said it.
    said: &'a str,
    /// What the key's own aliases make of that.
    meant: Option<&'a str>,
    /// Who answers.
    deployment: &'a Deployment,
}

impl<'a> ModelNames<'a> {
    pub(super) fn of(said: &'a str, principal: &'a Principal, deployment: &'a Deployment) -> Self {
        Self { said, meant: principal.aliases.get(said).map(String::as_str), deployment }
    }

    /// What `limits` say of the model, with the name by which they know it: the first of its names that they hold, from
    /// the one that was said to the one that it shares with most others.
    pub(super) fn find<'m, T>(&self, limits: &'m BTreeMap<String, T>) -> Option<(&'m str, &'m T)> {
        if limits.is_empty() {
            return None;
        }
        let Self { said, meant, deployment } = *self;
        let public = deployment.group.as_str();
        let names = [
            Some(said),
            meant,
            deployment.traits.team_name.as_deref(),
            Some(public),
            // What a wildcard or a provider's own API calls `openai/gpt-4o` is the model that others call `gpt-4o`.
            deployment.target().and_then(|target| public.strip_prefix(target.provider)?.strip_prefix('/')),
            // All that a wildcard stands for together.
            Some(deployment.entry.model_name.as_str()),
        ];
        names.into_iter().flatten().find_map(|name| limits.get_key_value(name)).map(|(name, limit)| (&**name, limit))
    }
}
