//! What a call tries next when a limit stands in its way: another deployment, or a shorter answer.

use super::admit::Refused;
use super::bound;
use super::error::CallError;
use super::presuming::Presuming;
use super::proxy_limits::ProxyLimits;
use super::scopes::OF_THE_WAY;
use super::wishes::Wishes;
use crate::admission::refusal::Refusal;
use crate::id::{DeploymentId, RequestId};
use crate::limits::BudgetPolicy;
use crate::principal::Principal;
use crate::routing::Deployment;
use std::time::Duration;
use tokio::time::Instant;

/// Most times an answer is made shorter: other calls may take what was left meanwhile.
const CLAMPS_MAX: u8 = 4;

/// What is known about the way so far.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// Deployments whose limits are reached.
    pub(super) passed_over: Vec<DeploymentId>,
    /// Deployments of the model that have failed in this call: others are asked before them.
    pub(super) tried: Vec<DeploymentId>,
    /// The most output tokens that the budgets afford.
    pub(super) output_cap: Option<u64>,
    /// When the whole call must have ended, over all attempts.
    pub(super) deadline: Option<Instant>,
    /// When the time is over that the request gives it.
    pub(super) client_end: Option<Instant>,
    /// What the request says about retries and fallbacks, until somebody asks.
    pub(super) wishes: Option<Box<Wishes>>,
    /// Scopes that have counted the call among their requests, by kind and id.
    pub(super) counted: Vec<(&'static str, String)>,
    /// Attempts before this one.
    pub(super) attempts: u32,
    /// Whether this attempt repeats one at the same model.
    pub(super) is_retry: bool,
    /// The configuration chose the model in place of the one asked for: the caller needs no access to it.
    pub(super) is_trusted: bool,
    /// The call is the gateway's own, for a client's.
    pub(super) beside: Option<Beside>,
    pub(super) clamps: u8,
    /// What the attempt may presume; `None`: nothing, as what it goes by was read.
    pub(super) presumes: Option<Presuming>,
    /// Where the record of the end user wants the deployment to be, as far as that was asked.
    pub(super) region: Option<String>,
}

/// The client's call that one of the gateway's own is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside {
    pub(super) id: RequestId,
}

impl Course {
    /// When the whole call must have ended, and when for its client: a request's own bound counts from its first attempt.
    pub(super) fn bounds(&self, timeout: Option<Duration>) -> (Option<Instant>, Option<Instant>) {
        let begins = || timeout.map(|wait| Instant::now() + wait);
        (self.deadline, if self.attempts == 0 { begins() } else { self.client_end })
    }

    /// When the client must have its answer.
    pub(super) fn ends(&self) -> Option<Instant> {
        [self.deadline, self.client_end].into_iter().flatten().min()
    }

    /// Whether a deployment is out of the question.
    pub(super) fn passes_over(&self, id: &DeploymentId) -> bool {
        self.passed_over.contains(id)
    }

    /// Whether there is another way, which the next plan then takes.
    pub(super) fn turn(
        &mut self,
        refused: &Refused,
        deployment: &Deployment,
        principal: &Principal,
        proxy: &ProxyLimits,
    ) -> bool {
        if let CallError::Elsewhere(region) = &refused.error {
            return self.region.replace(region.clone()).as_ref() != Some(region);
        }
        let CallError::Refused(refusal) = &refused.error else { return false };
        match refusal {
            Refusal::Rate { kind, .. } | Refusal::Budget { kind, .. } if OF_THE_WAY.contains(kind) => {
                self.passed_over.push(deployment.id.clone());
                true
            }
            Refusal::Budget { used, limit, .. } if bound::policy(principal, proxy) == BudgetPolicy::Clamp => {
                let (Some(price), Some(bound)) = (deployment.price.as_ref(), &refused.bound) else { return false };
                let affordable = price.largest_output(&bound.demand, *limit - *used);
                let shorter = affordable.filter(|tokens| *tokens < bound.demand.output_tokens);
                self.clamps += 1;
                self.output_cap = shorter.or(self.output_cap);
                shorter.is_some() && self.clamps <= CLAMPS_MAX
            }
            _ => false,
        }
    }
}
