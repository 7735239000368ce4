//! Rows that a store in an outage did not take while the call's client waited: stored in the background when it is back.
//! Not a way to record calls: every call asks the store while its client waits.

use super::admit::Admitted;
use super::late::{PATIENCE, Pauses, WORKS_MAX};
use super::parts::ModelCalls;
use super::slices::Slices;
use crate::accounting::spend_row::SpendRow;
use std::error::Error;

/// Stores a call's row. Whether it did; if not, the loss is logged with what the row would charge.
pub(super) async fn settle(calls: &ModelCalls, row: &SpendRow, admitted: &mut Admitted, slices: &mut Slices) -> bool {
    let mut pauses = Pauses::begin(PATIENCE);
    admitted.end_trace().await;
    let error = loop {
        // What it holds may be known by now.
        slices.close(calls, admitted).await;
        let release = admitted.release(&row.details.usage, row.details.ended_at);
        let error = match calls.spend.settle_held(row, release).await {
            Ok(_) => return true,
            Err(error) => error,
        };
        if !error.is_outage() || calls.background.running() > WORKS_MAX || !pauses.next().await {
            break error;
        }
    };
    tracing::error!(
        call = %row.request_id,
        key = %row.key,
        dollars = row.cost.dollars(),
        error = &error as &dyn Error,
        "a call is not charged"
    );
    false
}
