//! Extending: a call that outgrows what it holds of its budgets holds more, in all of them or in none. One transaction,
//! which the call waits for before it goes on.

use super::hold::{Held, Hold};
use super::ledger::{Ledger, backoff, read};
use super::limits::{Budget, Counter, ScopeLimits};
use super::line::Line;
use super::refusal::{Refusal, StoreFailure};
use crate::clock::Timestamp;
use crate::money::NanoDollars;
use crate::store::table::WriteError;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// Longest wait for an extension: the client's stream stands still meanwhile.
const EXTENSION_WAIT: Duration = Duration::from_secs(1);
/// Longest wait for a store that says nothing.
const SILENCE_MAX: Duration = Duration::from_millis(200);

impl Ledger {
    /// Holds `more` of every budget of `scopes`, or of none. The hold then says so.
    ///
    /// # Errors
    /// [`Refusal::Budget`] where a budget has less left. [`Refusal::Unavailable`] where the store does not say, or the
    /// hold has ended: then nothing more is held, or what is held more ends with the call.
    pub async fn extend(
        &self,
        hold: &mut Hold,
        scopes: &[ScopeLimits],
        more: NanoDollars,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let budgets: Vec<(&'static str, &Budget)> =
            scopes.iter().filter_map(|scope| Some((scope.kind, scope.budget.as_ref()?))).collect();
        let mut lines: Vec<Line<'_>> =
            budgets.iter().map(|(kind, budget)| Line::budget(kind, budget, more.nanos())).collect();
        let mut extended = hold.clone();
        for (_, budget) in &budgets {
            extended.add(&budget.counter, more.nanos());
        }
        let (last, mut attempt) = (Instant::now() + EXTENSION_WAIT, 0);
        let silence = || last.min(Instant::now() + SILENCE_MAX);
        let mut end = silence();
        loop {
            let first = hold.becomes(&extended, more.nanos());
            let writes = std::iter::once(first).chain(lines.iter().map(|line| line.write(now))).collect();
            let tried = timeout_at(end, self.table.transact(None, writes)).await;
            match tried.map_err(|_| Refusal::Unavailable(StoreFailure::Late))? {
                Ok(()) => break,
                // Ours: an attempt whose answer was lost.
                Err(WriteError::ConditionFailed { index: 0, old: Some(old) }) if read(*old.clone())?.0 == extended => {
                    break;
                }
                Err(WriteError::ConditionFailed { index, old }) if index > 0 => {
                    if let Some(line) = lines.get_mut(index - 1) {
                        line.learn(old.as_deref(), now)?;
                    }
                    end = silence();
                }
                Err(WriteError::OutcomeUnknown(failure)) => match self.find(hold.id).await? {
                    Some(found) if found == extended => break,
                    Some(_) if Instant::now() < end => {}
                    _ => return Err(Refusal::Unavailable(WriteError::OutcomeUnknown(failure).into())),
                },
                // A store that answers is there.
                Err(WriteError::Conflict) if Instant::now() < last => end = silence(),
                Err(WriteError::Throttled(_) | WriteError::Unavailable(_)) if Instant::now() < end => {}
                Err(failure) => return Err(Refusal::Unavailable(failure.into())),
            }
            sleep(backoff(attempt, hold.id)).await;
            attempt += 1;
        }
        *hold = extended;
        Ok(())
    }
}

impl Hold {
    fn add(&mut self, counter: &Counter, more: i64) {
        let known = self.held.iter_mut().find_map(|held| match held {
            Held::Totals { key, nanos } | Held::Counter { key, nanos } if key == counter.key() => Some(nanos),
            _ => None,
        });
        if let Some(nanos) = known {
            *nanos = nanos.saturating_add(more);
        }
    }
}
