//! The routes of administrators that tell who changed what.

use super::admin_request::Asked;
use crate::flow::admin::audit::AuditAdmin;
use crate::flow::admin::error::AdminError;
use axum::routing::MethodFilter;
use serde_json::Value;

#[derive(Clone, Copy, Debug)]
pub(super) enum AuditAction {
    List,
    Verify,
    Entry,
}

pub(super) const ROUTES: &[(MethodFilter, &str, AuditAction)] = &[
    (MethodFilter::GET, "/audit", AuditAction::List),
    (MethodFilter::GET, "/audit/verify", AuditAction::Verify),
    (MethodFilter::GET, "/audit/{key}", AuditAction::Entry),
];

pub(super) async fn perform(audit: &AuditAdmin, action: AuditAction, asked: &Asked) -> Result<Value, AdminError> {
    match action {
        AuditAction::List => audit.list(&asked.params).await,
        AuditAction::Verify => audit.verify().await,
        AuditAction::Entry => audit.entry(&asked.key).await,
    }
}
