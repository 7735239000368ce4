//! What administrators do, put together.

use super::error::StartError;
use super::sealed::Sealed;
use super::sign_in::Operations;
use crate::accounting::spend_log::SpendLog;
use crate::admission::ledger::Ledger;
use crate::audit::audited::Audited;
use crate::audit::log::AuditLog;
use crate::auth::cache::PrincipalCache;
use crate::auth::key_store::KeyStore;
use crate::auth::records::{Directory, RecordStore};
use crate::clock::{Clock, Random};
use crate::config::{Config, RecordDefaults};
use crate::flow::admin::audit::{self, AuditAdmin};
use crate::flow::admin::config::config_admin::{ConfigAdmin, Served};
use crate::flow::admin::config::versions::ConfigVersions;
use crate::flow::admin::group_budgets::GroupAdmin;
use crate::flow::admin::keys::key_admin::KeyAdmin;
use crate::flow::admin::keys::rules::KeyRules;
use crate::flow::admin::keys::stored_keys::StoredKeys;
use crate::flow::admin::models::ModelAdmin;
use crate::flow::admin::person::PersonAdmin;
use crate::flow::admin::records::record_admin::RecordAdmin;
use crate::flow::admin::spend::spend_admin::SpendAdmin;
use crate::flow::maintenance::Maintenance;
use crate::flow::model_call::{GroupBudgets, ProviderBudgets, ProxyLimits};
use crate::flow::model_hub::ModelHub;
use crate::flow::sign_in::browser::SignIn;
use crate::store::table::Table;
use crate::surface::admin::Administration;
use std::sync::Arc;

/// What administrators keep in the table beside records: models and settings.
type InTheTable = (ModelAdmin, (ConfigVersions, Arc<dyn Served>));

/// What administrators do. Keys that are replaced on a schedule are so by `maintenance`.
///
/// # Errors
/// Those of making what signs people in.
pub(super) fn administration<S: FnOnce(Operations) -> Result<SignIn, StartError>>(
    ((user_defaults, team_defaults), hub): ((RecordDefaults, RecordDefaults), ModelHub),
    ((keys, stored, rules), records, log): ((KeyStore, Option<StoredKeys>, KeyRules), RecordStore, AuditLog),
    (cache, directory): (&Arc<PrincipalCache>, &Arc<Directory>),
    random: &Arc<dyn Random>,
    (sealed, spend): (&Sealed, &Arc<SpendLog>),
    ((models, (versions, served)), people, (maintenance, (of_providers, of_groups))): (
        InTheTable,
        S,
        (&Maintenance, (ProviderBudgets, GroupBudgets)),
    ),
) -> Result<Administration, StartError> {
    let key_admin = KeyAdmin::new(keys.clone(), records.clone(), Arc::clone(cache), Arc::clone(random));
    let is_told_keys = stored.is_some();
    let key_admin = Arc::new(key_admin.storing(stored).ruled_by(rules));
    // Where nobody is told new secrets no key is replaced, and the list of keys is not walked for it.
    if is_told_keys {
        maintenance.rotating(Arc::clone(&key_admin));
    }
    let (below, directory, cache) = (Arc::clone(&key_admin), Arc::clone(directory), Arc::clone(cache));
    let record_admin = RecordAdmin::new(records, below, directory, cache, Arc::clone(random));
    let record_admin = record_admin.with_defaults(user_defaults, team_defaults).shredding(sealed.subjects.clone());
    let spend_admin =
        SpendAdmin::new(SpendLog::clone(spend), keys).showing(sealed.subjects.clone()).telling_of(of_providers);
    let (records, spend, audit) = (Arc::new(record_admin), Arc::new(spend_admin), Arc::new(AuditAdmin::new(log)));
    let config = Arc::new(ConfigAdmin::new(versions, served, models.is_on()));
    let models = Arc::new(models);
    Ok(Administration {
        sign_in: Arc::new(people(Operations { records: Arc::clone(&records), keys: Arc::clone(&key_admin) })?),
        people: Arc::new(PersonAdmin {
            records: Arc::clone(&records),
            spend: Arc::clone(&spend),
            audit: Arc::clone(&audit),
        }),
        hub: Arc::new(hub),
        records,
        keys: key_admin,
        encryption: Arc::new(sealed.encryption()),
        credentials: Arc::new(sealed.admin()),
        groups: Arc::new(GroupAdmin::new(Arc::clone(&models), Arc::clone(&config), of_groups)),
        config,
        models,
        audit,
        spend,
    })
}

/// The table as administrators change it: each change is recorded, unless the configuration says that none is. What
/// calls do with keys and records is not for the log.
pub(super) fn audited(config: &Config, table: &Arc<dyn Table>, clock: &Arc<dyn Clock>) -> Arc<dyn Table> {
    match config.general.store_audit_logs.or(config.litellm.store_audit_logs) {
        Some(false) => Arc::clone(table),
        _ => Arc::new(Audited::new(Arc::clone(table), audit::object, Arc::clone(clock))),
    }
}

/// What everybody may know of models.
pub(super) fn hub(config: &Config) -> ModelHub {
    let litellm = &config.litellm;
    ModelHub { groups: litellm.public_model_groups.clone(), links: litellm.public_model_groups_links.clone() }
}

/// The budgets of providers and of access groups, as calls are admitted by them.
pub(super) fn budgets(config: &Config, table: &Arc<dyn Table>) -> (ProviderBudgets, GroupBudgets) {
    let (ledger, limits) = (Ledger::new(Arc::clone(table)), ProxyLimits::of(config));
    (ProviderBudgets::new(ledger.clone(), limits.clone()), GroupBudgets::new(ledger, limits))
}

/// The configuration's rules for keys.
pub(super) fn key_rules(config: &Config) -> KeyRules {
    KeyRules {
        generation: config.litellm.key_generation_settings.clone(),
        defaults: config.litellm.default_key_generate_params.clone(),
        ceilings: config.litellm.upperbound_key_generate_params.clone(),
        needs_team: config.general.default_team_disabled,
    }
}
