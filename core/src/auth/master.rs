//! The administrator's key. Only its digest is kept here, and a comparison takes as long whatever is presented.

use crate::crypto::key_hash;
use crate::id::KeyHash;
use crate::secret::Secret;
use arc_swap::ArcSwap;
use std::fmt;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The name under which the master key's calls are logged and totalled. The logs hold the hash of this name, never
/// anything made from the key: the key may be rotated, and a weak one could be guessed from its hash.
pub const MASTER_KEY_ALIAS: &str = "litellm_proxy_master_key";

/// The user that the master key acts as.
pub const MASTER_USER_ID: &str = "default_user_id";

/// Recognises the master key.
#[derive(Clone)]
pub struct MasterKey {
    digest: Arc<ArcSwap<[u8; 32]>>,
    /// Of further keys that count as it.
    others: Arc<[[u8; 32]]>,
}

impl MasterKey {
    /// Takes the digest of the key.
    pub fn new(key: &Secret) -> Self {
        Self { digest: Arc::new(ArcSwap::from_pointee(key_hash::digest(key.expose()))), others: Arc::default() }
    }

    /// With further keys that count as it, so that all who have one can change to another in their own time.
    #[must_use]
    pub fn beside(self, others: &[Secret]) -> Self {
        Self { others: others.iter().map(|key| key_hash::digest(key.expose())).collect(), ..self }
    }

    /// Puts another key in its place, here and in every clone.
    pub fn replace(&self, key: &Secret) {
        self.digest.store(Arc::new(key_hash::digest(key.expose())));
    }

    /// Whether `presented`, the digest of a presented key, is that of the master key.
    pub fn matches(&self, presented: &[u8; 32]) -> bool {
        let own = self.digest.load().as_ref().ct_eq(presented);
        self.others.iter().fold(own, |matches, other| matches | other.ct_eq(presented)).into()
    }

    /// What stands for the master key in logs and totals.
    pub fn log_hash() -> KeyHash {
        key_hash::hash(MASTER_KEY_ALIAS)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_master_key_itself_matches() {
        let master = MasterKey::new(&Secret::new("sk-master"));
        assert!(master.matches(&key_hash::digest("sk-master")));
        assert!(!master.matches(&key_hash::digest("sk-maste")));
        assert!(!master.matches(&key_hash::digest(key_hash::hash("sk-master").as_str())));
    }

    #[test]
    fn further_keys_count_as_it() {
        let master =
            MasterKey::new(&Secret::new("sk-master")).beside(&[Secret::new("sk-next"), Secret::new("sk-third")]);
        for key in ["sk-master", "sk-next", "sk-third"] {
            assert!(master.matches(&key_hash::digest(key)), "{key}");
        }
        assert!(!master.matches(&key_hash::digest("sk-other")));
    }

    #[test]
    fn a_rotated_key_counts_everywhere_at_once() {
        let master = MasterKey::new(&Secret::new("sk-master"));
        let held = master.clone();
        master.replace(&Secret::new("sk-rotated"));
        assert!(held.matches(&key_hash::digest("sk-rotated")));
        assert!(!held.matches(&key_hash::digest("sk-master")));
    }
}
