//! Which stored models the gateway of these tests can serve.

use crate::flow::admin::models::{Catalogue, NotADeployment};
use crate::routing::Deployment;
use crate::routing::stored::StoredModel;
use async_trait::async_trait;
use serde_json::Value;
use std::sync::Arc;

/// Models in the table, of which one that names a provider can be called.
pub(super) struct Served;

#[async_trait]
impl Catalogue for Served {
    fn check(&self, model: &StoredModel) -> Result<(), NotADeployment> {
        let named = model.params.get("model").and_then(Value::as_str).is_some_and(|name| name.contains('/'));
        if named { Ok(()) } else { Err(NotADeployment("it names no provider".to_owned())) }
    }

    fn deployment(&self, _: &StoredModel) -> Result<Arc<Deployment>, NotADeployment> {
        panic!("no connection is tried")
    }

    fn is_of_file(&self, id: &str) -> bool {
        id == "gpt-1"
    }

    fn is_group_of_file(&self, group: &str) -> bool {
        group == "of-the-file"
    }

    async fn changed(&self) {}
}
