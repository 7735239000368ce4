//! Settings in the table, under a file with one setting.

use crate::config::stored::StoredSettings;
use crate::config::{Config, Document, Environment, Resolved, Sources};
use crate::crypto::Sealer;
use crate::flow::admin::config::config_admin::{ConfigAdmin, NotServable, Served};
use crate::flow::admin::config::versions::ConfigVersions;
use crate::store::table::Table;
use async_trait::async_trait;
use std::sync::Arc;

struct Read {
    document: Document,
    file: StoredSettings,
}

#[async_trait]
impl Served for Read {
    fn file(&self) -> &StoredSettings {
        &self.file
    }

    async fn check(&self, settings: &StoredSettings) -> Result<Vec<String>, NotServable> {
        let (environment, resolved) = (Environment::default(), Resolved::default());
        let sources = Sources { environment: &environment, resolved: &resolved, provider_check: &|_, _| Ok(()) };
        let read = Config::from_document(&self.document.with_stored(settings), sources);
        read.map(|_| Vec::new()).map_err(|error| NotServable(error.to_string()))
    }

    async fn changed(&self) {}

    fn model_names(&self) -> Vec<String> {
        ["gpt", "claude"].map(str::to_owned).into()
    }
}

pub(super) fn config(table: &Arc<dyn Table>, sealer: Sealer) -> ConfigAdmin {
    let document =
        Document::parse("config.yaml", "general_settings: {litellm_key_header_name: x-litellm-key}").unwrap();
    let read = Read { file: document.settings(), document };
    ConfigAdmin::new(ConfigVersions::new(Arc::clone(table), sealer), Arc::new(read), true)
}
