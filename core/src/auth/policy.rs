//! The configuration's word on routes: which are for administrators of everything alone, which there are at all for
//! others, and which are for everybody (`admin_only_routes`, `allowed_routes`, `public_routes`).

use super::route::{RouteDenied, admits_any};
use crate::principal::{Principal, Role};

/// Routes that the configuration closes, or opens. Entries are routes, patterns and names of groups, as in the list of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoutePolicy {
    /// For administrators of everything alone.
    pub admin_only: Vec<String>,
    /// The only ones for everybody else; `None`: all.
    pub allowed: Option<Vec<String>>,
    /// For those, too, who present nothing that is known.
    pub public: Vec<String>,
}

impl RoutePolicy {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.admin_only.is_empty() && self.allowed.is_none() && self.public.is_empty()
    }

    /// Whether nobody has to be known for `route`.
    pub fn is_public(&self, route: &str) -> bool {
        admits_any(&self.public, route)
    }

    /// Whether it leaves `route` open to a caller.
    ///
    /// # Errors
    /// [`RouteDenied::ByPolicy`].
    pub fn check(&self, principal: &Principal, route: &str) -> Result<(), RouteDenied> {
        if matches!(principal.role, Role::Master | Role::ProxyAdmin) {
            return Ok(());
        }
        let closed = admits_any(&self.admin_only, route);
        if closed || self.allowed.as_ref().is_some_and(|allowed| !admits_any(allowed, route)) {
            return Err(RouteDenied::ByPolicy { route: route.to_owned() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::key_hash;

    #[test]
    fn what_the_file_closes_is_closed_to_all_but_administrators() {
        let list = |entries: &[&str]| entries.iter().map(|&entry| entry.to_owned()).collect::<Vec<_>>();
        let policy = RoutePolicy {
            admin_only: list(&["/v1/embeddings", "/key/*"]),
            allowed: Some(list(&["llm_api_routes", "/key/generate"])),
            public: list(&["/v1/models"]),
        };
        assert!(policy.is_public("/v1/models") && policy.is_public("/models") && !policy.is_public("/v1/embeddings"));
        let may = |role: Role, route: &str| policy.check(&Principal::bare(role, key_hash::hash("sk-1")), route).is_ok();
        assert!(may(Role::InternalUser, "/v1/chat/completions"));
        for route in ["/v1/embeddings", "/key/generate", "/team/list"] {
            assert!(!may(Role::InternalUser, route), "{route}");
            assert!(!may(Role::ProxyAdminViewer, route), "{route}");
            assert!(may(Role::ProxyAdmin, route) && may(Role::Master, route), "{route}");
        }
    }
}
