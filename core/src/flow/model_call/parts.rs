//! What every call of a model works with. Holds no logic: each step of the walk takes from here what it uses.

use super::proxy_limits::ProxyLimits;
use crate::accounting::spend_log::SpendLog;
use crate::admission::ledger::Ledger;
use crate::admission::queue::Queue;
use crate::auth::authenticate::Authenticator;
use crate::clock::{Clock, Random};
use crate::flow::background::Background;
use crate::routing::ModelTable;
use crate::upstream::identity::authorizer::Authorizer;
use crate::upstream::transport::{Bounds, Transport};
use std::sync::Arc;

/// What a call of a model needs. One for the process; calls share it.
pub struct ModelCalls {
    /// Who may call.
    pub authenticator: Arc<Authenticator>,
    /// Which deployments stand behind which name.
    pub models: Arc<ModelTable>,
    /// Where calls are charged.
    pub spend: Arc<SpendLog>,
    /// What callers' limits allow.
    pub ledger: Ledger,
    /// Who waits for a deployment with room.
    pub queue: Arc<Queue>,
    /// What the configuration limits, whoever calls.
    pub limits: ProxyLimits,
    /// The way to the upstreams.
    pub transport: Arc<dyn Transport>,
    /// Shows upstreams who calls.
    pub authorizer: Authorizer,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance: ids, and the choice among deployments.
    pub random: Arc<dyn Random>,
    /// Whether calls are made and answered whose limits and charge the store cannot take, as it is out of reach.
    pub admits_in_outage: bool,
    /// Whether clients' own headers go upstream.
    pub passes_headers_on: bool,
    /// Settlements that outlive their request.
    pub background: Background,
    /// Waits of a call whose deployment says nothing.
    pub bounds: Bounds,
}
