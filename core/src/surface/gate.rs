//! Who may call a route that is no model call: the key is checked, then the route.

use super::error::ErrorAnswer;
use crate::auth::authenticate::Authenticator;
use crate::auth::route::authorize_route;
use crate::clock::Clock;
use crate::principal::Principal;
use http::HeaderMap;
use std::sync::Arc;

/// Checks callers.
#[derive(Clone)]
pub struct Gate {
    /// Who is known.
    pub authenticator: Arc<Authenticator>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Gate {
    /// The caller, where it is known and may call `route`.
    pub(super) async fn admit(&self, headers: &HeaderMap, route: &str) -> Result<Arc<Principal>, ErrorAnswer> {
        let principal = self.authenticator.authenticate(headers, self.clock.now()).await?;
        authorize_route(&principal, route)?;
        Ok(principal)
    }
}
