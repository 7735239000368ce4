//! Identifiers, each its own type so that one cannot stand in for another. Knows only time.

use crate::clock::Timestamp;
use std::fmt;
use uuid::{Builder, Uuid};

/// One call to the gateway. A version 7 UUID: the creation time stands in its first 48 bits, so a call's log row is
/// found from its id alone. Answered in `x-litellm-call-id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(Uuid);

impl RequestId {
    /// The id of a call that arrived at `now`, with ten random bytes.
    pub fn at(now: Timestamp, random: &[u8; 10]) -> Self {
        Self(Builder::from_unix_timestamp_millis(u64::try_from(now.millis()).unwrap_or(0), random).into_uuid())
    }

    /// Reads the id's text form. `None` for anything but a version 7 UUID.
    pub fn parse(text: &str) -> Option<Self> {
        let uuid = Uuid::try_parse(text).ok()?;
        (uuid.get_version_num() == 7).then_some(Self(uuid))
    }

    /// When the call arrived, to the millisecond.
    pub fn arrived(self) -> Timestamp {
        let millis = self.0.as_u128() >> 80;
        Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }

    /// A number from 0 to 15, for sharding.
    pub fn shard(self) -> u8 {
        (self.0.as_u128() & 0x0f) as u8
    }

    /// The same id, but of shard 0.
    #[must_use]
    pub fn in_first_shard(self) -> Self {
        Self(Uuid::from_u128(self.0.as_u128() & !0x0f))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

/// The SHA-256 of a virtual key, in lower-case hexadecimal: what is stored in place of the key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyHash(String);

impl KeyHash {
    /// Takes text that already is a hash: 64 lower-case hexadecimal digits. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hash = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        is_hash.then(|| Self(text.to_owned()))
    }

    /// The hash whose bytes these are.
    pub fn of_digest(digest: &[u8; 32]) -> Self {
        Self(hex::encode(digest))
    }

    /// The hexadecimal text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One deployment: an upstream model with its own parameters. Answered in `x-litellm-model-id`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeploymentId(String);

impl DeploymentId {
    /// Wraps an id given in `model_info.id` or made from the deployment's parameters.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeploymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_remembers_when_the_call_arrived() {
        let arrived = Timestamp::from_millis(1_763_700_000_123);
        let id = RequestId::at(arrived, &[7; 10]);
        assert_eq!(id.arrived(), arrived);
        assert_eq!(RequestId::parse(&id.to_string()), Some(id));
    }

    #[test]
    fn a_request_id_of_another_version_is_not_taken() {
        assert_eq!(RequestId::parse("936da01f-9abd-4d9d-80c7-02af85c822a8"), None);
    }
}
