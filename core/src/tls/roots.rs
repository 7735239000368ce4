//! Which certificate authorities are trusted: the operator's own file alone, else Mozilla's, compiled in, so that start-up
//! reads no file and the host's store does not matter.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::{Path, PathBuf};

/// The variable that names a file of certificates (PEM) to trust in place of the compiled-in ones.
pub const FILE_VARIABLE: &str = "SSL_CERT_FILE";

/// The file of certificates cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the certificate file `{}` (from `{FILE_VARIABLE}`) cannot be used: {problem}", path.display())]
pub struct RootsError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: String,
}

/// The authorities to trust.
///
/// # Errors
/// [`RootsError`]: the file cannot be read, or holds something that is no authority's certificate, or nothing.
pub fn trusted(file: Option<&Path>) -> Result<RootCertStore, RootsError> {
    let Some(path) = file else {
        return Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
    };
    let refuse = |problem: String| RootsError { path: path.to_owned(), problem };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| refuse(error.to_string()))? {
        let certificate = certificate.map_err(|error| refuse(error.to_string()))?;
        roots.add(certificate).map_err(|error| refuse(error.to_string()))?;
    }
    if roots.is_empty() { Err(refuse("it holds no certificate".to_owned())) } else { Ok(roots) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn the_compiled_in_authorities_are_trusted_where_no_file_is_named() {
        assert!(trusted(None).unwrap().len() > 100);
    }

    #[test]
    fn a_file_without_a_usable_certificate_is_refused_by_name() {
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".as_slice();
        for content in [b"".as_slice(), b"text".as_slice(), broken] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(content).unwrap();
            let error = trusted(Some(file.path())).unwrap_err().to_string();
            assert!(error.contains(&file.path().display().to_string()), "{error}");
        }
        let error = trusted(Some(Path::new("/nowhere/ca.pem"))).unwrap_err().to_string();
        assert!(error.starts_with("the certificate file `/nowhere/ca.pem` (from `SSL_CERT_FILE`) cannot be used: "));
    }
}
