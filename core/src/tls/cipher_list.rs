//! Lists of ciphers as OpenSSL writes them, understood as far as there are suites to choose from: forward-secret and
//! authenticated ones. A word that asks for anything else is refused by name.

use rustls::crypto::aws_lc_rs::{ALL_CIPHER_SUITES, cipher_suite};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion};

/// What a word of a list stands for.
type Means = fn(&Named) -> bool;

/// A suite with OpenSSL's name for it.
struct Named {
    name: &'static str,
    suite: SupportedCipherSuite,
}

const SUITES: [Named; 9] = [
    Named { name: "TLS_AES_256_GCM_SHA384", suite: cipher_suite::TLS13_AES_256_GCM_SHA384 },
    Named { name: "TLS_AES_128_GCM_SHA256", suite: cipher_suite::TLS13_AES_128_GCM_SHA256 },
    Named { name: "TLS_CHACHA20_POLY1305_SHA256", suite: cipher_suite::TLS13_CHACHA20_POLY1305_SHA256 },
    Named { name: "ECDHE-ECDSA-AES256-GCM-SHA384", suite: cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 },
    Named { name: "ECDHE-ECDSA-AES128-GCM-SHA256", suite: cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 },
    Named { name: "ECDHE-ECDSA-CHACHA20-POLY1305", suite: cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 },
    Named { name: "ECDHE-RSA-AES256-GCM-SHA384", suite: cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 },
    Named { name: "ECDHE-RSA-AES128-GCM-SHA256", suite: cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 },
    Named { name: "ECDHE-RSA-CHACHA20-POLY1305", suite: cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 },
];

/// Words that stand for several suites. Like in OpenSSL they are about TLS 1.2 and leave TLS 1.3's suites as they are.
const WORDS: [(&str, Means); 20] = [
    ("ALL", |_| true),
    ("DEFAULT", |_| true),
    ("HIGH", |_| true),
    ("TLSv1.2", |_| true),
    ("AEAD", |_| true),
    ("ECDHE", |_| true),
    ("kECDHE", |_| true),
    ("EECDH", |_| true),
    ("kEECDH", |_| true),
    ("AESGCM", |named| named.name.contains("-GCM-")),
    ("AES", |named| named.name.contains("AES")),
    ("AES128", |named| named.name.contains("AES128")),
    ("AES256", |named| named.name.contains("AES256")),
    ("CHACHA20", |named| named.name.contains("CHACHA20")),
    ("ECDSA", |named| named.name.contains("-ECDSA-")),
    ("aECDSA", |named| named.name.contains("-ECDSA-")),
    ("aRSA", |named| named.name.contains("-RSA-")),
    ("RSA", |named| named.name.contains("-RSA-")),
    ("SHA256", |named| named.name.ends_with("SHA256")),
    ("SHA384", |named| named.name.ends_with("SHA384")),
];

/// A list cannot be followed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CipherListError {
    /// A word asks for what there is not.
    #[error(
        "`{0}` names no cipher that can be used: those are AES-GCM and ChaCha20-Poly1305 with ECDHE, for example \
         `ECDHE+AESGCM` or `ECDHE-RSA-AES256-GCM-SHA384`; CBC, RC4, 3DES and plain RSA or DHE key exchange are not \
         implemented"
    )]
    Unknown(String),
    /// All words together leave nothing.
    #[error("nothing is left of the list of ciphers")]
    Nothing,
}

/// The suites that a list chooses, in its order; those of TLS 1.3 first, all of them where it names none.
///
/// # Errors
/// [`CipherListError`] names the word.
pub fn chosen(list: &str) -> Result<Vec<SupportedCipherSuite>, CipherListError> {
    let mut chosen: Vec<&Named> = Vec::new();
    let mut banned: Vec<&Named> = Vec::new();
    for word in list.split([':', ',', ' ']).filter(|word| !word.is_empty()) {
        match word.strip_prefix(['!', '-']) {
            // To exclude what there is not anyway (`!aNULL`, `!MD5`) is what most lists end with.
            Some(excluded) => banned.extend(meant(excluded).unwrap_or_default()),
            None => {
                let meant = meant(word).ok_or_else(|| CipherListError::Unknown(word.to_owned()))?;
                chosen.extend(meant);
            }
        }
    }
    chosen.retain(|named| !banned.iter().any(|banned| banned.name == named.name));
    if chosen.is_empty() {
        return Err(CipherListError::Nothing);
    }
    let newest = |named: &&&Named| is_newest(named.suite);
    let named_newest: Vec<&Named> = chosen.iter().filter(newest).copied().collect();
    let newest = if named_newest.is_empty() {
        SUITES.iter().filter(|named| is_newest(named.suite)).collect()
    } else {
        named_newest
    };
    let mut suites: Vec<SupportedCipherSuite> = Vec::new();
    for named in newest.into_iter().chain(chosen) {
        if !suites.contains(&named.suite) {
            suites.push(named.suite);
        }
    }
    Ok(suites)
}

/// Every suite there is, in the library's order.
pub(super) fn all() -> Vec<SupportedCipherSuite> {
    ALL_CIPHER_SUITES.to_vec()
}

/// Whether some suite can be used with a version.
pub(super) fn serves(suites: &[SupportedCipherSuite], version: &SupportedProtocolVersion) -> bool {
    suites.iter().any(|suite| suite.version() == version)
}

fn is_newest(suite: SupportedCipherSuite) -> bool {
    suite.version() == &rustls::version::TLS13
}

/// The suites that one word names: a whole name, or attributes that must all hold. `None`: it knows of none.
fn meant(word: &str) -> Option<Vec<&'static Named>> {
    if let Some(named) = SUITES.iter().find(|named| named.name.eq_ignore_ascii_case(word)) {
        return Some(vec![named]);
    }
    let mut meant: Vec<&Named> = SUITES.iter().filter(|named| !is_newest(named.suite)).collect();
    for attribute in word.split('+') {
        let (_, means) = WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute))?;
        meant.retain(|named| means(named));
    }
    (!meant.is_empty()).then_some(meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &str) -> Vec<&'static str> {
        let name = |suite| SUITES.iter().find(|named| named.suite == suite).unwrap().name;
        chosen(list).unwrap().into_iter().map(name).collect()
    }

    #[test]
    fn every_suite_of_the_library_has_a_name_here() {
        let named: Vec<_> = SUITES.iter().map(|named| named.suite).collect();
        assert_eq!(named, all());
    }

    #[test]
    fn attributes_narrow_the_older_version_and_leave_the_newer() {
        assert_eq!(
            names("ECDHE+AESGCM"),
            [
                "TLS_AES_256_GCM_SHA384",
                "TLS_AES_128_GCM_SHA256",
                "TLS_CHACHA20_POLY1305_SHA256",
                "ECDHE-ECDSA-AES256-GCM-SHA384",
                "ECDHE-ECDSA-AES128-GCM-SHA256",
                "ECDHE-RSA-AES256-GCM-SHA384",
                "ECDHE-RSA-AES128-GCM-SHA256",
            ]
        );
    }

    #[test]
    fn the_lists_order_is_kept_and_what_it_excludes_is_gone() {
        assert_eq!(
            names("TLS_AES_128_GCM_SHA256:ecdhe+chacha20:ECDHE+AES256:!ECDSA:!aNULL:!MD5"),
            ["TLS_AES_128_GCM_SHA256", "ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-RSA-AES256-GCM-SHA384"]
        );
    }

    #[test]
    fn what_there_is_not_is_refused_by_name() {
        for word in ["AES128-SHA", "DHE-RSA-AES128-GCM-SHA256", "3DES", "ECDHE+CBC", "@SECLEVEL=1"] {
            assert_eq!(chosen(&format!("ECDHE+AESGCM:{word}")), Err(CipherListError::Unknown(word.to_owned())));
        }
        for list in ["", "ALL:!ECDHE", ":"] {
            assert_eq!(chosen(list), Err(CipherListError::Nothing), "{list}");
        }
    }
}
