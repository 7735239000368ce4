//! Tells one transaction from another sent under the same token.

use super::super::write::Write;
use sha2::{Digest, Sha256};
use std::hash::{Hash, Hasher};

/// A hash of a transaction's writes.
pub(super) type Fingerprint = [u8; 16];

/// The fingerprint of these writes, in their order.
pub(super) fn fingerprint(writes: &[Write]) -> Fingerprint {
    let mut sink = Sink(Sha256::new());
    writes.hash(&mut sink);
    let digest: [u8; 32] = sink.0.finalize().into();
    let mut fingerprint = Fingerprint::default();
    fingerprint.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    fingerprint
}

/// Lets a derived `Hash` feed SHA-256: the standard library's own hasher may change between versions, and a fingerprint
/// is stored.
struct Sink(Sha256);

impl Hasher for Sink {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Not asked for: the whole digest is read instead.
    fn finish(&self) -> u64 {
        0
    }
}
