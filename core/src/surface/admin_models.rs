//! The routes of administrators that add, change and remove models in the table. One table says which path does what.

use super::admin_request::Asked;
use crate::flow::admin::error::AdminError;
use crate::flow::admin::group_budgets::GroupAdmin;
use crate::flow::admin::models::ModelAdmin;
use axum::routing::MethodFilter;
use serde_json::Value;

#[derive(Clone, Copy, Debug)]
pub(super) enum ModelAction {
    New,
    Update,
    Delete,
    NewGroup,
    Groups,
    Group,
    UpdateGroup,
    DeleteGroup,
    GroupBudget,
    SetGroupBudget,
    DeleteGroupBudget,
}

pub(super) const ROUTES: &[(MethodFilter, &str, ModelAction)] = &[
    (MethodFilter::POST, "/model/new", ModelAction::New),
    (MethodFilter::POST, "/model/update", ModelAction::Update),
    (MethodFilter::PATCH, "/model/{key}/update", ModelAction::Update),
    (MethodFilter::POST, "/model/delete", ModelAction::Delete),
    (MethodFilter::POST, "/access_group/new", ModelAction::NewGroup),
    (MethodFilter::GET, "/access_group/list", ModelAction::Groups),
    (MethodFilter::GET, "/access_group/{key}/info", ModelAction::Group),
    (MethodFilter::PUT, "/access_group/{key}/update", ModelAction::UpdateGroup),
    (MethodFilter::DELETE, "/access_group/{key}/delete", ModelAction::DeleteGroup),
    (MethodFilter::GET, "/access_group/{key}/budget", ModelAction::GroupBudget),
    (MethodFilter::PUT, "/access_group/{key}/budget", ModelAction::SetGroupBudget),
    (MethodFilter::DELETE, "/access_group/{key}/budget", ModelAction::DeleteGroupBudget),
];

pub(super) async fn perform(
    (models, groups): (&ModelAdmin, &GroupAdmin),
    action: ModelAction,
    asked: &Asked,
) -> Result<Value, AdminError> {
    let Asked { caller, key, body, now, .. } = asked;
    match action {
        ModelAction::New => models.create(caller, body, *now).await,
        ModelAction::Update => models.update(caller, key, body, *now).await,
        ModelAction::Delete => models.delete(body).await,
        ModelAction::NewGroup => models.new_access_group(caller, body, *now).await,
        ModelAction::Groups => groups.groups(*now).await,
        ModelAction::Group => groups.group(key, *now).await,
        ModelAction::UpdateGroup => models.update_access_group(caller, key, body, *now).await,
        ModelAction::DeleteGroup => groups.delete(caller, key, *now).await,
        ModelAction::GroupBudget => groups.budget(key, *now).await,
        ModelAction::SetGroupBudget => groups.set_budget(caller, key, body, *now).await,
        ModelAction::DeleteGroupBudget => groups.delete_budget(caller, key, *now).await,
    }
}
