//! Who may call a route that is no model call: the key is checked, then the route that matched, and what is in reach
//! there goes with the request.

use super::error::ErrorAnswer;
use crate::auth::authenticate::Authenticator;
use crate::auth::rights::{Actor, Group, routes};
use crate::auth::route::{RouteDenied, authorize_by_list};
use crate::clock::Clock;
use axum::routing::MethodFilter;
use http::HeaderMap;
use std::net::IpAddr;
use std::sync::Arc;

/// A route by its method and the pattern that the router knows it by.
pub(super) type Route = (&'static str, &'static str);

/// The word for a method.
pub(super) fn named(method: MethodFilter) -> &'static str {
    match method {
        MethodFilter::GET => "GET",
        MethodFilter::PATCH => "PATCH",
        MethodFilter::PUT => "PUT",
        MethodFilter::DELETE => "DELETE",
        _ => "POST",
    }
}

/// Checks callers.
#[derive(Clone)]
pub struct Gate {
    /// Who is known.
    pub authenticator: Arc<Authenticator>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Gate {
    /// The caller, where it is known and may call the route.
    pub(super) async fn admit(
        &self,
        asker: (&HeaderMap, Option<IpAddr>),
        (method, pattern): Route,
    ) -> Result<Actor, ErrorAnswer> {
        let principal = self.authenticator.caller_of(asker, pattern, self.clock.now()).await?;
        authorize_by_list(&principal, pattern)?;
        self.authenticator.check_policy(&principal, pattern)?;
        let group = routes::group(method, pattern);
        let scope = self.authenticator.scope(&principal, (group, pattern)).await?;
        if !scope.is_empty() {
            return Ok(Actor::new(principal, scope));
        }
        let route = pattern.to_owned();
        Err(match group {
            Some(Group::Master) => RouteDenied::MasterOnly { route },
            _ if principal.role.is_viewer() => RouteDenied::ViewerOnly { route, role: principal.role.as_str() },
            _ => RouteDenied::admin_only(&principal, pattern),
        }
        .into())
    }
}
