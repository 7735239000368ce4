//! Every row of one person's calls, with what is kept of them.

use super::row;
use super::spend_admin::SpendAdmin;
use crate::accounting::erasure::Person;
use crate::accounting::spend_query::{SPAN_DAYS_MAX, SpendQuery};
use crate::accounting::spend_row::SpendRow;
use crate::accounting::subject_keys::open_content;
use crate::calendar::DAY_MILLIS;
use crate::clock::Timestamp;
use crate::flow::admin::error::AdminError;
use serde_json::Value;
use std::ops::ControlFlow;

impl SpendAdmin {
    /// The calls that arrived in a span, the newest first; and until when the next ones did, where there are more than `most`.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn calls_of(
        &self,
        person: &Person,
        (since, until): (Timestamp, Timestamp),
        most: usize,
    ) -> Result<(Vec<Value>, Option<Timestamp>), AdminError> {
        let (mut rows, mut more, mut until): (Vec<SpendRow>, _, _) = (Vec::new(), None, until);
        while since <= until && more.is_none() {
            let from = since.max(until.plus_millis(-SPAN_DAYS_MAX * DAY_MILLIS));
            let mut query = SpendQuery::span(from, until);
            if let Person::User(id) = person {
                query.user_id = Some(id.clone());
            }
            let visit = |row: SpendRow| {
                let at = row.request_id.arrived();
                // Those of one millisecond stand together.
                if rows.len() >= most && rows.last().is_none_or(|last| last.request_id.arrived() != at) {
                    more = Some(at);
                    return ControlFlow::Break(());
                }
                if person.made(&row) {
                    rows.push(row);
                }
                ControlFlow::Continue(())
            };
            self.log.visit(&query, visit).await?;
            until = from.plus_millis(-1);
        }
        let mut shown = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut call = row::shown(row);
            if let Some(subjects) = &self.subjects {
                row::add_content(&mut call, open_content(subjects, row).await);
            }
            shown.push(call);
        }
        Ok((shown, more))
    }
}
