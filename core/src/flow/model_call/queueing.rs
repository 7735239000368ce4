//! Waiting for a place at a model whose deployments all have as many calls in flight as they may. A caller's own limit is
//! nothing to wait for: the caller is told at once.

use super::admit::Refused;
use super::error::CallError;
use super::parts::ModelCalls;
use super::scopes::DEPLOYMENT;
use crate::admission::queue::{Reason, TurnedAway, Waiting};
use crate::admission::refusal::{Rate, Refusal};
use crate::routing::Deployment;
use tokio::time::Instant;

/// A call's waiting, from its first refusal until it is let in.
#[derive(Debug, Default)]
pub(super) struct Patience {
    waiting: Option<Waiting>,
    /// Whether a deployment had no room since the call last waited.
    is_crowded: bool,
}

impl Patience {
    /// Notes what stood in the way.
    pub(super) fn saw(&mut self, refused: &Refused) {
        let CallError::Refused(refusal) = &refused.error else { return };
        self.is_crowded |= match refusal {
            Refusal::Rate { kind, rate, .. } => *kind == DEPLOYMENT && *rate == Rate::Parallel,
            Refusal::Crowded(_) => true,
            Refusal::Budget { .. } | Refusal::Unavailable(_) => false,
        };
    }

    /// Waits for the call's turn. False at once where waiting does not help, or is not meant to be.
    ///
    /// # Errors
    /// [`Refusal::Crowded`]: there is no turn in time.
    pub(super) async fn waits(
        &mut self,
        calls: &ModelCalls,
        (deployment, priority): (&Deployment, Option<u8>),
        deadline: Option<Instant>,
    ) -> Result<bool, CallError> {
        if !std::mem::take(&mut self.is_crowded) || !calls.queue.lets_wait() {
            return Ok(false);
        }
        let waiting = match &mut self.waiting {
            Some(waiting) => waiting,
            None => {
                let lined_up = calls.queue.line_up(&deployment.group, priority, deadline).map_err(Refusal::from)?;
                self.waiting.insert(lined_up)
            }
        };
        waiting.turn().await.map_err(Refusal::from)?;
        Ok(true)
    }

    /// The call was let in.
    pub(super) fn is_rewarded(&mut self) {
        if let Some(waiting) = self.waiting.take() {
            waiting.got_a_place();
        }
    }
}

/// A newcomer that lines up behind those who wait.
pub(super) fn behind_the_others() -> Refused {
    Refusal::from(TurnedAway { reason: Reason::Full, retry_after: 1 }).into()
}
