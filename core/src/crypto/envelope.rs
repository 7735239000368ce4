//! Postern's own form of a sealed value: text, so that it stands wherever a text may.
//!
//! `postern:v1:<system>:<key id>:<key version>:<wrapped data key>:<nonce, ciphertext and tag>`, the last two in URL-safe
//! base64 without padding. AES-256-GCM under the data key; bound to everything before the last colon and to the value's
//! place.

use super::cipher::CipherKey;
use super::key_name::{KeyName, System, is_key_id};
use super::place::Place;
use crate::clock::{NoEntropy, Random};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// What a value begins with.
pub(super) const PREFIX: &str = "postern:v1:";

/// A value, read and not opened.
pub(super) struct Envelope<'v> {
    /// All before the ciphertext.
    head: &'v str,
    pub(super) key: KeyName,
    pub(super) wrapped: Vec<u8>,
    sealed: Vec<u8>,
}

impl<'v> Envelope<'v> {
    /// Reads a value; `None` where it does not have the form.
    pub(super) fn read(value: &'v str) -> Option<Self> {
        let (head, sealed) = value.rsplit_once(':')?;
        let mut parts = head.strip_prefix(PREFIX)?.split(':');
        let (system, id, version, wrapped) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || !is_key_id(id) {
            return None;
        }
        Some(Self {
            head,
            key: KeyName { system: System::named(system)?, id: id.to_owned(), version: version.parse().ok()? },
            wrapped: URL_SAFE_NO_PAD.decode(wrapped).ok()?,
            sealed: URL_SAFE_NO_PAD.decode(sealed).ok()?,
        })
    }

    /// Opens it with its data key. `None`: it was changed, or is not of this place.
    pub(super) fn open(&self, key: &CipherKey, place: &Place<'_>) -> Option<Zeroizing<Vec<u8>>> {
        key.open(&self.sealed, &bound(self.head, place))
    }
}

/// Seals a text for its place.
pub(super) fn seal(
    (name, wrapped, key): (&KeyName, &[u8], &CipherKey),
    place: &Place<'_>,
    plain: &[u8],
    random: &dyn Random,
) -> Result<String, NoEntropy> {
    let wrapped = URL_SAFE_NO_PAD.encode(wrapped);
    let KeyName { system, id, version } = name;
    let mut value = format!("{PREFIX}{}:{id}:{version}:{wrapped}", system.name());
    let sealed = key.seal(plain, &bound(&value, place), random)?;
    value.push(':');
    URL_SAFE_NO_PAD.encode_string(sealed, &mut value);
    Ok(value)
}

fn bound(head: &str, place: &Place<'_>) -> Vec<u8> {
    let mut bytes = head.as_bytes().to_vec();
    bytes.push(0);
    bytes.extend_from_slice(&place.bytes());
    bytes
}
