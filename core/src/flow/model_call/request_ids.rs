//! The ids of calls, one for each attempt. Knows only time and chance.

use crate::clock::{NoEntropy, Random, Timestamp};
use crate::id::RequestId;
use std::sync::{Arc, Mutex, PoisonError};

/// Random bytes of one id.
const ID_BYTES: usize = 10;

/// Random bytes drawn at once: to ask the system for each id's costs more than all else about it.
const DRAWN_BYTES: usize = 64 * ID_BYTES;

/// Makes ids.
pub struct RequestIds {
    random: Arc<dyn Random>,
    drawn: Mutex<Drawn>,
    is_sharded: bool,
}

/// What is left of a draw. Ids tell when a call arrived and are no secrets, so it may lie here.
struct Drawn {
    bytes: [u8; DRAWN_BYTES],
    used: usize,
}

impl RequestIds {
    /// Ids spread over all shards.
    pub fn new(random: Arc<dyn Random>) -> Self {
        let drawn = Mutex::new(Drawn { bytes: [0; DRAWN_BYTES], used: DRAWN_BYTES });
        Self { random, drawn, is_sharded: true }
    }

    /// Ids of one shard, for a store that has one writer anyway: what calls that run together hold then lies together,
    /// and is stored in fewer pages.
    #[must_use]
    pub fn unsharded(self) -> Self {
        Self { is_sharded: false, ..self }
    }

    /// A new id, of a call that arrived at `arrived`.
    ///
    /// # Errors
    /// [`NoEntropy`].
    pub(super) fn next(&self, arrived: Timestamp) -> Result<RequestId, NoEntropy> {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let Drawn { bytes, used } = &mut *drawn;
        if *used >= bytes.len() {
            self.random.fill(bytes)?;
            *used = 0;
        }
        let random = bytes.get(*used..).and_then(<[u8]>::first_chunk).copied().ok_or(NoEntropy)?;
        *used += ID_BYTES;
        let id = RequestId::at(arrived, &random);
        Ok(if self.is_sharded { id } else { id.in_first_shard() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandom;
    use std::collections::HashSet;

    const NOW: Timestamp = Timestamp::from_seconds(1_763_700_000);

    fn shards(ids: &RequestIds) -> HashSet<u8> {
        let made: HashSet<RequestId> = (0..1000).map(|_| ids.next(NOW).unwrap()).collect();
        assert_eq!(made.len(), 1000, "no id comes twice");
        assert!(made.iter().all(|id| id.arrived() == NOW));
        made.into_iter().map(RequestId::shard).collect()
    }

    #[test]
    fn ids_are_spread_unless_they_need_not_be() {
        assert_eq!(shards(&RequestIds::new(Arc::new(SystemRandom))).len(), 16);
        assert_eq!(shards(&RequestIds::new(Arc::new(SystemRandom)).unsharded()), HashSet::from([0]));
    }

    #[test]
    fn without_entropy_there_is_no_id() {
        struct Broken;
        impl Random for Broken {
            fn fill(&self, _: &mut [u8]) -> Result<(), NoEntropy> {
                Err(NoEntropy)
            }
        }
        let ids = RequestIds::new(Arc::new(Broken));
        assert!(ids.next(NOW).is_err() && ids.next(NOW).is_err());
    }
}
