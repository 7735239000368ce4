//! A point: what an answer's question means, and under which key the answer is kept. Points of several processes are put
//! together in any order: of two for one key the later counts.
//!
//! Layout: `PV1\n`, the CRC-32 of all that follows, since when and until when the answer is good (milliseconds, 8 bytes
//! each), the key's length (4 bytes), the key, the vector (16 bits a number); all big-endian.

use super::vector::Vector;
use crate::clock::Timestamp;
use bytes::{BufMut, Bytes, BytesMut};

const MAGIC: &[u8; 4] = b"PV1\n";

/// What an answer's question means.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Under which key the answer is kept.
    pub key: String,
    /// When it was kept.
    pub kept_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// What its question means.
    pub vector: Vector,
}

impl Point {
    /// Its name among those of its scope, in the order of time.
    pub fn name(&self) -> String {
        let tail = self.key.len().saturating_sub(32);
        format!("{:013}-{}", self.kept_at.millis().max(0), self.key.get(tail..).unwrap_or_default())
    }

    /// Which of two counts, and which is let go last.
    pub fn age(&self) -> (Timestamp, &str) {
        (self.kept_at, &self.key)
    }

    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        self.vector.bytes() + self.key.len() + 96
    }

    /// The point as bytes.
    pub fn to_bytes(&self) -> Option<Bytes> {
        let mut told = BytesMut::with_capacity(20 + self.key.len() + self.vector.bytes());
        told.put_i64(self.kept_at.millis());
        told.put_i64(self.ends_at.millis());
        told.put_u32(u32::try_from(self.key.len()).ok()?);
        told.extend_from_slice(self.key.as_bytes());
        self.vector.write(&mut told);
        let mut bytes = BytesMut::with_capacity(8 + told.len());
        bytes.extend_from_slice(MAGIC);
        bytes.put_u32(crc32fast::hash(&told));
        bytes.extend_from_slice(&told);
        Some(bytes.freeze())
    }

    /// The point in these bytes. `None`: they are damaged, or nobody's.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        let (checksum, told) = rest.split_first_chunk::<4>()?;
        if magic != MAGIC || crc32fast::hash(told) != u32::from_be_bytes(*checksum) {
            return None;
        }
        let (kept_at, rest) = told.split_first_chunk::<8>()?;
        let (ends_at, rest) = rest.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (key, numbers) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        Some(Self {
            key: std::str::from_utf8(key).ok()?.to_owned(),
            kept_at: Timestamp::from_millis(i64::from_be_bytes(*kept_at)),
            ends_at: Timestamp::from_millis(i64::from_be_bytes(*ends_at)),
            vector: Vector::read(numbers)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_mark_is_read_as_it_was_written_and_never_when_a_byte_is_wrong(
            key in "[a-f:]{0,40}", numbers in proptest::collection::vec(0.1_f32..1.0, 1..40),
            at in any::<proptest::sample::Index>(), bit in 0..8_u8,
        ) {
            let (kept_at, ends_at) = (Timestamp::from_millis(10), Timestamp::from_millis(20));
            let point = Point { key, kept_at, ends_at, vector: Vector::of(&numbers).unwrap() };
            let bytes = point.to_bytes().unwrap();
            prop_assert_eq!(Point::read(&bytes), Some(point));
            let mut damaged = bytes.to_vec();
            let at = at.index(damaged.len());
            damaged[at] ^= 1 << bit;
            prop_assert_eq!(Point::read(&damaged), None);
            prop_assert_eq!(Point::read(&bytes[..at]), None);
        }
    }
}
