//! Cipher suites by name, those among them that rustls does not have, and why not.

/// A suite: its number ([IANA](https://www.iana.org/assignments/tls-parameters/)), and its name.
pub(super) type Suite = (u16, &'static str);

/// The suites up to TLS 1.2 that servers are still met with, the better first. The first six are ours.
pub(super) const SUITES: [Suite; 33] = [
    (0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    (0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    (0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
    (0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    (0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    (0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    (0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
    (0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"),
    (0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    (0xc0ad, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM"),
    (0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"),
    (0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"),
    (0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
    (0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
    (0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"),
    (0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
    (0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
    (0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
    (0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
    (0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"),
    (0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"),
    (0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"),
    (0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
    (0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384"),
    (0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256"),
    (0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256"),
    (0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256"),
    (0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"),
    (0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"),
    (0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x0005, "TLS_RSA_WITH_RC4_128_SHA"),
    (0x0004, "TLS_RSA_WITH_RC4_128_MD5"),
];

/// The name of a suite.
pub(super) fn name(number: u16) -> String {
    let found = SUITES.iter().find(|(known, _)| *known == number);
    found.map_or_else(|| format!("suite 0x{number:04x}"), |(_, name)| (*name).to_owned())
}

/// What of a suite rustls does not have. `None`: it has the suite.
pub(super) fn missing(name: &str) -> Option<&'static str> {
    if name.starts_with("TLS_RSA_") {
        Some("RSA key exchange")
    } else if name.starts_with("TLS_DHE_") {
        Some("finite-field Diffie-Hellman (DHE)")
    } else if name.contains("_CBC_") {
        Some("CBC suites")
    } else if name.contains("_CCM") {
        Some("CCM suites")
    } else if name.contains("_RC4_") {
        Some("RC4")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::crypto::aws_lc_rs::ALL_CIPHER_SUITES;

    #[test]
    fn what_is_not_missing_is_what_rustls_has() {
        let ours: Vec<u16> = ALL_CIPHER_SUITES.iter().map(|suite| u16::from(suite.suite())).collect();
        for (number, name) in SUITES {
            assert_eq!(missing(name).is_none(), ours.contains(&number), "{name}");
        }
        assert_eq!(name(0x002f), "TLS_RSA_WITH_AES_128_CBC_SHA");
        assert_eq!(name(0xfefe), "suite 0xfefe");
    }
}
