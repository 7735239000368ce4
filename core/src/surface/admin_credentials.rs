//! The routes of administrators that make, show and change stored credentials.

use super::admin_request::Asked;
use crate::flow::admin::credentials::CredentialAdmin;
use crate::flow::admin::encryption::EncryptionAdmin;
use crate::flow::admin::error::AdminError;
use axum::routing::MethodFilter;
use serde_json::Value;

#[derive(Clone, Copy, Debug)]
pub(super) enum CredentialAction {
    Create,
    List,
    One,
    Update,
    Delete,
    Migrate,
    CheckMigration,
}

/// The name may hold slashes; the two that are no names go before it.
pub(super) const ROUTES: &[(MethodFilter, &str, CredentialAction)] = &[
    (MethodFilter::POST, "/credentials", CredentialAction::Create),
    (MethodFilter::GET, "/credentials", CredentialAction::List),
    (MethodFilter::POST, "/credentials/migrate-encryption", CredentialAction::Migrate),
    (MethodFilter::GET, "/credentials/migrate-encryption/check", CredentialAction::CheckMigration),
    (MethodFilter::GET, "/credentials/by_name/{*key}", CredentialAction::One),
    (MethodFilter::PATCH, "/credentials/{*key}", CredentialAction::Update),
    (MethodFilter::DELETE, "/credentials/{*key}", CredentialAction::Delete),
];

pub(super) async fn perform(
    (credentials, encryption): (&CredentialAdmin, &EncryptionAdmin),
    action: CredentialAction,
    asked: &Asked,
) -> Result<Value, AdminError> {
    let Asked { caller, params, key, body, now, .. } = asked;
    match action {
        CredentialAction::Create => credentials.create(caller, body, *now).await,
        CredentialAction::List => credentials.list().await,
        CredentialAction::One => credentials.one(key).await,
        CredentialAction::Update => credentials.update(caller, key, body, *now).await,
        CredentialAction::Delete => credentials.delete(key).await,
        CredentialAction::Migrate => encryption.migrate(caller, params, *now).await,
        CredentialAction::CheckMigration => encryption.check(params).await,
    }
}
