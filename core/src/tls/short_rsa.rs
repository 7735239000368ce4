//! Signatures of RSA keys below 2,048 bits, which aws-lc checks in part only (TLS 1.3 needs PSS). Only levels 0 and 1
//! ask for it. Public keys and signatures are no secrets, so nothing here need take constant time; a check takes
//! milliseconds.
//!
//! [RFC 8017](https://datatracker.ietf.org/doc/html/rfc8017): sections 8.1.2 and 9.1.2 (PSS), 8.2.2 and 9.2 (PKCS#1).

use super::der;
use aws_lc_rs::digest::{self, Algorithm, digest};
use std::cmp::Ordering;

/// The smallest key in bits that a signature with SHA-256 fits under.
pub(super) const BITS_MIN: usize = 512;
/// The exponent is at most this many bytes long.
const EXPONENT_BYTES_MAX: usize = 4;

/// How a message is made a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    /// PKCS#1, version 1.5.
    Pkcs1,
    /// PSS, with a salt as long as the hash.
    Pss,
}

/// The modulus and the exponent of a key (`RSAPublicKey`), without leading zeros.
pub(super) fn parts(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let modulus = der::expect(der::expect(key, der::SEQUENCE)?.content, der::INTEGER)?;
    let exponent = der::expect(modulus.rest, der::INTEGER)?;
    Some((trimmed(modulus.content), trimmed(exponent.content)))
}

/// How many bits a key's modulus has.
pub(super) fn bits(key: &[u8]) -> Option<usize> {
    let (modulus, _) = parts(key)?;
    Some(modulus.len() * 8 - modulus.first()?.leading_zeros() as usize)
}

/// Whether a signature is the key's over the message.
pub(super) fn verifies(
    key: &[u8],
    message: &[u8],
    signature: &[u8],
    hash: &'static Algorithm,
    padding: Padding,
) -> Option<()> {
    let (modulus, exponent) = parts(key)?;
    let bits = bits(key)?;
    if signature.len() != modulus.len() || exponent.len() > EXPONENT_BYTES_MAX {
        return None;
    }
    let exponent = exponent.iter().fold(0_u32, |exponent, byte| exponent << 8 | u32::from(*byte));
    let encoded = power(signature, exponent, modulus)?;
    let hashed = digest(hash, message);
    let fits = match padding {
        Padding::Pkcs1 => encoded == pkcs1(hashed.as_ref(), hash, modulus.len())?,
        // The number has a bit less than the modulus, and may so have a byte less.
        Padding::Pss => {
            let bytes = (bits - 1).div_ceil(8);
            let (leading, encoded) = encoded.split_at_checked(encoded.len() - bytes)?;
            leading.iter().all(|byte| *byte == 0) && pss(encoded, bits - 1, hashed.as_ref(), hash)?
        }
    };
    fits.then_some(())
}

fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// What PKCS#1 makes of a hash.
fn pkcs1(hashed: &[u8], hash: &'static Algorithm, length: usize) -> Option<Vec<u8>> {
    // `DigestInfo` up to the hash: RFC 8017, section 9.2, note 1.
    let prefix: &[u8] = if hash == &digest::SHA1_FOR_LEGACY_USE_ONLY {
        &[0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14]
    } else if hash == &digest::SHA256 {
        &[0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20]
    } else if hash == &digest::SHA384 {
        &[0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2, 5, 0, 4, 0x30]
    } else if hash == &digest::SHA512 {
        &[0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3, 5, 0, 4, 0x40]
    } else {
        return None;
    };
    let padding = length.checked_sub(prefix.len() + hashed.len() + 3).filter(|padding| *padding >= 8)?;
    Some([&[0, 1][..], &vec![0xff; padding], &[0], prefix, hashed].concat())
}

/// Whether PSS made this of a hash.
fn pss(encoded: &[u8], bits: usize, hashed: &[u8], hash: &'static Algorithm) -> Option<bool> {
    let (encoded, last) = encoded.split_at_checked(encoded.len().checked_sub(1)?)?;
    let (masked, seed) = encoded.split_at_checked(encoded.len().checked_sub(hashed.len())?)?;
    let unused = 8 * masked.len() + 8 * seed.len() + 8 - bits;
    let mask = mask(seed, masked.len(), hash);
    let mut block: Vec<u8> = masked.iter().zip(&mask).map(|(one, other)| one ^ other).collect();
    let top = block.first_mut()?;
    let is_clean = masked.first()? & !(0xff_u8 >> unused) == 0;
    *top &= 0xff >> unused;
    let (zeros, salted) = block.split_at_checked(block.len().checked_sub(hashed.len() + 1)?)?;
    let (one, salt) = salted.split_first()?;
    let again = digest(hash, &[&[0; 8][..], hashed, salt].concat());
    let is_padded = zeros.iter().all(|byte| *byte == 0) && *one == 1 && last == [0xbc];
    Some(is_clean && is_padded && again.as_ref() == seed)
}

/// The mask generation function of section B.2.1.
fn mask(seed: &[u8], length: usize, hash: &'static Algorithm) -> Vec<u8> {
    let blocks = (0_u32..).map(|counter| digest(hash, &[seed, &counter.to_be_bytes()].concat()));
    blocks.flat_map(|block| block.as_ref().to_vec()).take(length).collect()
}

/// `base` to the power of `exponent`, modulo `modulus`; all with the highest byte first. `None`: the base is not below
/// the modulus, or the exponent is 0.
fn power(base: &[u8], exponent: u32, modulus: &[u8]) -> Option<Vec<u8>> {
    let number = |bytes: &[u8]| -> Vec<u32> {
        let limb = |bytes: &[u8]| bytes.iter().fold(0, |limb, byte| limb << 8 | u32::from(*byte));
        bytes.rchunks(4).map(limb).collect()
    };
    let (base, modulus_number) = (number(base), number(modulus));
    if exponent == 0 || compare(&base, &modulus_number) != Ordering::Less {
        return None;
    }
    let mut result = base.clone();
    for bit in (0..exponent.ilog2()).rev() {
        result = multiplied(&result, &result, &modulus_number);
        if exponent >> bit & 1 == 1 {
            result = multiplied(&result, &base, &modulus_number);
        }
    }
    let bytes: Vec<u8> = result.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect();
    bytes.get(bytes.len() - modulus.len()..).map(<[u8]>::to_vec)
}

/// A product modulo a number, bit by bit; all lowest limb first and equally long.
fn multiplied(one: &[u32], other: &[u32], modulus: &[u32]) -> Vec<u32> {
    let mut product = vec![0; modulus.len()];
    for limb in one.iter().rev() {
        for bit in (0..u32::BITS).rev() {
            let doubled = product.clone();
            add(&mut product, &doubled, modulus);
            if limb >> bit & 1 == 1 {
                add(&mut product, other, modulus);
            }
        }
    }
    product
}

/// Adds a number to another, modulo a third; both are below it.
fn add(sum: &mut [u32], number: &[u32], modulus: &[u32]) {
    let mut carry = 0_u64;
    for (limb, other) in sum.iter_mut().zip(number) {
        carry += u64::from(*limb) + u64::from(*other);
        *limb = carry as u32;
        carry >>= u32::BITS;
    }
    if carry == 1 || compare(sum, modulus) != Ordering::Less {
        let mut borrow = false;
        for (limb, other) in sum.iter_mut().zip(modulus) {
            let (less, first) = limb.overflowing_sub(*other);
            let (less, second) = less.overflowing_sub(u32::from(borrow));
            (*limb, borrow) = (less, first || second);
        }
    }
}

fn compare(one: &[u32], other: &[u32]) -> Ordering {
    one.iter().rev().cmp(other.iter().rev())
}

#[cfg(test)]
mod tests;
