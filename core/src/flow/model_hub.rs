//! What everybody may know of the models here: those that the operator makes public, and links beside them.

use crate::flow::model_group::public_groups;
use crate::routing::ModelTable;
use serde_json::{Map, Value, json};

/// What the page of public models is called.
const TITLE: &str = "Postern";

/// What is public, as the configuration says it.
#[derive(Clone, Debug, Default)]
pub struct ModelHub {
    /// Public names of models (`litellm_settings.public_model_groups`).
    pub groups: Vec<String>,
    /// Addresses, or more about each, by what they are called (`litellm_settings.public_model_groups_links`).
    pub links: Map<String, Value>,
}

impl ModelHub {
    /// `GET /public/model_hub`: the models that are public and still there.
    pub fn models(&self, table: &ModelTable) -> Value {
        public_groups(table, &self.groups).into()
    }

    /// `GET /public/model_hub/info`: what stands beside them.
    pub fn info(&self) -> Value {
        json!({
            "docs_title": TITLE,
            "custom_docs_description": null,
            "litellm_version": env!("CARGO_PKG_VERSION"),
            "useful_links": self.links,
        })
    }
}
