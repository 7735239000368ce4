//! What each role reaches in each group of routes. Whatever is not said here is denied.

use super::routes::Group;
use crate::principal::Role;

/// Which objects a role reaches. Nothing, where none of these is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The caller itself: its key, and what its user owns.
    pub own: bool,
    /// The teams in which it is what the role says.
    pub team: bool,
    /// The organizations in which it is what the role says, with all below.
    pub organization: bool,
    /// Everything.
    pub any: bool,
}

/// Something that a caller is, of which it may be several at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// The role of its key.
    Role(Role),
    /// An administrator of an organization.
    OrganizationAdmin,
    /// An administrator of a team.
    TeamAdmin,
    /// A member of a team. Where a route is one of those that teams grant to their members, only in the teams that do.
    TeamMember,
}

impl Reach {
    const NOTHING: Self = Self { own: false, team: false, organization: false, any: false };
    const OWN: Self = Self { own: true, ..Self::NOTHING };
    const TEAM: Self = Self { team: true, ..Self::NOTHING };
    const TEAM_AND_OWN: Self = Self { own: true, team: true, ..Self::NOTHING };
    const ORGANIZATION: Self = Self { organization: true, ..Self::NOTHING };
    const ORGANIZATION_AND_OWN: Self = Self { own: true, organization: true, ..Self::NOTHING };
    const ANY: Self = Self { any: true, ..Self::NOTHING };
}

/// One line of the table: what those between an administrator and the master key reach.
struct Row {
    viewer: Reach,
    organization_admin: Reach,
    team_admin: Reach,
    team_member: Reach,
    internal_user: Reach,
    internal_viewer: Reach,
    key: Reach,
}

const fn row(viewer: Reach, memberships: [Reach; 3], own: [Reach; 3]) -> Row {
    let [organization_admin, team_admin, team_member] = memberships;
    let [internal_user, internal_viewer, key] = own;
    Row { viewer, organization_admin, team_admin, team_member, internal_user, internal_viewer, key }
}

/// Columns: viewer · organization administrator, team administrator, team member · internal user, its viewer, key.
const fn of(group: Group) -> Row {
    const NONE: Reach = Reach::NOTHING;
    const OWN: Reach = Reach::OWN;
    const TEAM: Reach = Reach::TEAM;
    const TEAM_OWN: Reach = Reach::TEAM_AND_OWN;
    const ORG: Reach = Reach::ORGANIZATION;
    const ORG_OWN: Reach = Reach::ORGANIZATION_AND_OWN;
    const ANY: Reach = Reach::ANY;
    match group {
        Group::Self_ => row(ANY, [ANY, ANY, ANY], [ANY, ANY, ANY]),
        Group::Tools | Group::TeamOpen => row(ANY, [ANY, ANY, ANY], [ANY, ANY, NONE]),
        Group::KeyInfo => row(ANY, [ORG_OWN, TEAM_OWN, TEAM], [OWN, OWN, OWN]),
        Group::KeyList => row(ANY, [ORG_OWN, TEAM_OWN, TEAM], [OWN, OWN, NONE]),
        Group::KeyMake | Group::KeyChange => row(NONE, [ORG_OWN, TEAM, TEAM], [OWN, NONE, NONE]),
        Group::KeyOversee => row(NONE, [ORG, TEAM, NONE], [NONE, NONE, NONE]),
        // Who is in no team is shown an empty list.
        Group::TeamRead => row(ANY, [ORG, TEAM, TEAM], [OWN, OWN, NONE]),
        Group::TeamSettings | Group::TeamMembers => row(NONE, [ORG, TEAM, NONE], [NONE, NONE, NONE]),
        Group::TeamOversee | Group::UserOversee => row(NONE, [ORG, NONE, NONE], [NONE, NONE, NONE]),
        Group::UserRead => row(ANY, [ORG_OWN, OWN, OWN], [OWN, OWN, NONE]),
        Group::UserList => row(ANY, [ORG, NONE, NONE], [NONE, NONE, NONE]),
        Group::OrganizationRead => row(ANY, [ORG, OWN, OWN], [OWN, OWN, NONE]),
        Group::OrganizationMembers => row(NONE, [ORG, NONE, NONE], [NONE, NONE, NONE]),
        Group::Spend | Group::TeamSpend => row(ANY, [ORG_OWN, TEAM_OWN, TEAM], [OWN, OWN, NONE]),
        Group::AdminRead => row(ANY, [NONE, NONE, NONE], [NONE, NONE, NONE]),
        Group::Admin | Group::Master => row(NONE, [NONE, NONE, NONE], [NONE, NONE, NONE]),
    }
}

/// What somebody who is `held` reaches in `group`. `None` as the group is that of a route that stands in no group.
pub fn reach(held: Held, group: Option<Group>) -> Reach {
    let row = group.map(of);
    let in_row = |reach: fn(&Row) -> Reach| row.as_ref().map_or(Reach::NOTHING, reach);
    match held {
        Held::Role(Role::Master) => Reach::ANY,
        Held::Role(Role::ProxyAdmin) if group.is_none_or(|group| group == Group::Master) => Reach::NOTHING,
        Held::Role(Role::ProxyAdmin) => Reach::ANY,
        Held::Role(Role::ProxyAdminViewer) => in_row(|row| row.viewer),
        Held::Role(Role::InternalUser) => in_row(|row| row.internal_user),
        Held::Role(Role::InternalUserViewer) => in_row(|row| row.internal_viewer),
        Held::Role(Role::VirtualKey) => in_row(|row| row.key),
        Held::OrganizationAdmin => in_row(|row| row.organization_admin),
        Held::TeamAdmin => in_row(|row| row.team_admin),
        Held::TeamMember => in_row(|row| row.team_member),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_no_group_is_the_master_keys_alone() {
        for role in [Role::ProxyAdmin, Role::ProxyAdminViewer, Role::InternalUser, Role::VirtualKey] {
            assert_eq!(reach(Held::Role(role), None), Reach::NOTHING);
            assert_eq!(reach(Held::Role(role), Some(Group::Master)), Reach::NOTHING);
        }
        assert_eq!(reach(Held::Role(Role::Master), None), Reach::ANY);
    }
}
