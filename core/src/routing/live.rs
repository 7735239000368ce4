//! The models as they are now. They are replaced as a whole when what they are made of changes, as when a secret rotates;
//! calls under way keep what they were given.

use super::deployment::{BuildError, Deployment};
use super::group::Group;
use super::routing::Routing;
use super::table::{ModelTable, ResolveError};
use arc_swap::ArcSwap;
use std::sync::Arc;

/// A table of models that can be replaced while it is read. Reading takes no lock.
#[derive(Debug)]
pub struct LiveModels {
    table: ArcSwap<ModelTable>,
}

impl LiveModels {
    /// These models, until they are replaced.
    pub fn new(table: ModelTable) -> Self {
        Self { table: ArcSwap::from_pointee(table) }
    }

    /// The deployments for a requested name, as [`ModelTable::resolve`].
    ///
    /// # Errors
    /// As there.
    pub fn resolve(&self, model: &str) -> Result<Arc<Group>, ResolveError> {
        self.table.load().resolve(model)
    }

    /// As [`ModelTable::passed`].
    ///
    /// # Errors
    /// As there.
    pub fn passed(&self, provider: &str, model: &str) -> Result<Arc<Group>, BuildError> {
        self.table.load().passed(provider, model)
    }

    /// The deployments that a team has under a name of its own.
    pub fn of_team(&self, team: &str, name: &str) -> Option<Arc<Group>> {
        self.table.load().of_team(team, name).cloned()
    }

    /// As [`ModelTable::probed`].
    pub fn probed(&self) -> Vec<Arc<Deployment>> {
        self.table.load().probed()
    }

    /// How deployments are chosen, and what was seen of them. It stays when the table is replaced.
    pub fn routing(&self) -> Arc<Routing> {
        Arc::clone(self.table.load().routing())
    }

    /// The whole table as it is now.
    pub fn now(&self) -> Arc<ModelTable> {
        self.table.load_full()
    }

    /// Puts another table in its place.
    pub fn replace(&self, table: ModelTable) {
        self.table.store(Arc::new(table));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::tests::{entry, targets};
    use serde_json::json;

    fn table(key: &str) -> ModelTable {
        let params = json!({"model": "openai/x", "api_key": key});
        ModelTable::new(vec![entry(json!({"model_name": "m", "litellm_params": params}))], targets()).unwrap()
    }

    #[test]
    fn a_table_is_replaced_and_who_holds_the_old_one_keeps_it() {
        let live = LiveModels::new(table("sk-1"));
        let key = |group: &Group| group.deployments[0].entry.params.api_key.as_ref().unwrap().expose().to_owned();
        let held = live.resolve("m").unwrap();
        live.replace(table("sk-2"));
        assert_eq!((key(&held).as_str(), key(&live.resolve("m").unwrap()).as_str()), ("sk-1", "sk-2"));
        assert_eq!(live.now().names(), ["m"]);
    }
}
