//! The two ciphers, and the key that both take. Everything that was opened is wiped when it is dropped.

use crate::clock::{NoEntropy, Random};
use crate::secret::Secret;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::aead::{Aead, KeyInit};
use crypto_secretbox::{Key, Nonce as BoxNonce, XSalsa20Poly1305};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Bytes of a key, of either cipher.
pub(super) const KEY_BYTES: usize = 32;
/// Bytes of AES-GCM's nonce.
pub(super) const GCM_NONCE_BYTES: usize = 12;
/// Bytes of SecretBox's nonce.
const BOX_NONCE_BYTES: usize = 24;

/// A key of 256 bits. It has no `Debug`, no `Display` and no `Serialize`, and is wiped when dropped.
#[derive(Clone)]
pub struct CipherKey(Zeroizing<[u8; KEY_BYTES]>);

impl CipherKey {
    /// The key of these bytes; `None` where they are not 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if bytes.len() != KEY_BYTES {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    /// The key that a text stands for: its SHA-256, as LiteLLM makes one of its salt key.
    pub fn of_text(text: &str) -> Self {
        Self(Zeroizing::new(Sha256::digest(text.as_bytes()).into()))
    }

    /// A new key.
    ///
    /// # Errors
    /// [`NoEntropy`]: no key was made.
    pub fn random(random: &dyn Random) -> Result<Self, NoEntropy> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        random.fill(key.as_mut_slice())?;
        Ok(Self(key))
    }

    /// The key that takes both of two: without either it cannot be made again.
    pub fn joined(&self, other: &Self) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"postern joined key");
        hash.update(self.bytes());
        hash.update(other.bytes());
        Self(Zeroizing::new(hash.finalize().into()))
    }

    /// The HMAC-SHA256 of a message, under a key that is made of this one for that alone.
    pub fn sign(&self, message: &[u8]) -> [u8; KEY_BYTES] {
        let mut hash = Sha256::new();
        hash.update(b"postern signing key");
        hash.update(self.bytes());
        let own = Zeroizing::new(<[u8; KEY_BYTES]>::from(hash.finalize()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, own.as_slice()), message);
        let mut signed = [0; KEY_BYTES];
        signed.iter_mut().zip(tag.as_ref()).for_each(|(slot, byte)| *slot = *byte);
        signed
    }

    /// The key as a secret text, for whoever seals it.
    pub fn to_text(&self) -> Secret {
        Secret::new(STANDARD.encode(self.bytes()))
    }

    /// The key of such a text.
    pub fn from_text(text: &Secret) -> Option<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(text.expose()).ok()?);
        Self::from_bytes(&bytes)
    }

    /// The bytes, for whoever wraps the key.
    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// Seals with AES-256-GCM; `bound` must be shown again to open. Gives nonce, ciphertext and tag.
    ///
    /// # Errors
    /// [`NoEntropy`]: no nonce could be drawn.
    pub fn seal(&self, plain: &[u8], bound: &[u8], random: &dyn Random) -> Result<Vec<u8>, NoEntropy> {
        let mut nonce = [0; GCM_NONCE_BYTES];
        random.fill(&mut nonce)?;
        let mut sealed = Vec::with_capacity(GCM_NONCE_BYTES + plain.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        // The key has the right length and no text is near the cipher's limit: neither step can fail.
        let key = self.gcm().ok_or(NoEntropy)?;
        let mut body = Vec::with_capacity(plain.len() + AES_256_GCM.tag_len());
        body.extend_from_slice(plain);
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound), &mut body)
            .map_err(|_| NoEntropy)?;
        sealed.extend_from_slice(&body);
        Ok(sealed)
    }

    /// Opens what [`CipherKey::seal`] gave. `None`: another key, other bytes, or bound to something else.
    pub fn open(&self, sealed: &[u8], bound: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, body) = sealed.split_at_checked(GCM_NONCE_BYTES)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = Zeroizing::new(body.to_vec());
        let bytes = self.gcm()?.open_in_place(nonce, Aad::from(bound), body.as_mut_slice()).ok()?.len();
        body.truncate(bytes);
        Some(body)
    }

    /// Seals as NaCl's SecretBox does. Gives nonce, tag and ciphertext.
    ///
    /// # Errors
    /// [`NoEntropy`]: no nonce could be drawn.
    pub(super) fn seal_box(&self, plain: &[u8], random: &dyn Random) -> Result<Vec<u8>, NoEntropy> {
        let mut nonce = [0; BOX_NONCE_BYTES];
        random.fill(&mut nonce)?;
        let body = self.secret_box().encrypt(BoxNonce::from_slice(&nonce), plain).map_err(|_| NoEntropy)?;
        let mut sealed = nonce.to_vec();
        sealed.extend_from_slice(&body);
        Ok(sealed)
    }

    /// Opens what [`CipherKey::seal_box`] gave. `None`: another key, or other bytes.
    pub(super) fn open_box(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, body) = sealed.split_at_checked(BOX_NONCE_BYTES)?;
        self.secret_box().decrypt(BoxNonce::from_slice(nonce), body).ok().map(Zeroizing::new)
    }

    fn gcm(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, self.bytes()).ok().map(LessSafeKey::new)
    }

    fn secret_box(&self) -> XSalsa20Poly1305 {
        XSalsa20Poly1305::new(Key::from_slice(self.bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandom;
    use crate::secret::assert_not_impl;

    assert_not_impl!(CipherKey: std::fmt::Debug);
    assert_not_impl!(CipherKey: std::fmt::Display);
    assert_not_impl!(CipherKey: serde::Serialize);
    assert_not_impl!(CipherKey: AsRef<[u8]>);

    #[test]
    fn what_is_sealed_opens_with_the_same_key_and_binding_only() {
        let (key, other) = (CipherKey::of_text("a"), CipherKey::of_text("b"));
        let sealed = key.seal(b"secret", b"here", &SystemRandom).unwrap();
        assert_eq!(key.open(&sealed, b"here").unwrap().as_slice(), b"secret");
        assert!(key.open(&sealed, b"there").is_none());
        assert!(other.open(&sealed, b"here").is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(&changed, b"here").is_none(), "byte {at}");
            assert!(key.open(&sealed[..at], b"here").is_none(), "cut at {at}");
        }
    }

    #[test]
    fn the_same_text_is_never_sealed_the_same() {
        let key = CipherKey::of_text("a");
        assert_ne!(key.seal(b"s", b"", &SystemRandom).unwrap(), key.seal(b"s", b"", &SystemRandom).unwrap());
        assert_ne!(key.seal_box(b"s", &SystemRandom).unwrap(), key.seal_box(b"s", &SystemRandom).unwrap());
    }

    #[test]
    fn a_joined_key_needs_both() {
        let (one, two) = (CipherKey::of_text("1"), CipherKey::of_text("2"));
        let sealed = one.joined(&two).seal(b"s", b"", &SystemRandom).unwrap();
        assert!(one.open(&sealed, b"").is_none() && two.open(&sealed, b"").is_none());
        assert!(one.joined(&two).open(&sealed, b"").is_some());
    }
}
