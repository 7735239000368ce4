//! `/access_group/…`: names for several models together, which keys and teams may have among their models. A group is what
//! the stored models say that they belong to (`model_info.access_groups`); those of the file say so in the file.

use super::body::{self, Field, Kind};
use super::error::AdminError;
use super::models::{ModelAdmin, map};
use super::records::forms::required_id;
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::routing::stored::StoredModel;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Fields of a body that makes a group.
pub const NEW: &[Field] =
    &[("access_group", Kind::Text), ("model_names", Kind::TextList), ("model_ids", Kind::TextList)];

/// Fields of a body that says which models a group has.
pub const MEMBERS: &[Field] = &[("model_names", Kind::TextList), ("model_ids", Kind::TextList)];

impl ModelAdmin {
    /// Makes a group of the body's `model_names`, or of the deployments `model_ids`.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Refused`] for a group that there is, or without a stored model.
    pub async fn new_access_group(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        self.on()?;
        let asked = body::read(body, NEW)?;
        let group = required_id(&asked, "access_group")?;
        if self.groups().await?.contains_key(group) {
            return Err(AdminError::Refused(format!("Access group '{group}' already exists")));
        }
        self.regroup(actor, group, &asked, now).await
    }

    /// All groups of stored models, by their names.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn access_groups(&self) -> Result<BTreeMap<String, Map<String, Value>>, AdminError> {
        let groups = self.groups().await?.into_iter();
        Ok(groups
            .map(|(group, models)| {
                let shown = shown(&group, &models);
                (group, shown)
            })
            .collect())
    }

    /// Whether there is such a group: of stored models, or of those of the file.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn has_group(&self, group: &str) -> Result<bool, AdminError> {
        Ok(self.catalogue.is_group_of_file(group) || self.groups().await?.contains_key(group))
    }

    /// One group.
    ///
    /// # Errors
    /// [`AdminError::NoSuchGroup`].
    pub async fn access_group(&self, group: &str) -> Result<Map<String, Value>, AdminError> {
        let groups = self.groups().await?;
        let models = groups.get(group).ok_or_else(|| AdminError::NoSuchGroup(group.to_owned()))?;
        Ok(shown(group, models))
    }

    /// Makes a group that of the body's `model_names` or `model_ids` alone.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::NoSuchGroup`], [`AdminError::Refused`] without a stored model.
    pub async fn update_access_group(
        &self,
        actor: &Actor,
        group: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        self.access_group(group).await?;
        let asked = body::read(body, MEMBERS)?;
        self.regroup(actor, group, &asked, now).await
    }

    /// Deletes a group; its models stay.
    ///
    /// # Errors
    /// [`AdminError::NoSuchGroup`].
    pub async fn delete_access_group(&self, actor: &Actor, group: &str, now: Timestamp) -> Result<Value, AdminError> {
        self.access_group(group).await?;
        let updated = self.set_members(actor, group, &|_| false, now).await?;
        let message = format!("Access group '{group}' deleted successfully");
        Ok(json!({"access_group": group, "models_updated": updated, "message": message}))
    }

    async fn regroup(
        &self,
        actor: &Actor,
        group: &str,
        asked: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let list = |field: &str| -> Vec<String> {
            let texts = asked.get(field).and_then(Value::as_array).into_iter().flatten();
            texts.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let (names, ids) = (list("model_names"), list("model_ids"));
        let wanted =
            |model: &StoredModel| ids.contains(&model.id) || name_of(model).is_some_and(|name| names.contains(&name));
        let stored = self.stored.all().await?;
        let known = |name: &&String| !stored.iter().any(|model| name_of(model).as_ref() == Some(*name));
        if let Some(name) = names.iter().find(known) {
            return Err(AdminError::Refused(format!("No stored model is named '{name}'.")));
        }
        if !stored.iter().any(wanted) {
            return Err(AdminError::Refused("`model_names` or `model_ids` must name a stored model.".to_owned()));
        }
        let updated = self.set_members(actor, group, &wanted, now).await?;
        Ok(json!({"access_group": group, "model_names": names, "models_updated": updated}))
    }

    async fn set_members(
        &self,
        actor: &Actor,
        group: &str,
        wanted: &(dyn Fn(&StoredModel) -> bool + Sync),
        now: Timestamp,
    ) -> Result<usize, AdminError> {
        let mut updated = 0;
        for model in self.stored.all().await? {
            let wants = wanted(&model);
            if groups_of(&model).iter().any(|own| own == group) == wants {
                continue;
            }
            let change = |model: &mut StoredModel| {
                let mut groups = groups_of(model);
                groups.retain(|own| own != group);
                if wants {
                    groups.push(group.to_owned());
                }
                let mut info = map(&model.told, "model_info").unwrap_or_default();
                info.insert("access_groups".to_owned(), groups.into());
                model.told.insert("model_info".to_owned(), info.into());
                Ok(())
            };
            self.change(actor, &model.id, now, change).await?;
            updated += 1;
        }
        self.catalogue.changed().await;
        Ok(updated)
    }

    async fn groups(&self) -> Result<BTreeMap<String, Vec<StoredModel>>, AdminError> {
        let mut groups: BTreeMap<String, Vec<StoredModel>> = BTreeMap::new();
        for model in self.stored.all().await? {
            for group in groups_of(&model) {
                groups.entry(group).or_default().push(model.clone());
            }
        }
        Ok(groups)
    }
}

fn name_of(model: &StoredModel) -> Option<String> {
    model.told.get("model_name").and_then(Value::as_str).map(str::to_owned)
}

fn groups_of(model: &StoredModel) -> Vec<String> {
    let info = model.told.get("model_info");
    let groups = info.and_then(|info| info.get("access_groups")).and_then(Value::as_array).into_iter().flatten();
    groups.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn shown(group: &str, models: &[StoredModel]) -> Map<String, Value> {
    let mut names: Vec<String> = models.iter().filter_map(name_of).collect();
    names.sort_unstable();
    names.dedup();
    let told =
        [("access_group", group.into()), ("model_names", names.into()), ("deployment_count", models.len().into())];
    told.map(|(name, value): (&str, Value)| (name.to_owned(), value)).into_iter().collect()
}
