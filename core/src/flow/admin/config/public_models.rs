//! `/model_group/make_public` and `/model_hub/update_useful_links`: which models everybody may see, and the links
//! beside them.

use super::config_admin::ConfigAdmin;
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use serde_json::{Map, Value, json};

/// Fields of a body that says which models are public.
pub const GROUPS: &[Field] = &[("model_groups", Kind::TextList)];

/// Fields of a body that says which links stand beside them.
pub const LINKS: &[Field] = &[("useful_links", Kind::Map)];

const SECTION: &str = "litellm_settings";

impl ConfigAdmin {
    /// Makes these models public, and no others.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Refused`] for a model that there is not; those of [`ConfigAdmin::update`].
    pub async fn make_public(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = body::read(body, GROUPS)?;
        let groups =
            asked.get("model_groups").and_then(Value::as_array).cloned().ok_or_else(|| missing("model_groups"))?;
        let known = self.served.model_names();
        let is_known = |name: &&str| known.iter().any(|other| other == name);
        let unknown: Vec<&str> = groups.iter().filter_map(Value::as_str).filter(|name| !is_known(name)).collect();
        if !unknown.is_empty() {
            return Err(AdminError::Refused(format!("There is no model group named: {}", unknown.join(", "))));
        }
        let public = |list: &mut Vec<Value>| {
            list.clone_from(&groups);
            Ok(())
        };
        self.change_list(actor, (SECTION, "public_model_groups"), now, public).await?;
        Ok(json!({
            "message": "Successfully updated public model groups",
            "public_model_groups": groups,
            "updated_by": actor.user_id,
        }))
    }

    /// Puts these links beside the public models, and no others.
    ///
    /// # Errors
    /// The mistakes of a body, and those of [`ConfigAdmin::update`].
    pub async fn set_useful_links(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = body::read(body, LINKS)?;
        let links = asked.get("useful_links").cloned().ok_or_else(|| missing("useful_links"))?;
        self.change(actor, now, &Map::new(), |settings| {
            self.set(settings, (SECTION, "public_model_groups_links"), &links)
        })
        .await?;
        Ok(json!({
            "message": "Successfully updated useful links",
            "useful_links": links,
            "updated_by": actor.user_id,
        }))
    }
}

fn missing(field: &str) -> Problem {
    Problem::missing(&["body", field])
}
