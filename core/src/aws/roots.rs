//! Which certificate authorities an AWS client trusts. Chooses; opens no connection.

use super::error::AwsError;
use super::settings::AwsSettings;
use aws_smithy_http_client::tls::TrustStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::path::Path;

/// The roots below every AWS endpoint (Amazon Trust Services). Compiled in: reading the host's own store costs
/// milliseconds at each start, and a function's host need not have one.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon_roots.pem");

/// The roots to trust: the named file alone, else Amazon's. An endpoint of somebody's own that is reached by TLS is
/// checked against the host's store as well.
///
/// # Errors
/// [`AwsError::CaFile`]: the named file cannot be read, or holds something that is not a certificate.
pub(super) fn trust_store(settings: &AwsSettings) -> Result<TrustStore, AwsError> {
    match &settings.ca_file {
        Some(path) => Ok(TrustStore::empty().with_pem_certificate(checked(path)?)),
        None => {
            Ok(TrustStore::empty().with_pem_certificate(AMAZON_ROOTS).with_native_roots(settings.endpoints.any_https()))
        }
    }
}

/// The file's bytes. They are checked here because the HTTP client panics on a certificate it cannot read.
fn checked(path: &Path) -> Result<Vec<u8>, AwsError> {
    let refuse = |problem: String| AwsError::CaFile { path: path.to_owned(), problem };
    let pem = std::fs::read(path).map_err(|error| refuse(error.to_string()))?;
    let mut certificates = 0_usize;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| refuse(error.to_string()))?;
        webpki::anchor_from_trusted_cert(&certificate).map_err(|error| refuse(error.to_string()))?;
        certificates += 1;
    }
    if certificates == 0 { Err(refuse("it holds no certificate".to_owned())) } else { Ok(pem) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(content: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(content).expect("written");
        file
    }

    #[test]
    fn the_compiled_in_roots_are_five_readable_authorities() {
        let file = file(AMAZON_ROOTS);
        assert!(checked(file.path()).is_ok());
        assert_eq!(CertificateDer::pem_slice_iter(AMAZON_ROOTS).count(), 5);
    }

    #[test]
    fn a_file_without_a_usable_certificate_is_refused_by_name() {
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".as_slice();
        for content in [b"".as_slice(), b"text".as_slice(), broken] {
            let file = file(content);
            let error = checked(file.path()).expect_err("refused").to_string();
            assert!(error.contains(&file.path().display().to_string()), "{error}");
        }
        assert!(checked(Path::new("/nowhere/ca.pem")).is_err());
    }
}
