//! Entries that only the keys of those whose calls they are can open: whoever is deleted takes theirs along, wherever copies
//! of them lie. May touch the ciphers and the seam to the keys.
//!
//! Layout: `PS1\n`, the length of the head (4 bytes, big-endian), the head as JSON (whose keys they are: kind and name of
//! each), the sealed [`super::entry`].

use crate::clock::Random;
use crate::crypto::subject::{Subject, SubjectKeyError, SubjectKeys, open_for, seal_for};
use bytes::{BufMut, Bytes, BytesMut};
use std::sync::Arc;

const MAGIC: &[u8; 4] = b"PS1\n";
const PREFIX_BYTES: usize = 8;
/// More than whoever one call can belong to.
const SUBJECTS_MAX: usize = 8;

/// What seals entries.
#[derive(Clone)]
pub struct Sealing {
    /// The keys of those whose calls they are.
    pub keys: Arc<dyn SubjectKeys>,
    /// Chance, for the cipher.
    pub random: Arc<dyn Random>,
}

impl Sealing {
    /// An entry as it is kept under `key`. `None`: it belongs to nobody, or to somebody who was deleted.
    pub(super) async fn seal(
        &self,
        key: &str,
        subjects: &[Subject],
        entry: &[u8],
    ) -> Result<Option<Bytes>, SubjectKeyError> {
        let sealed = match seal_for(self.keys.as_ref(), subjects, (entry, &bound(key)), self.random.as_ref()).await {
            Ok(Some(sealed)) => sealed,
            Ok(None) | Err(SubjectKeyError::Destroyed) => return Ok(None),
            Err(error) => return Err(error),
        };
        let names: Vec<_> = subjects.iter().map(|subject| (subject.kind(), subject.name())).collect();
        let head = serde_json::to_vec(&names).unwrap_or_default();
        let Ok(length) = u32::try_from(head.len()) else { return Ok(None) };
        let mut bytes = BytesMut::with_capacity(PREFIX_BYTES + head.len() + sealed.len());
        bytes.extend_from_slice(MAGIC);
        bytes.put_u32(length);
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(&sealed);
        Ok(Some(bytes.freeze()))
    }

    /// The entry in what is kept under `key`. `None`: one of its keys is destroyed, it is another key's, or damaged, or
    /// nobody sealed it.
    pub(super) async fn open(&self, key: &str, bytes: &[u8]) -> Result<Option<Bytes>, SubjectKeyError> {
        let Some((subjects, sealed)) = read(bytes) else { return Ok(None) };
        let opened = open_for(self.keys.as_ref(), &subjects, (sealed, &bound(key))).await?;
        Ok(opened.map(|entry| Bytes::copy_from_slice(&entry)))
    }
}

/// What a sealed entry is bound to: a spend row's content never opens as one.
fn bound(key: &str) -> String {
    format!("cache#{key}")
}

fn read(bytes: &[u8]) -> Option<(Vec<Subject>, &[u8])> {
    let (prefix, rest) = bytes.split_at_checked(PREFIX_BYTES)?;
    let (magic, length) = prefix.split_at_checked(MAGIC.len())?;
    let length = usize::try_from(u32::from_be_bytes(length.try_into().ok()?)).ok()?;
    let (head, sealed) = rest.split_at_checked(length).filter(|_| magic == MAGIC)?;
    let names: Vec<(String, String)> = serde_json::from_slice(head).ok()?;
    if names.len() > SUBJECTS_MAX {
        return None;
    }
    let subjects: Option<Vec<_>> = names.into_iter().map(|(kind, name)| Subject::of(&kind, name)).collect();
    Some((subjects?, sealed))
}
