//! Seals stored credentials, models, settings and keys of users anew where they are sealed otherwise than they would be now: under an
//! older key, or in LiteLLM's form. Answers do not wait for it, and every value can be read before, while and after.
//!
//! Kept from run to run: `list`, which of the lists is under way, and `after`, the last entry that was looked at.

use super::cursor::Cursor;
use super::error::JobError;
use super::progress::{Ended, Progress, Until};
use crate::accounting::subject_keys::StoredSubjectKeys;
use crate::credentials::store::CredentialStore;
use crate::crypto::Resealed;
use crate::flow::admin::config::versions::ConfigVersions;
use crate::routing::stored::StoredModels;
use crate::store::write::Change;

/// Entries looked at between two looks at the clock.
const AT_ONCE: usize = 25;
/// Most entries looked at in one run.
const EXAMINED_MAX: u64 = 20_000;

const LIST: &str = "list";
const AFTER: &str = "after";

/// What is sealed.
pub struct Resealable {
    /// Named credentials.
    pub credentials: CredentialStore,
    /// Keys of users and end users.
    pub subjects: StoredSubjectKeys,
    /// Models of the table.
    pub models: StoredModels,
    /// Settings of the table.
    pub settings: ConfigVersions,
}

impl Resealable {
    /// The next entries of a list: one of credentials, several of subjects' keys, one of models, one of
    /// settings. `None`: no such list.
    async fn next(&self, list: u8, after: Option<String>) -> Result<Option<Resealed>, JobError> {
        match list.checked_sub(1) {
            None => Ok(Some(self.credentials.reseal(after, AT_ONCE).await?)),
            Some(shard) if shard < StoredSubjectKeys::SHARDS => {
                Ok(Some(self.subjects.reseal(shard, after, AT_ONCE).await?))
            }
            Some(StoredSubjectKeys::SHARDS) => Ok(Some(self.models.reseal(after, AT_ONCE).await?)),
            Some(list) if list == StoredSubjectKeys::SHARDS + 1 => {
                Ok(Some(self.settings.reseal(after, AT_ONCE).await?))
            }
            Some(_) => Ok(None),
        }
    }
}

pub(super) async fn run(
    sealed: Option<&Resealable>,
    cursor: &Cursor<'_>,
    until: Until<'_>,
    progress: &mut Progress,
) -> Result<Ended, JobError> {
    let Some(sealed) = sealed else { return Ok(Ended::Off) };
    let kept = cursor.read().await?;
    let mut list = kept.number(LIST).and_then(|list| u8::try_from(list).ok()).unwrap_or(0);
    let mut after = kept.text(AFTER).map(str::to_owned);
    let began = (list, after.clone());
    let walked = loop {
        if progress.examined >= EXAMINED_MAX || until.passed() {
            break Ok(Ended::Unfinished);
        }
        let page = match sealed.next(list, after.clone()).await {
            Ok(Some(page)) => page,
            Ok(None) => break Ok(Ended::Finished),
            Err(error) => break Err(error),
        };
        progress.examined += page.examined;
        progress.done += page.done;
        progress.passed_over += page.passed_over;
        after = page.next;
        if after.is_none() {
            list += 1;
        }
    };
    let is_over = matches!(walked, Ok(Ended::Finished));
    let (list, after) = if is_over { (0, None) } else { (list, after) };
    progress.cursor = (!is_over).then(|| format!("{list}/{}", after.as_deref().unwrap_or_default()));
    if (list, after.clone()) != began {
        let place =
            after.map_or_else(|| Change::Remove(AFTER.to_owned()), |after| Change::Set(AFTER.to_owned(), after.into()));
        cursor.change(vec![Change::Set(LIST.to_owned(), i64::from(list).into()), place]).await?;
    }
    walked
}
