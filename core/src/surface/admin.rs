//! The routes of administrators: keys and spend, and with [`admin_records`] all that stands above keys. One table says
//! which path does what.

use super::admin_audit::{self, AuditAction};
use super::admin_config::{self, ConfigAction};
use super::admin_credentials::{self, CredentialAction};
use super::admin_models::{self, ModelAction};
use super::admin_people::{self, PeopleAction};
use super::admin_person::{self, PersonAction};
use super::admin_records::{self, RecordAction};
use super::admin_request::{Asked, read};
use super::admin_spend::{self, SpendAction};
use super::error::ErrorAnswer;
use super::gate::{Gate, named};
use crate::author::acting;
use crate::flow::admin::audit::AuditAdmin;
use crate::flow::admin::config::config_admin::ConfigAdmin;
use crate::flow::admin::credentials::CredentialAdmin;
use crate::flow::admin::encryption::EncryptionAdmin;
use crate::flow::admin::error::AdminError;
use crate::flow::admin::group_budgets::GroupAdmin;
use crate::flow::admin::keys::key_admin::KeyAdmin;
use crate::flow::admin::models::ModelAdmin;
use crate::flow::admin::person::PersonAdmin;
use crate::flow::admin::records::record_admin::RecordAdmin;
use crate::flow::admin::spend::spend_admin::SpendAdmin;
use crate::flow::model_hub::ModelHub;
use crate::flow::sign_in::browser::SignIn;
use axum::extract::Request;
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, on};
use axum::{Json, Router};
use http::HeaderValue;
use http::header::CONTENT_DISPOSITION;
use serde_json::Value;
use std::sync::Arc;

/// What administrators do.
#[derive(Clone)]
pub struct Administration {
    /// On keys.
    pub keys: Arc<KeyAdmin>,
    /// On spend.
    pub spend: Arc<SpendAdmin>,
    /// On models in the table.
    pub models: Arc<ModelAdmin>,
    /// On groups of them, and what these may spend.
    pub groups: Arc<GroupAdmin>,
    /// On the record of changes.
    pub audit: Arc<AuditAdmin>,
    /// On stored settings.
    pub config: Arc<ConfigAdmin>,
    /// On all that is sealed.
    pub encryption: Arc<EncryptionAdmin>,
    /// On stored credentials.
    pub credentials: Arc<CredentialAdmin>,
    /// On all that is stored about a person.
    pub people: Arc<PersonAdmin>,
    /// On teams, users, organizations, budgets, end users and tags.
    pub records: Arc<RecordAdmin>,
    /// What everybody may know of models.
    pub hub: Arc<ModelHub>,
    /// People who sign in with a browser.
    pub sign_in: Arc<SignIn>,
}

#[derive(Clone, Copy, Debug)]
enum Action {
    GenerateKey,
    GenerateServiceAccountKey,
    KeyInfo,
    KeyInfoOfMany,
    ListKeys,
    ListAliases,
    UpdateKey,
    DeleteKeys,
    BlockKey,
    UnblockKey,
    ResetKeySpend,
    RegenerateKey,
    UpdateManyKeys,
    KeyHealth,
    ResetAllSpend,
    Record(RecordAction),
    Spend(SpendAction),
    People(PeopleAction),
    Person(PersonAction),
    Credential(CredentialAction),
    Audit(AuditAction),
    Model(ModelAction),
    Config(ConfigAction),
}

/// What is downloaded.
const AS_A_FILE: HeaderValue = HeaderValue::from_static("attachment; filename=\"person.json\"");

const ROUTES: &[(MethodFilter, &str, Action)] = &[
    (MethodFilter::POST, "/key/generate", Action::GenerateKey),
    (MethodFilter::POST, "/key/service-account/generate", Action::GenerateServiceAccountKey),
    (MethodFilter::GET, "/key/info", Action::KeyInfo),
    (MethodFilter::POST, "/v2/key/info", Action::KeyInfoOfMany),
    (MethodFilter::GET, "/key/list", Action::ListKeys),
    (MethodFilter::GET, "/key/aliases", Action::ListAliases),
    (MethodFilter::POST, "/key/update", Action::UpdateKey),
    (MethodFilter::POST, "/key/delete", Action::DeleteKeys),
    (MethodFilter::POST, "/key/block", Action::BlockKey),
    (MethodFilter::POST, "/key/unblock", Action::UnblockKey),
    (MethodFilter::POST, "/key/{key}/reset_spend", Action::ResetKeySpend),
    (MethodFilter::POST, "/key/{key}/regenerate", Action::RegenerateKey),
    (MethodFilter::POST, "/key/regenerate", Action::RegenerateKey),
    (MethodFilter::POST, "/key/bulk_update", Action::UpdateManyKeys),
    (MethodFilter::POST, "/key/health", Action::KeyHealth),
    (MethodFilter::POST, "/global/spend/reset", Action::ResetAllSpend),
];

/// Every route with what it does.
fn table() -> impl Iterator<Item = (MethodFilter, &'static str, Action)> {
    let of_records = admin_records::ROUTES.iter().map(|&(method, path, action)| (method, path, Action::Record(action)));
    let of_people = admin_people::ROUTES.iter().map(|&(method, path, action)| (method, path, Action::People(action)));
    let of_person = admin_person::ROUTES.iter().map(|&(method, path, action)| (method, path, Action::Person(action)));
    let of_spend = admin_spend::ROUTES.iter().map(|&(method, path, action)| (method, path, Action::Spend(action)));
    let of_credentials = admin_credentials::ROUTES.iter();
    let of_credentials = of_credentials.map(|&(method, path, action)| (method, path, Action::Credential(action)));
    let of_models = admin_models::ROUTES.iter().map(|&(method, path, action)| (method, path, Action::Model(action)));
    let of_audit = admin_audit::ROUTES.iter().map(|&(method, path, action)| (method, path, Action::Audit(action)));
    let of_config = admin_config::ROUTES.iter().map(|&(method, path, action)| (method, path, Action::Config(action)));
    ROUTES
        .iter()
        .copied()
        .chain(of_config)
        .chain(of_models)
        .chain(of_audit)
        .chain(of_records)
        .chain(of_people)
        .chain(of_person)
        .chain(of_spend)
        .chain(of_credentials)
}

/// Which paths there are.
pub(super) fn paths() -> impl Iterator<Item = (MethodFilter, &'static str)> {
    table().map(|(method, path, _)| (method, path))
}

/// The routes.
pub(super) fn routes(administration: Administration, gate: Gate, body_bytes_max: usize) -> Router {
    table().fold(Router::new(), |router, (method, path, action)| {
        let (administration, gate) = (administration.clone(), gate.clone());
        let answer = move |request: Request| {
            let (administration, gate) = (administration.clone(), gate.clone());
            async move {
                let asked = read(request, (&gate, (named(method), path)), body_bytes_max).await?;
                let author = asked.author((named(method), path));
                let done = acting(author, perform(&administration, action, &asked)).await?;
                let mut answer = Json(done).into_response();
                if matches!(action, Action::Person(_)) {
                    answer.headers_mut().insert(CONTENT_DISPOSITION, AS_A_FILE);
                }
                Ok::<_, ErrorAnswer>(answer)
            }
        };
        router.route(path, on(method, answer))
    })
}

async fn perform(administration: &Administration, action: Action, asked: &Asked) -> Result<Value, AdminError> {
    let Administration { keys, spend, records, models, groups, audit, config, people, credentials, encryption, .. } =
        administration;
    let Asked { caller, params, key, body, now, .. } = asked;
    match action {
        Action::GenerateKey => keys.generate(caller, body, *now).await,
        Action::GenerateServiceAccountKey => keys.generate_for_service_account(caller, body, *now).await,
        Action::KeyInfo => keys.info(caller, params, *now).await,
        Action::KeyInfoOfMany => keys.info_of_many(caller, body, *now).await,
        Action::ListKeys => keys.list(caller, params).await,
        Action::ListAliases => keys.aliases(caller, params).await,
        Action::UpdateKey => keys.update(caller, body, *now).await,
        Action::DeleteKeys => keys.delete(caller, body).await,
        Action::BlockKey => keys.block(caller, body, *now).await,
        Action::UnblockKey => keys.unblock(caller, body, *now).await,
        Action::ResetKeySpend => keys.reset_spend(caller, key, body).await,
        Action::RegenerateKey => keys.regenerate(caller, key, body, *now).await,
        Action::UpdateManyKeys => keys.bulk_update(caller, body, *now).await,
        Action::KeyHealth => keys.health(caller).await,
        Action::ResetAllSpend => keys.reset_all_spend().await,
        Action::Spend(action) => admin_spend::perform((spend, records), action, asked).await,
        Action::People(action) => admin_people::perform(records, action, asked).await,
        Action::Model(action) => admin_models::perform((models, groups), action, asked).await,
        Action::Person(action) => admin_person::perform(people, action, asked).await,
        Action::Config(action) => admin_config::perform(config, action, asked).await,
        Action::Audit(action) => admin_audit::perform(audit, action, asked).await,
        Action::Credential(action) => admin_credentials::perform((credentials, encryption), action, asked).await,
        Action::Record(action) => admin_records::perform(records, action, asked).await,
    }
}
