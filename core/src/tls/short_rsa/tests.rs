//! Signatures that OpenSSL made (`openssl dgst -sign`, the salt as long as the hash): bits, hash, padding, key, signature.

use super::*;

const MESSAGE: &[u8] = b"what is signed";

struct Made {
    bits: usize,
    hash: &'static Algorithm,
    padding: Padding,
    key: Vec<u8>,
    signature: Vec<u8>,
}

fn made() -> Vec<Made> {
    let lines = include_str!("signatures.txt").lines();
    let made: Vec<Made> = lines
        .map(|line| {
            let [bits, hash, padding, key, signature] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
            let hash = match hash {
                "sha1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
                "sha256" => &digest::SHA256,
                "sha384" => &digest::SHA384,
                _ => &digest::SHA512,
            };
            let padding = if padding == "pss" { Padding::Pss } else { Padding::Pkcs1 };
            let (key, signature) = (hex::decode(key).unwrap(), hex::decode(signature).unwrap());
            Made { bits: bits.parse().unwrap(), hash, padding, key, signature }
        })
        .collect();
    assert!(made.iter().any(|made| made.bits == 1024 && made.padding == Padding::Pss));
    made
}

fn verifies(made: &Made, message: &[u8], signature: &[u8]) -> bool {
    super::verifies(&made.key, message, signature, made.hash, made.padding).is_some()
}

#[test]
fn what_another_library_signed_is_right() {
    for made in made() {
        assert_eq!(bits(&made.key), Some(made.bits));
        assert!(verifies(&made, MESSAGE, &made.signature), "{} {:?} {:?}", made.bits, made.hash, made.padding);
    }
}

#[test]
fn anything_else_is_wrong() {
    for made in made().iter().filter(|made| made.bits <= 1024) {
        assert!(!verifies(made, b"what is signe", &made.signature));
        for at in [0, 1, made.signature.len() / 2, made.signature.len() - 1] {
            let mut bent = made.signature.clone();
            bent[at] ^= 1;
            assert!(!verifies(made, MESSAGE, &bent), "byte {at}");
        }
        assert!(!verifies(made, MESSAGE, &made.signature[1..]));
        assert!(!verifies(made, MESSAGE, &[&[0][..], &made.signature].concat()));
        let other = if made.padding == Padding::Pss { Padding::Pkcs1 } else { Padding::Pss };
        assert!(super::verifies(&made.key, MESSAGE, &made.signature, made.hash, other).is_none());
        let modulus = parts(&made.key).unwrap().0.to_vec();
        assert!(!verifies(made, MESSAGE, &modulus) && !verifies(made, MESSAGE, &vec![0; modulus.len()]));
    }
}

#[test]
fn longer_keys_give_the_same_answer_as_aws_lc() {
    use aws_lc_rs::signature::{self, UnparsedPublicKey};
    for made in made().iter().filter(|made| made.bits == 2048 && made.hash == &digest::SHA256) {
        let known: &dyn signature::VerificationAlgorithm = match made.padding {
            Padding::Pss => &signature::RSA_PSS_2048_8192_SHA256,
            Padding::Pkcs1 => &signature::RSA_PKCS1_2048_8192_SHA256,
        };
        assert!(UnparsedPublicKey::new(known, &made.key).verify(MESSAGE, &made.signature).is_ok());
    }
}
