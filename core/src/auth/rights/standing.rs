//! What a caller is beyond the role of its key: where it administers teams and organizations, and where it is a member.
//! Read anew for each administrative request that this decides about, so that nothing here is ever stale.

use super::routes::Group;
use super::scope::Scope;
use super::table::{Held, Reach, reach};
use crate::auth::records::{RecordId, RecordKind, RecordStore};
use crate::principal::Principal;
use crate::store::table::ReadError;
use futures_util::future::try_join_all;
use serde_json::Value;
use std::collections::BTreeSet;

/// Routes that the members of a team can be given, as LiteLLM names them.
pub const PERMISSIONS: [&str; 24] = [
    "/key/generate",
    "/key/update",
    "/key/delete",
    "/key/info",
    "/key/regenerate",
    "/key/service-account/generate",
    "/key/{key_id}/regenerate",
    "/key/list",
    "/key/block",
    "/key/unblock",
    "/key/bulk_update",
    "/team/key/bulk_update",
    "/team/daily/activity",
    "/team/daily/activity/aggregated",
    "/team/daily/activity/aggregated/keys",
    "/team/daily/activity/aggregated/search",
    "/team/daily/activity/aggregated/model_top_keys",
    "/team/daily/activity/export",
    "/spend/logs",
    "/spend/logs/v2",
    "/key/{key_id}/reset_spend",
    "/key/aliases",
    "/key/access_group_assignment",
    "/auto_router/manage",
];

/// Groups in which the members of a team reach only what the team grants.
const GRANTED: [Group; 6] =
    [Group::KeyInfo, Group::KeyList, Group::KeyMake, Group::KeyChange, Group::Spend, Group::TeamSpend];

/// The field of a team that lists what its members may do.
pub const GRANTS: &str = "team_member_permissions";

/// A caller's place in teams and organizations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Teams that it administers.
    pub administers: BTreeSet<String>,
    /// Teams that it is in, and does not administer.
    pub member_of: BTreeSet<String>,
    /// Organizations that it administers.
    pub organizations: BTreeSet<String>,
}

impl Standing {
    /// The place of a user.
    ///
    /// # Errors
    /// As [`RecordStore::record`].
    pub async fn read(records: &RecordStore, user: &str) -> Result<Self, ReadError> {
        let mut standing = Self::default();
        let teams = records.teams_of(user).await?;
        let members = teams.iter().map(|team| async move { records.record(&RecordId::member(team, user)).await });
        for (team, member) in teams.iter().zip(try_join_all(members).await?) {
            match member.as_ref().map(|member| member.text("role")) {
                Some(Some("admin")) => drop(standing.administers.insert(team.clone())),
                Some(_) => drop(standing.member_of.insert(team.clone())),
                // The note outlived the membership.
                None => {}
            }
        }
        standing.organizations = records.organizations_administered_by(user).await?;
        Ok(standing)
    }

    /// Whether nothing is said of it anywhere.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What a request of `caller` for the route of this group and pattern reaches. Empty: the route is not for it.
///
/// # Errors
/// As [`RecordStore::record`].
pub async fn scope(
    records: &RecordStore,
    caller: &Principal,
    (group, pattern): (Option<Group>, &str),
) -> Result<Scope, ReadError> {
    let mut scope = Scope::default();
    add(&mut scope, reach(Held::Role(caller.role), group), caller);
    let only_views = caller.role.is_viewer() && !group.is_some_and(Group::only_reads);
    let Some(user) = caller.user_id.as_deref().filter(|_| !scope.any && !only_views) else { return Ok(scope) };
    let by_membership = [Held::OrganizationAdmin, Held::TeamAdmin, Held::TeamMember];
    if by_membership.iter().all(|held| reach(*held, group) == Reach::default()) {
        return Ok(scope);
    }
    let standing = Standing::read(records, user).await?;
    let [organization_admin, team_admin, member] = by_membership.map(|held| reach(held, group));
    if !standing.organizations.is_empty() {
        add(&mut scope, organization_admin, caller);
        if organization_admin.organization {
            scope.organizations.clone_from(&standing.organizations);
            let teams = records.list(RecordKind::Team).await?.into_iter();
            let below = |id: &Option<String>| id.as_ref().is_some_and(|id| standing.organizations.contains(id));
            scope.teams.extend(teams.filter(|team| below(&team.organization_id)).map(|team| team.name));
        }
    }
    if !standing.administers.is_empty() {
        add(&mut scope, team_admin, caller);
        if team_admin.team {
            scope.teams.extend(standing.administers.iter().cloned());
        }
    }
    let granting = if member.team { granting(records, &standing, group, pattern).await? } else { BTreeSet::new() };
    if !standing.member_of.is_empty() && (member.any || member.own) || !granting.is_empty() {
        add(&mut scope, member, caller);
        scope.shared_teams = granting;
    }
    Ok(scope)
}

fn add(scope: &mut Scope, reach: Reach, caller: &Principal) {
    scope.any |= reach.any;
    if reach.own {
        scope.own_user.clone_from(&caller.user_id);
        scope.own_key = Some(caller.key.clone());
    }
}

/// The teams in which the members reach the route.
async fn granting(
    records: &RecordStore,
    standing: &Standing,
    group: Option<Group>,
    pattern: &str,
) -> Result<BTreeSet<String>, ReadError> {
    if !group.is_some_and(|group| GRANTED.contains(&group)) {
        return Ok(standing.member_of.union(&standing.administers).cloned().collect());
    }
    let pattern = pattern.replace("{key}", "{key_id}");
    if !PERMISSIONS.contains(&pattern.as_str()) {
        return Ok(BTreeSet::new());
    }
    let teams = standing.member_of.iter();
    let read = teams.clone().map(|team| async move { records.record(&RecordId::team(team.as_str())).await });
    let read = try_join_all(read).await?;
    let grants = |document: &serde_json::Map<String, Value>| {
        let granted = document.get(GRANTS).and_then(Value::as_array);
        granted.is_some_and(|granted| granted.iter().any(|route| *route == pattern.as_str()))
    };
    let granting = teams.zip(read).filter(|(_, record)| record.as_ref().is_some_and(|r| grants(&r.document)));
    Ok(granting.map(|(team, _)| team.clone()).collect())
}
