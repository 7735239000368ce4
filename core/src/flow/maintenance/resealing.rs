//! Seals what is [`Resealable`] anew where it is sealed otherwise than it would be now: under an older key, or in
//! LiteLLM's form. Answers do not wait for it, and every value can be read before, while and after.
//!
//! Kept from run to run: `list`, which of the lists is under way, and `after`, the last entry that was looked at.

use super::cursor::Cursor;
use super::error::JobError;
use super::progress::{Ended, Progress, Until};
use crate::crypto::resealed::Work;
use crate::flow::resealable::{Position, Resealable};
use crate::store::write::Change;

/// Entries looked at between two looks at the clock.
const AT_ONCE: usize = 25;
/// Most entries looked at in one run.
const EXAMINED_MAX: u64 = 20_000;

const LIST: &str = "list";
const AFTER: &str = "after";

pub(super) async fn run(
    sealed: Option<&Resealable>,
    cursor: &Cursor<'_>,
    until: Until<'_>,
    progress: &mut Progress,
) -> Result<Ended, JobError> {
    let Some(sealed) = sealed else { return Ok(Ended::Off) };
    let kept = cursor.read().await?;
    let list = kept.number(LIST).and_then(|list| u8::try_from(list).ok()).unwrap_or(0);
    let mut at = Position { list, after: kept.text(AFTER).map(str::to_owned) };
    let began = at.clone();
    let walked = loop {
        if progress.examined >= EXAMINED_MAX || until.passed() {
            break Ok(Ended::Unfinished);
        }
        let page = match sealed.next(&at, AT_ONCE, Work::Seal).await {
            Ok(Some((_, page))) => page,
            Ok(None) => break Ok(Ended::Finished),
            Err(error) => break Err(error.into()),
        };
        progress.examined += page.examined;
        progress.done += page.done;
        progress.passed_over += page.passed_over();
        at.advance(page.next);
    };
    let is_over = matches!(walked, Ok(Ended::Finished));
    let at = if is_over { Position::default() } else { at };
    progress.cursor = (!is_over).then(|| at.to_string());
    if at != began {
        let Position { list, after } = at;
        let place =
            after.map_or_else(|| Change::Remove(AFTER.to_owned()), |after| Change::Set(AFTER.to_owned(), after.into()));
        cursor.change(vec![Change::Set(LIST.to_owned(), i64::from(list).into()), place]).await?;
    }
    walked
}
