//! The routes of administrators about who belongs where: members by the hundred and of organizations, what members may
//! do, invitations, which keys stand for tokens, what new records get. One table says which path does what.

use super::admin_request::Asked;
use crate::flow::admin::error::AdminError;
use crate::flow::admin::records::defaults::Defaults;
use crate::flow::admin::records::permissions::roles;
use crate::flow::admin::records::record_admin::RecordAdmin;
use axum::routing::MethodFilter;
use serde_json::Value;

#[derive(Clone, Copy, Debug)]
pub(super) enum PeopleAction {
    AddManyMembers,
    TeamPermissions,
    UpdateTeamPermissions,
    AvailableTeams,
    UpdateManyUsers,
    Roles,
    Defaults(Defaults),
    UpdateDefaults(Defaults),
    AddOrganizationMembers,
    UpdateOrganizationMember,
    DeleteOrganizationMember,
    NewInvitation,
    InvitationInfo,
    UpdateInvitation,
    DeleteInvitation,
    NewKeyMapping,
    KeyMappings,
    KeyMapping,
    UpdateKeyMapping,
    DeleteKeyMapping,
    SearchTeams,
    SearchUsers,
    OwnMembership,
    ResetMemberSpend,
}

pub(super) const ROUTES: &[(MethodFilter, &str, PeopleAction)] = &[
    (MethodFilter::POST, "/team/bulk_member_add", PeopleAction::AddManyMembers),
    (MethodFilter::GET, "/team/permissions_list", PeopleAction::TeamPermissions),
    (MethodFilter::POST, "/team/permissions_update", PeopleAction::UpdateTeamPermissions),
    (MethodFilter::GET, "/team/available", PeopleAction::AvailableTeams),
    (MethodFilter::GET, "/team/filter/ui", PeopleAction::SearchTeams),
    (MethodFilter::GET, "/user/filter/ui", PeopleAction::SearchUsers),
    (MethodFilter::GET, "/team/{key}/members/me", PeopleAction::OwnMembership),
    (MethodFilter::POST, "/team/{key}/member/{user}/reset_spend", PeopleAction::ResetMemberSpend),
    (MethodFilter::POST, "/team/{key}/member/{user}/reset_budget", PeopleAction::ResetMemberSpend),
    (MethodFilter::POST, "/user/bulk_update", PeopleAction::UpdateManyUsers),
    (MethodFilter::GET, "/user/available_roles", PeopleAction::Roles),
    (MethodFilter::GET, "/get/internal_user_settings", PeopleAction::Defaults(Defaults::User)),
    (MethodFilter::PATCH, "/update/internal_user_settings", PeopleAction::UpdateDefaults(Defaults::User)),
    (MethodFilter::GET, "/get/default_team_settings", PeopleAction::Defaults(Defaults::Team)),
    (MethodFilter::PATCH, "/update/default_team_settings", PeopleAction::UpdateDefaults(Defaults::Team)),
    (MethodFilter::POST, "/organization/member_add", PeopleAction::AddOrganizationMembers),
    (MethodFilter::PATCH, "/organization/member_update", PeopleAction::UpdateOrganizationMember),
    (MethodFilter::DELETE, "/organization/member_delete", PeopleAction::DeleteOrganizationMember),
    (MethodFilter::POST, "/invitation/new", PeopleAction::NewInvitation),
    (MethodFilter::GET, "/invitation/info", PeopleAction::InvitationInfo),
    (MethodFilter::POST, "/invitation/update", PeopleAction::UpdateInvitation),
    (MethodFilter::POST, "/invitation/delete", PeopleAction::DeleteInvitation),
    (MethodFilter::POST, "/jwt/key/mapping/new", PeopleAction::NewKeyMapping),
    (MethodFilter::GET, "/jwt/key/mapping/list", PeopleAction::KeyMappings),
    (MethodFilter::GET, "/jwt/key/mapping/info", PeopleAction::KeyMapping),
    (MethodFilter::POST, "/jwt/key/mapping/update", PeopleAction::UpdateKeyMapping),
    (MethodFilter::POST, "/jwt/key/mapping/delete", PeopleAction::DeleteKeyMapping),
];

pub(super) async fn perform(records: &RecordAdmin, action: PeopleAction, asked: &Asked) -> Result<Value, AdminError> {
    let Asked { caller, params, key, user, body, now, .. } = asked;
    match action {
        PeopleAction::AddManyMembers => records.add_many_members(caller, body, *now).await,
        PeopleAction::TeamPermissions => records.team_permissions(caller, params).await,
        PeopleAction::UpdateTeamPermissions => records.update_team_permissions(caller, body, *now).await,
        PeopleAction::AvailableTeams => records.available_teams(caller).await,
        PeopleAction::UpdateManyUsers => records.update_many_users(caller, body, *now).await,
        PeopleAction::Roles => Ok(roles()),
        PeopleAction::Defaults(of) => records.defaults(of).await,
        PeopleAction::UpdateDefaults(of) => records.update_defaults(of, body, *now).await,
        PeopleAction::AddOrganizationMembers => records.add_organization_members(caller, body, *now).await,
        PeopleAction::UpdateOrganizationMember => records.update_organization_member(caller, body, *now).await,
        PeopleAction::DeleteOrganizationMember => records.delete_organization_member(caller, body).await,
        PeopleAction::NewInvitation => records.new_invitation(caller, body, *now).await,
        PeopleAction::InvitationInfo => records.invitation_info(params).await,
        PeopleAction::UpdateInvitation => records.update_invitation(caller, body, *now).await,
        PeopleAction::DeleteInvitation => records.delete_invitation(body).await,
        PeopleAction::NewKeyMapping => records.new_key_mapping(caller, body, *now).await,
        PeopleAction::KeyMappings => records.key_mappings(params).await,
        PeopleAction::KeyMapping => records.key_mapping(params).await,
        PeopleAction::UpdateKeyMapping => records.update_key_mapping(caller, body, *now).await,
        PeopleAction::DeleteKeyMapping => records.delete_key_mapping(body).await,
        PeopleAction::SearchTeams => records.search_teams(caller, params).await,
        PeopleAction::SearchUsers => records.search_users(caller, params).await,
        PeopleAction::OwnMembership => records.own_membership(caller, key).await,
        PeopleAction::ResetMemberSpend => records.reset_member_spend(caller, (key, user), body).await,
    }
}
