//! What is kept: an answer's bytes, what is known about them, and since when and until when they are good. An entry that is
//! damaged, of another version or another key's is no entry.
//!
//! Layout: `PA1\n`, the CRC-32 of all that follows, the length of the head (both 4 bytes, big-endian), the head as JSON,
//! the body.

use crate::clock::Timestamp;
use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

const MAGIC: &[u8; 4] = b"PA1\n";
const PREFIX_BYTES: usize = 12;

/// A kept answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it was kept.
    pub kept_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// What its keeper noted about it: JSON.
    pub about: String,
    /// The answer.
    pub body: Bytes,
}

#[derive(Serialize, Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    key: std::borrow::Cow<'a, str>,
    at: i64,
    until: i64,
    #[serde(borrow)]
    about: &'a RawValue,
}

impl Entry {
    /// The entry as it is kept under `key`. `None`: what is noted about it is no JSON.
    pub fn to_bytes(&self, key: &str) -> Option<Bytes> {
        let about: &RawValue = serde_json::from_str(&self.about).ok()?;
        let head = Head { key: key.into(), at: self.kept_at.millis(), until: self.ends_at.millis(), about };
        let head = serde_json::to_vec(&head).ok()?;
        let mut bytes = BytesMut::with_capacity(PREFIX_BYTES + head.len() + self.body.len());
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(&head);
        checksum.update(&self.body);
        bytes.extend_from_slice(MAGIC);
        bytes.put_u32(checksum.finalize());
        bytes.put_u32(u32::try_from(head.len()).ok()?);
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(&self.body);
        Some(bytes.freeze())
    }

    /// The entry in what is kept under `key`, where it is whole and its time is not over.
    pub fn read(key: &str, bytes: &Bytes, now: Timestamp) -> Option<Self> {
        let (prefix, rest) = bytes.split_at_checked(PREFIX_BYTES)?;
        let (magic, numbers) = prefix.split_at_checked(MAGIC.len())?;
        let (checksum, length) = numbers.split_at_checked(4)?;
        let checksum = u32::from_be_bytes(checksum.try_into().ok()?);
        let length = usize::try_from(u32::from_be_bytes(length.try_into().ok()?)).ok()?;
        if magic != MAGIC || length > rest.len() || crc32fast::hash(rest) != checksum {
            return None;
        }
        let (head, _) = rest.split_at_checked(length)?;
        let head: Head<'_> = serde_json::from_slice(head).ok()?;
        let (kept_at, ends_at) = (Timestamp::from_millis(head.at), Timestamp::from_millis(head.until));
        let entry = Self {
            kept_at,
            ends_at,
            about: head.about.get().to_owned(),
            body: bytes.slice(PREFIX_BYTES.saturating_add(length)..),
        };
        (head.key == key && now < ends_at).then_some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(body: Vec<u8>) -> Entry {
        Entry {
            kept_at: Timestamp::from_millis(10),
            ends_at: Timestamp::from_millis(20),
            about: r#"{"n":1}"#.to_owned(),
            body: body.into(),
        }
    }

    proptest! {
        #[test]
        fn an_entry_is_read_as_it_was_kept_and_never_when_a_byte_is_wrong(
            body in proptest::collection::vec(any::<u8>(), 0..200), at in any::<proptest::sample::Index>(), bit in 0..8_u8,
        ) {
            let entry = entry(body);
            let bytes = entry.to_bytes("k").unwrap();
            let now = Timestamp::from_millis(19);
            prop_assert_eq!(Entry::read("k", &bytes, now), Some(entry));
            let mut damaged = bytes.to_vec();
            let at = at.index(damaged.len());
            damaged[at] ^= 1 << bit;
            prop_assert_eq!(Entry::read("k", &damaged.into(), now), None);
            prop_assert_eq!(Entry::read("k", &bytes.slice(..at), now), None);
        }
    }

    #[test]
    fn an_entry_is_for_its_own_key_and_its_own_time() {
        let bytes = entry(b"a".to_vec()).to_bytes("k").unwrap();
        assert_eq!(Entry::read("other", &bytes, Timestamp::from_millis(10)), None);
        assert_eq!(Entry::read("k", &bytes, Timestamp::from_millis(20)), None);
    }
}
