//! What every call of a model works with. Holds no logic: each step of the walk takes from here what it uses.

use super::captured::KeptContents;
use super::endpoints::Endpoints;
use super::forwarded::HeaderRules;
use super::named::NamedCredentials;
use super::proxy_limits::ProxyLimits;
use super::request_ids::RequestIds;
use crate::accounting::spend_log::SpendLog;
use crate::admission::ledger::Ledger;
use crate::admission::queue::Queue;
use crate::auth::authenticate::Authenticator;
use crate::cache::shelf::Shelf;
use crate::clock::{Clock, Random};
use crate::flow::background::Background;
use crate::flow::sharing::Sharing;
use crate::guardrails::choice::Guardrails;
use crate::routing::LiveModels;
use crate::routing::rules::FailureRules;
use crate::upstream::guarded::GuardedClient;
use crate::upstream::identity::authorizer::Authorizer;
use crate::upstream::transport::Bounds;
use crate::upstream::transports::Transports;
use std::sync::Arc;

/// What a call of a model needs. One for the process; calls share it.
pub struct ModelCalls {
    /// Who may call.
    pub authenticator: Arc<Authenticator>,
    /// Which deployments stand behind which name.
    pub models: Arc<LiveModels>,
    /// Where calls are charged.
    pub spend: Arc<SpendLog>,
    /// What callers' limits allow.
    pub ledger: Ledger,
    /// Who waits for a deployment with room.
    pub queue: Arc<Queue>,
    /// What the configuration limits, whoever calls.
    pub limits: ProxyLimits,
    /// Who looks at requests and answers.
    pub guardrails: Arc<Guardrails>,
    /// What follows where an attempt fails.
    pub failing: FailureRules,
    /// The ways to the upstreams: each deployment's own, by its channel.
    pub transport: Transports,
    /// The way to files that clients name by their addresses. `None`: none is fetched.
    pub files: Option<GuardedClient>,
    /// Stored credentials, where a deployment names one.
    pub named: Option<Arc<NamedCredentials>>,
    /// Keeps requests and answers beside their charge, where the operator asks for it.
    pub kept: Option<Arc<KeptContents>>,
    /// Shows upstreams who calls.
    pub authorizer: Authorizer,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance: the choice among deployments.
    pub random: Arc<dyn Random>,
    /// Makes the ids of calls.
    pub ids: RequestIds,
    /// Tells other instances what was seen of deployments, where choices go by it and there may be others.
    pub sharing: Option<Arc<Sharing>>,
    /// Answers that are kept; `None`: none are.
    pub cache: Option<Arc<Shelf>>,
    /// Whether calls are made and answered whose limits and charge the store cannot take, as it is out of reach.
    pub admits_in_outage: bool,
    /// Which of clients' headers go upstream.
    pub headers: HeaderRules,
    /// Paths of the operator's own.
    pub endpoints: Endpoints,
    /// Settlements that outlive their request.
    pub background: Background,
    /// Waits of a call whose deployment says nothing.
    pub bounds: Bounds,
}

impl ModelCalls {
    /// Lets other instances know, and learns from them, where it is time to.
    pub(super) fn share(&self) {
        if let Some(sharing) = &self.sharing {
            sharing.turn(&self.background, self.clock.now());
        }
    }
}
