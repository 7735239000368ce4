//! Makes new periods of budgets visible: what counts is 0 again, and the next end is shown. Walks the lists of keys and of
//! the records above and beside them, which say whose period has ended, and goes on in the next run where this one stops.

use super::cursor::Cursor;
use super::error::JobError;
use super::progress::{Ended, Progress, Until};
use crate::auth::budget_period::{BudgetEntry, BudgetList, BudgetPeriods, Budgeted, Period, PeriodError};
use crate::auth::cache::PrincipalCache;
use crate::store::table::ReadError;
use crate::store::write::Change;

/// Most budgets begun anew in one run.
const BUDGETS_MAX: u64 = 2_000;

/// Entries read from a list at a time.
const PAGE: usize = 500;

const LIST: &str = "list";
const AFTER: &str = "after";

/// The budgets, and what this process remembers of those who have them.
#[derive(Clone, Copy)]
pub(super) struct Budgets<'run> {
    pub(super) periods: &'run BudgetPeriods,
    pub(super) remembered: Option<&'run PrincipalCache>,
}

/// Where a run goes on: in which list, behind which entry.
#[derive(Clone, PartialEq, Eq)]
struct Position {
    list: BudgetList,
    after: Option<String>,
}

pub(super) async fn run(
    budgets: Budgets<'_>,
    cursor: &Cursor<'_>,
    until: Until<'_>,
    progress: &mut Progress,
) -> Result<Ended, JobError> {
    let left = cursor.read().await?;
    let list = left.text(LIST).and_then(|name| BudgetList::ALL.into_iter().find(|list| list.partition() == name));
    let from = Position { list: list.unwrap_or(BudgetList::Keys), after: left.text(AFTER).map(str::to_owned) };
    let mut at = from.clone();
    let ended = walk(budgets, &mut at, until, progress).await;
    progress.cursor.clone_from(&at.after);
    if at != from {
        let after = AFTER.to_owned();
        let after = at.after.map_or(Change::Remove(after.clone()), |entry| Change::Set(after, entry.into()));
        cursor.change(vec![Change::Set(LIST.to_owned(), at.list.partition().into()), after]).await?;
    }
    ended
}

async fn walk(
    budgets: Budgets<'_>,
    at: &mut Position,
    until: Until<'_>,
    progress: &mut Progress,
) -> Result<Ended, JobError> {
    let first = at.list;
    for list in BudgetList::ALL.into_iter().skip_while(|list| *list != first) {
        if list != at.list {
            *at = Position { list, after: None };
        }
        loop {
            let page = budgets.periods.page(list, at.after.clone(), PAGE).await?;
            for entry in page.entries {
                if progress.done >= BUDGETS_MAX || until.passed() {
                    return Ok(Ended::Unfinished);
                }
                look_at(budgets, &entry, until, progress).await?;
                at.after = Some(entry.position);
            }
            at.after = page.next;
            if at.after.is_none() {
                break;
            }
        }
    }
    *at = Position { list: BudgetList::Keys, after: None };
    Ok(Ended::Finished)
}

async fn look_at(
    budgets: Budgets<'_>,
    entry: &BudgetEntry,
    until: Until<'_>,
    progress: &mut Progress,
) -> Result<(), JobError> {
    progress.examined += 1;
    let now = until.now();
    if entry.resets_at.is_none_or(|end| end > now) {
        return Ok(());
    }
    match budgets.periods.begin(&entry.who, now).await {
        Ok(Period::Begun { .. }) => {
            progress.done += 1;
            match (budgets.remembered, &entry.who) {
                (Some(cache), Budgeted::Key(hash)) => cache.invalidate(hash),
                (Some(cache), Budgeted::Record(_)) => cache.invalidate_all(),
                (None, _) => {}
            }
        }
        Ok(Period::Running) => {}
        // One such budget does not stand in the way of the others.
        Err(error @ (PeriodError::Changed | PeriodError::Read(ReadError::Corrupt(_)))) => {
            let who = entry.who.to_string();
            tracing::warn!(who, error = &error as &dyn std::error::Error, "a budget stays in its old period");
            progress.passed_over += 1;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
