//! Replaces keys whose turn has come. Walks the list of keys, which says whose it is, and goes on in the next run where this
//! one stops.

use super::cursor::Cursor;
use super::error::JobError;
use super::progress::{Ended, Progress, Until};
use crate::flow::admin::keys::key_admin::KeyAdmin;
use crate::store::write::Change;
use std::error::Error;

/// Most keys replaced in one run.
const KEYS_MAX: u64 = 500;

/// Entries read at a time.
const PAGE: usize = 500;

const AFTER: &str = "after";

pub(super) async fn run(
    keys: Option<&KeyAdmin>,
    cursor: &Cursor<'_>,
    until: Until<'_>,
    progress: &mut Progress,
) -> Result<Ended, JobError> {
    let Some(keys) = keys else { return Ok(Ended::Off) };
    let from = cursor.read().await?.text(AFTER).map(str::to_owned);
    let mut after = from.clone();
    let ended = walk(keys, &mut after, until, progress).await;
    progress.cursor.clone_from(&after);
    if after != from {
        let change = after.map_or(Change::Remove(AFTER.to_owned()), |at| Change::Set(AFTER.to_owned(), at.into()));
        cursor.change(vec![change]).await?;
    }
    ended
}

async fn walk(
    keys: &KeyAdmin,
    after: &mut Option<String>,
    until: Until<'_>,
    progress: &mut Progress,
) -> Result<Ended, JobError> {
    loop {
        let page = keys.page(after.take(), PAGE).await?;
        for listing in page.listings {
            if progress.done >= KEYS_MAX || until.passed() {
                return Ok(Ended::Unfinished);
            }
            let now = until.now();
            progress.examined += 1;
            if listing.rotates_at.is_some_and(|at| at <= now) {
                match keys.rotate(&listing.hash, now).await {
                    Ok(true) => progress.done += 1,
                    Ok(false) => progress.passed_over += 1,
                    Err(error) => {
                        // Its turn comes again in the next round.
                        progress.passed_over += 1;
                        tracing::warn!(key = %listing.hash, error = &error as &dyn Error, "a key is not replaced");
                    }
                }
            }
            *after = Some(listing.position());
        }
        *after = page.next;
        if after.is_none() {
            return Ok(Ended::Finished);
        }
    }
}
