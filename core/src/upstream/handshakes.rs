//! What came of handshakes, by origin: what was agreed on, how often a session was taken up again, or why there is no
//! connection. For the diagnostics; written when a connection is made, never in a call that finds one.

use super::origin::Origin;
use rustls::{ClientConnection, HandshakeKind};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Origins remembered: beyond that a new one is not.
const ORIGINS_MAX: usize = 256;

/// What came of the handshakes with one origin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handshakes {
    /// Connections that were made.
    pub connections: u64,
    /// Those among them that took a session up again.
    pub resumed: u64,
    /// What the last one agreed on: version, suite, key exchange.
    pub agreed: Option<Agreed>,
    /// Why the last attempt failed, in a sentence; `None`: it did not.
    pub failure: Option<String>,
}

/// What both sides agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// `TLSv1_3` or `TLSv1_2`.
    pub version: String,
    /// The suite.
    pub suite: String,
    /// The key exchange.
    pub key_exchange: Option<String>,
}

/// All that is remembered.
#[derive(Debug, Default)]
pub(super) struct Seen {
    origins: Mutex<BTreeMap<String, Handshakes>>,
}

impl Seen {
    pub(super) fn made(&self, origin: &Origin, connection: &ClientConnection) {
        let agreed = connection.protocol_version().zip(connection.negotiated_cipher_suite()).map(|(version, suite)| {
            let group = connection.negotiated_key_exchange_group();
            Agreed {
                version: format!("{version:?}"),
                suite: format!("{:?}", suite.suite()),
                key_exchange: group.map(|group| format!("{:?}", group.name())),
            }
        });
        let is_resumed = connection.handshake_kind() == Some(HandshakeKind::Resumed);
        self.note(origin, |seen| {
            seen.connections += 1;
            seen.resumed += u64::from(is_resumed);
            seen.agreed = agreed;
            seen.failure = None;
        });
    }

    pub(super) fn failed(&self, origin: &Origin, failure: String) {
        self.note(origin, |seen| seen.failure = Some(failure));
    }

    pub(super) fn all(&self) -> BTreeMap<String, Handshakes> {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, origin: &Origin, change: impl FnOnce(&mut Handshakes)) {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        let name = origin.name();
        if origins.len() < ORIGINS_MAX || origins.contains_key(&name) {
            change(origins.entry(name).or_default());
        }
    }
}
