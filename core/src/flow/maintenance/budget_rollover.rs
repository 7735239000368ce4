//! Makes new periods of keys' budgets visible: what counts is 0 again, and the next end is shown. Walks the list of
//! keys, which says whose period has ended, and goes on in the next run where this one stops.

use super::cursor::Cursor;
use super::error::JobError;
use super::progress::{Ended, Progress, Until};
use crate::auth::budget_period::Period;
use crate::auth::cache::PrincipalCache;
use crate::auth::key_listing::KeyListing;
use crate::auth::key_store::{KeyStore, KeyStoreError};
use crate::store::table::ReadError;
use crate::store::write::Change;

/// Most budgets begun anew in one run.
const BUDGETS_MAX: u64 = 2_000;

/// Keys read from the list at a time.
const PAGE: usize = 500;

const AFTER: &str = "after";

/// The keys, and what this process remembers of them.
#[derive(Clone, Copy)]
pub(super) struct Keys<'run> {
    pub(super) store: &'run KeyStore,
    pub(super) remembered: Option<&'run PrincipalCache>,
}

pub(super) async fn run(
    keys: Keys<'_>,
    cursor: &Cursor<'_>,
    until: Until<'_>,
    progress: &mut Progress,
) -> Result<Ended, JobError> {
    let from = cursor.read().await?.text(AFTER).map(str::to_owned);
    progress.cursor.clone_from(&from);
    let ended = walk(keys, until, progress).await?;
    if progress.cursor != from {
        let name = AFTER.to_owned();
        let change = progress.cursor.clone().map_or(Change::Remove(name.clone()), |at| Change::Set(name, at.into()));
        cursor.change(vec![change]).await?;
    }
    Ok(ended)
}

async fn walk(keys: Keys<'_>, until: Until<'_>, progress: &mut Progress) -> Result<Ended, JobError> {
    loop {
        let page = keys.store.list_page(progress.cursor.clone(), PAGE).await?;
        for listing in page.listings {
            if progress.done >= BUDGETS_MAX || until.passed() {
                return Ok(Ended::Unfinished);
            }
            look_at(keys, &listing, until, progress).await?;
            progress.cursor = Some(listing.position());
        }
        progress.cursor = page.next;
        if progress.cursor.is_none() {
            return Ok(Ended::Finished);
        }
    }
}

async fn look_at(
    keys: Keys<'_>,
    listing: &KeyListing,
    until: Until<'_>,
    progress: &mut Progress,
) -> Result<(), JobError> {
    progress.examined += 1;
    let now = until.now();
    if listing.budget_reset_at.is_none_or(|end| end > now) {
        return Ok(());
    }
    match keys.store.begin_period(&listing.hash, now).await {
        Ok(Period::Begun { .. }) => {
            progress.done += 1;
            if let Some(cache) = keys.remembered {
                cache.invalidate(&listing.hash);
            }
        }
        Ok(Period::Running) => {}
        // One such key does not stand in the way of the others.
        Err(error @ (KeyStoreError::Changed | KeyStoreError::Read(ReadError::Corrupt(_)))) => {
            tracing::warn!(key = %listing.hash, error = &error as &dyn std::error::Error, "a budget stays in its old period");
            progress.passed_over += 1;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
