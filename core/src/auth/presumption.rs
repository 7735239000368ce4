//! What is taken for so while it is read again: callers and records that this process has read too long ago to go by,
//! and records that it has never met, as most end users have none. So the reading hides behind what a call waits for
//! anyway. Who presumes must [confirm](Authenticator::confirm) before anything is told or sent.

use super::authenticate::Authenticator;
use super::caller::PresumedCaller;
use super::error::AuthError;
use super::records::RecordId;
use crate::clock::Timestamp;
use crate::principal::{Holder, Principal};
use futures_util::future::{join, try_join_all};
use std::sync::Arc;

/// What a call takes for so.
#[derive(Debug, Default)]
pub struct Presumption<'a> {
    /// Its caller; `None`: it is known.
    pub caller: Option<&'a PresumedCaller>,
    /// Records of the call itself, as they are taken to be: its end user, its tags.
    pub records: Vec<PresumedRecord>,
}

/// A record as it is taken to be.
#[derive(Debug)]
pub struct PresumedRecord {
    /// Which one.
    pub id: RecordId,
    /// What is known of it; `None`: there is none.
    pub holder: Option<Arc<Holder>>,
}

/// What reading again says to a presumption.
#[derive(Debug)]
pub enum Confirmation {
    /// It holds; with the caller as it was read, where it was presumed.
    Holds(Option<Arc<Principal>>),
    /// Something is not so any more. What was read is known now.
    Fails,
}

impl Presumption<'_> {
    /// Whether nothing is presumed.
    pub fn is_empty(&self) -> bool {
        self.caller.is_none() && self.records.is_empty()
    }
}

impl Authenticator {
    /// A record as a call may take it to be until it is confirmed, and whether it is known to be so. `None`: it has to
    /// be read first.
    pub fn presumed_record(&self, id: &RecordId, now: Timestamp) -> Option<(Option<Arc<Holder>>, bool)> {
        self.directory.presumed(id, now)
    }

    /// Reads again what a call presumes, all at once.
    ///
    /// What is read of the caller counts before what becomes of the records.
    ///
    /// # Errors
    /// Those of [`Self::recognise`], of the caller as it is now, and [`AuthError::StoreUnavailable`].
    pub async fn confirm(&self, presumed: &Presumption<'_>, now: Timestamp) -> Result<Confirmation, AuthError> {
        let caller = async {
            let Some(PresumedCaller { hash, key_name, .. }) = presumed.caller else { return Ok(None) };
            self.read_or_recall(hash.clone(), || key_name.clone(), now).await.map(Some)
        };
        let records = presumed.records.iter().map(|record| async {
            let holder = self.in_time(self.directory.described(&record.id, now)).await?;
            Ok::<_, AuthError>(holder == record.holder)
        });
        let (caller, records) = join(caller, try_join_all(records)).await;
        let caller = caller?;
        let is_still = match (presumed.caller, &caller) {
            (Some(presumed), Some(read)) => {
                presumed.principal.is_still(read) && read.expires.is_none_or(|end| end > now)
            }
            _ => true,
        };
        Ok(match is_still && records?.into_iter().all(|is_same| is_same) {
            true => Confirmation::Holds(caller),
            false => Confirmation::Fails,
        })
    }
}
