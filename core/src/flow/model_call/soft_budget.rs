//! Soft budgets: what may be spent before the operator is told. They refuse nothing, and nobody waits for them: what was
//! spent is looked at after the call, in the background. A record that has one keeps totals, which say it; for what has
//! no totals of its own period it is added up beside, once for all processes.

use super::parts::ModelCalls;
use crate::admission::limits::Counter;
use crate::auth::budget_period::Budgeted;
use crate::money::NanoDollars;
use crate::principal::Principal;
use crate::store::table::Cause;
use std::error::Error;
use std::sync::Arc;

/// A soft budget that a call counts in.
#[derive(Clone, Debug)]
pub(super) struct SoftBudget {
    /// The scope's kind, as refusals name it.
    pub(super) kind: &'static str,
    /// Whose it is, as refusals name them.
    pub(super) owner: String,
    /// What may be spent before somebody is told.
    pub(super) limit: NanoDollars,
    /// The record whose it is, where there is one.
    pub(super) record: Option<Budgeted>,
    /// Where a budget of the same record and period would be counted.
    pub(super) counter: Counter,
}

/// Tells the operator where a call that cost so much was the one that passed a soft budget.
pub(super) fn note(calls: &Arc<ModelCalls>, principal: &Principal, budgets: &[SoftBudget], cost: NanoDollars) {
    if cost == NanoDollars::ZERO {
        return;
    }
    for budget in budgets {
        if let (Counter::Totals(_), Some(Budgeted::Key(_))) = (&budget.counter, &budget.record) {
            budget.told(principal.spend.get(), cost);
        } else {
            let (asking, budget) = (Arc::clone(calls), budget.clone());
            calls.background.spawn(async move { budget.look(&asking, cost).await });
        }
    }
}

impl SoftBudget {
    async fn look(&self, calls: &ModelCalls, cost: NanoDollars) {
        match self.spent(calls, cost).await {
            Ok(spent) => self.told(spent, cost),
            Err(error) => {
                let (kind, name, error) = (self.kind, &*self.owner, &*error as &dyn Error);
                tracing::warn!(kind, name, error, "a soft budget was not looked at");
            }
        }
    }

    /// What was spent in the period that runs, the call among it.
    async fn spent(&self, calls: &ModelCalls, cost: NanoDollars) -> Result<NanoDollars, Cause> {
        match (&self.counter, &self.record) {
            (Counter::Totals(_), Some(Budgeted::Record(id))) => Ok(calls.authenticator.spent(id).await?),
            (counter, _) => Ok(calls.ledger.add_spent(counter, cost).await?),
        }
    }

    fn told(&self, spent: NanoDollars, cost: NanoDollars) {
        if passes(spent, cost, self.limit) {
            let (kind, name, spent) = (self.kind, &*self.owner, spent.dollars());
            tracing::warn!(kind, name, spent, "a soft budget has been passed");
        }
    }
}

fn passes(spent: NanoDollars, cost: NanoDollars, soft: NanoDollars) -> bool {
    spent >= soft && spent - cost < soft
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_call_that_passes_it_tells_of_a_soft_budget() {
        let of = NanoDollars::new;
        let told =
            [(9, 5), (10, 5), (14, 5), (15, 5), (16, 5)].map(|(spent, cost)| passes(of(spent), of(cost), of(10)));
        assert_eq!(told, [false, true, true, false, false]);
    }
}
