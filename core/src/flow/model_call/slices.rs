//! A stream that outgrows what is held for it: more is held, slice by slice, before more of it goes through; where the
//! budget has no more, the stream ends.

use super::admit::Admitted;
use super::error::CallError;
use super::parts::ModelCalls;
use crate::admission::hold::Hold;
use crate::admission::refusal::{Refusal, StoreFailure};
use crate::limits::BudgetMode;
use crate::money::NanoDollars;
use crate::price::{Demand, ModelPrice};
use std::error::Error;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Output tokens of one slice.
const SLICE_TOKENS: u64 = 1_024;

/// What is held for a stream, in tokens of output.
#[derive(Debug, Default)]
pub(super) struct Slices {
    /// Output tokens that are paid for by what is held; `None`: nobody asks.
    covered: Option<u64>,
    /// What the call uses beside its output; one answer, as events of all answers are counted together.
    demand: Demand,
    /// An extension under way: it ends whether or not the client still waits.
    under_way: Option<oneshot::Receiver<Extended>>,
    /// The store did not say whether it holds more.
    is_uncertain: bool,
}

/// How an extension ended, and what is held then.
type Extended = (Hold, Result<(), Refusal>);

impl Slices {
    /// Those of an admitted call.
    pub(super) fn of(admitted: &Admitted, price: Option<&ModelPrice>) -> Self {
        let price = price.filter(|price| price.is_priced());
        let (Some(price), Some(bound), Some(hold)) = (price, &admitted.bound, &admitted.hold) else {
            return Self::default();
        };
        // A strict bound is sent upstream, which ends the answer.
        let Some(held) = hold.least().filter(|_| bound.mode == BudgetMode::Balanced) else { return Self::default() };
        let demand = Demand { choices: 1, output_tokens: u64::MAX, ..bound.demand };
        let covered = price.largest_output(&demand, NanoDollars::new(held)).unwrap_or(0);
        Self { covered: Some(covered), demand, ..Self::default() }
    }

    /// Whether so many output tokens are more than is held for.
    pub(super) fn are_outgrown_by(&self, tokens: u64) -> bool {
        self.covered.is_some_and(|covered| tokens > covered)
    }

    /// Holds more, so that `tokens` and a slice beyond are paid for, or as much of it as the budget has left. Dropping
    /// the future leaves the extension under way.
    ///
    /// # Errors
    /// [`CallError::Refused`]: the budget does not pay for `tokens`.
    pub(super) async fn extend(
        &mut self,
        calls: &Arc<ModelCalls>,
        admitted: &mut Admitted,
        price: &ModelPrice,
        tokens: u64,
    ) -> Result<(), CallError> {
        let mut wanted = tokens.saturating_add(SLICE_TOKENS);
        loop {
            let more = price.bound(&self.output(wanted)) - admitted.held();
            self.begin(calls, admitted, more);
            match self.finish(admitted).await {
                Ok(()) => {
                    self.covered =
                        Some(price.largest_output(&self.output(u64::MAX), admitted.held()).unwrap_or(tokens));
                    return Ok(());
                }
                Err(Refusal::Unavailable(failure)) => {
                    // The stream goes on: what it costs beyond its hold is charged when it is settled.
                    tracing::warn!(error = &failure as &dyn Error, "a stream goes on beyond what it holds");
                    self.covered = Some(wanted);
                    return Ok(());
                }
                Err(refusal) => {
                    match affordable(&refusal, admitted.held(), |all| price.largest_output(&self.output(wanted), all)) {
                        Some(less) if (tokens..wanted).contains(&less) => wanted = less,
                        _ => return Err(refusal.into()),
                    }
                }
            }
        }
    }

    /// Waits for an extension under way; what the call holds is then known again.
    ///
    /// # Errors
    /// [`Refusal`]: no more is held than before, or it is not known.
    pub(super) async fn finish(&mut self, admitted: &mut Admitted) -> Result<(), Refusal> {
        let Some(under_way) = &mut self.under_way else { return Ok(()) };
        let ended = under_way.await;
        self.under_way = None;
        let done = match ended {
            Ok((hold, done)) => {
                admitted.hold = Some(hold);
                done
            }
            Err(_) => Err(Refusal::Unavailable(StoreFailure::Late)),
        };
        self.is_uncertain |= matches!(done, Err(Refusal::Unavailable(_)));
        done
    }

    /// Makes sure that what the call holds is what the store says, before it is given back.
    pub(super) async fn close(&mut self, calls: &ModelCalls, admitted: &mut Admitted) {
        drop(self.finish(admitted).await);
        if self.is_uncertain
            && let Some(hold) = &admitted.hold
            && let Ok(Some(found)) = calls.ledger.find(hold.id).await
        {
            admitted.hold = Some(found);
            self.is_uncertain = false;
        }
    }

    /// Whether [`Slices::close`] has anything to do.
    pub(super) fn are_closed(&self) -> bool {
        self.under_way.is_none() && !self.is_uncertain
    }

    fn output(&self, output_tokens: u64) -> Demand {
        Demand { output_tokens, ..self.demand }
    }

    /// Asks for more, where nothing is asked for already. In a task of its own, as what is held must be known at the end
    /// even if the client goes away meanwhile.
    fn begin(&mut self, calls: &Arc<ModelCalls>, admitted: &Admitted, more: NanoDollars) {
        let (None, Some(hold)) = (&self.under_way, &admitted.hold) else { return };
        let (answer, answered) = oneshot::channel();
        let (mut hold, scopes, asking) = (hold.clone(), admitted.limited.clone(), Arc::clone(calls));
        calls.background.spawn(async move {
            let done = asking.ledger.extend(&mut hold, &scopes, more.max(LEAST), asking.clock.now()).await;
            drop(answer.send((hold, done)));
        });
        self.under_way = Some(answered);
    }
}

/// The least that is asked for.
const LEAST: NanoDollars = NanoDollars::new(1);

/// The output that a budget still pays for which refused more.
fn affordable(refusal: &Refusal, held: NanoDollars, output: impl FnOnce(NanoDollars) -> Option<u64>) -> Option<u64> {
    let Refusal::Budget { used, limit, .. } = refusal else { return None };
    if limit > used { output(held + (*limit - *used)) } else { None }
}
