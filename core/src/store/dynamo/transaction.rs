//! Several writes at once, all or none, with an idempotency token.

use super::ended::instead_of_update;
use super::failure::{Failure, Refusal, write_failure};
use super::prepared::Prepared;
use super::table::{DynamoTable, FORMS_MAX};
use super::token::Form;
use crate::store::table::{IdempotencyToken, WriteError};
use crate::store::write::Write;

impl DynamoTable {
    /// Sends the writes, in another form where an update meets an item that has ended.
    pub(super) async fn transact_in_any_form(
        &self,
        token: Option<&IdempotencyToken>,
        writes: &[Write],
    ) -> Result<(), WriteError> {
        let mut form = self.tokens.form(token, self.clock.now());
        for _ in 0..FORMS_MAX {
            let prepared = writes.iter().enumerate().map(|(index, write)| prepare(index, write, &form)).collect();
            let next = match self.send_transaction(token, prepared).await {
                Ok(()) => return Ok(()),
                Err(Failure::Final(error)) => Err(error),
                Err(Failure::Refused(refusals)) => next_form(writes, form, refusals),
            };
            form = next.inspect_err(|error| self.forget_if_free(token, error))?;
            if let Some(token) = token {
                self.tokens.remember(token, form.clone());
            }
        }
        Err(WriteError::Conflict)
    }

    /// A repeat after a sure failure is a first try. After a conflict it may be that the same call is under way
    /// elsewhere.
    fn forget_if_free(&self, token: Option<&IdempotencyToken>, error: &WriteError) {
        let open = matches!(error, WriteError::OutcomeUnknown(_) | WriteError::Conflict | WriteError::TokenReused);
        if let (Some(token), false) = (token, open) {
            self.tokens.forget(token);
        }
    }

    /// Sends prepared writes once.
    pub(super) async fn send_transaction(
        &self,
        token: Option<&IdempotencyToken>,
        prepared: Vec<Prepared>,
    ) -> Result<(), Failure> {
        let items: Result<Vec<_>, _> =
            prepared.into_iter().map(|prepared| prepared.into_transaction_item(&self.name)).collect();
        let Ok(items) = items else {
            return Err(Failure::Final(WriteError::Invalid("an update has at least one change")));
        };
        let request = self.writer.transact_write_items().set_transact_items(Some(items));
        let request = request.set_client_request_token(token.map(|token| token.0.clone()));
        request.send().await.map(|_| ()).map_err(write_failure)
    }
}

fn prepare(index: usize, write: &Write, form: &Form) -> Prepared {
    let renewal = form.renewed.contains(&index).then(|| instead_of_update(write)).flatten();
    Prepared::new(renewal.as_ref().unwrap_or(write), form.now)
}

/// The form to try next, where all that stood in the way were items that have ended; a renewal that met a new item
/// becomes an update again.
fn next_form(writes: &[Write], mut form: Form, refusals: Vec<Refusal>) -> Result<Form, WriteError> {
    for Refusal { index, old } in refusals {
        if form.renewed.remove(&index) {
            continue;
        }
        let ended = old.as_ref().is_some_and(|item| item.ended(form.now));
        if !ended || writes.get(index).and_then(instead_of_update).is_none() {
            let old = old.filter(|_| !ended).map(Box::new);
            return Err(WriteError::ConditionFailed { index, old });
        }
        form.renewed.insert(index);
    }
    Ok(form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::store::item::{Item, Key};
    use crate::store::write::{Change, Condition};

    const NOW: Timestamp = Timestamp::from_seconds(100);

    fn update(sort: &str, when: Vec<Condition>) -> Write {
        Write::Update { key: Key::new("p", sort), changes: vec![Change::Add("n".to_owned(), 1)], when }
    }

    fn refusal(index: usize, ends: i64) -> Refusal {
        Refusal { index, old: Some(Item::new(Key::new("p", "s")).expiring(Timestamp::from_seconds(ends))) }
    }

    #[test]
    fn updates_that_meet_ended_items_are_renewed_and_a_lost_race_goes_back() {
        let writes = [update("a", vec![]), update("b", vec![])];
        let form = next_form(&writes, Form::at(NOW), vec![refusal(1, 50)]).expect("another form");
        assert_eq!(form.renewed, [1].into());
        let form = next_form(&writes, form, vec![refusal(1, 200)]).expect("another form");
        assert_eq!(form, Form::at(NOW));
    }

    #[test]
    fn the_first_real_refusal_is_told_and_an_ended_item_is_not_shown() {
        let writes = [update("a", vec![]), update("b", vec![Condition::Exists]), update("c", vec![])];
        let outcome = next_form(&writes, Form::at(NOW), vec![refusal(0, 50), refusal(1, 50), refusal(2, 200)]);
        assert!(matches!(outcome, Err(WriteError::ConditionFailed { index: 1, old: None })), "{outcome:?}");
        let outcome = next_form(&writes, Form::at(NOW), vec![refusal(2, 200)]);
        assert!(matches!(outcome, Err(WriteError::ConditionFailed { index: 2, old: Some(_) })), "{outcome:?}");
    }
}
