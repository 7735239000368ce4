//! The files behind `postern`'s listener: read at the start, where anything wrong stops it, and again while it serves, where
//! anything wrong leaves what was in use.

use super::cipher_list::{self, CipherListError};
use super::server::{self, ClientPolicy, Identity, OldestVersion, Policy, ServerTlsError};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, pem};
use rustls::{RootCertStore, ServerConfig};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// The flag of the certificate.
pub const CERTIFICATE_FLAG: &str = "--ssl_certfile_path";
/// The flag of its key.
pub const KEY_FLAG: &str = "--ssl_keyfile_path";
/// The flag of the authorities of clients' certificates.
pub const CLIENT_CA_FLAG: &str = "--tls_client_ca_path";
/// The flag of what they have revoked.
pub const CLIENT_CRL_FLAG: &str = "--tls_client_crl_path";
/// The flag of the suites.
pub const CIPHERS_FLAG: &str = "--ciphers";

/// What the listener is told.
#[derive(Clone, Debug)]
pub struct ListenerSettings {
    /// The certificate, and those that lead from it to an authority (PEM).
    pub certificate: PathBuf,
    /// Its key (PEM: PKCS#8, PKCS#1 or SEC1, not encrypted).
    pub key: PathBuf,
    /// The oldest version of TLS.
    pub oldest: OldestVersion,
    /// The suites, as OpenSSL lists them.
    pub ciphers: Option<String>,
    /// Who clients must be.
    pub clients: Option<ClientSettings>,
}

/// What the listener is told of clients' certificates.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// The authorities that vouch for them (PEM).
    pub authorities: PathBuf,
    /// What those have revoked (PEM).
    pub revoked: Option<PathBuf>,
    /// Whether a client without a certificate is turned away.
    pub required: bool,
}

/// The listener cannot speak TLS as it is told.
#[derive(Debug, thiserror::Error)]
pub enum ListenerError {
    /// A file cannot be used.
    #[error("`{}` (from `{flag}`) cannot be used: {problem}", path.display())]
    File {
        /// The flag that names it.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The list of ciphers cannot be followed.
    #[error("`{CIPHERS_FLAG}`: {0}")]
    Ciphers(#[from] CipherListError),
    /// The files do not go together.
    #[error("`{}` (from `{CERTIFICATE_FLAG}`) and `{}` (from `{KEY_FLAG}`): {problem}", certificate.display(), key.display())]
    Together {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        problem: ServerTlsError,
    },
}

/// What the listener speaks, renewed as its files are.
#[derive(Debug)]
pub struct ListenerTls {
    settings: ListenerSettings,
    policy: Policy,
    current: RwLock<Arc<ServerConfig>>,
    /// What the files held when they were last looked at, good or bad.
    seen: Mutex<u64>,
}

impl ListenerTls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`ListenerError`] names the flag, the file and what is wrong with it.
    pub fn open(settings: ListenerSettings) -> Result<Self, ListenerError> {
        let suites = settings.ciphers.as_deref().map_or_else(|| Ok(cipher_list::all()), cipher_list::chosen)?;
        let policy = Policy { oldest: settings.oldest, suites };
        let files = Files::read(&settings)?;
        let seen = Mutex::new(files.fingerprint());
        let current = RwLock::new(Arc::new(files.config(&settings, &policy)?));
        Ok(Self { settings, policy, current, seen })
    }

    /// What the next handshake is made with.
    pub fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the files again. Says whether they were renewed; what is under way goes on with what it began with.
    /// Sessions begun before a renewal are not resumed after it, so that whom it no longer admits does not come back.
    ///
    /// # Errors
    /// [`ListenerError`]: what the files hold now cannot be used, and what was used before stays. It is told once.
    pub fn reload(&self) -> Result<bool, ListenerError> {
        let files = Files::read(&self.settings);
        let fingerprint = files.as_ref().map_or(0, Files::fingerprint);
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if *seen == fingerprint {
                return Ok(false);
            }
            *seen = fingerprint;
        }
        let config = Arc::new(files?.config(&self.settings, &self.policy)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(true)
    }
}

/// The files' contents.
struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
    authorities: Vec<u8>,
    revoked: Vec<u8>,
}

impl Files {
    fn read(settings: &ListenerSettings) -> Result<Self, ListenerError> {
        let clients = settings.clients.as_ref();
        let revoked = clients.and_then(|clients| clients.revoked.as_deref());
        let optional = |flag, path: Option<&Path>| path.map_or_else(|| Ok(Vec::new()), |path| read(flag, path));
        Ok(Self {
            certificate: read(CERTIFICATE_FLAG, &settings.certificate)?,
            key: read(KEY_FLAG, &settings.key)?,
            authorities: optional(CLIENT_CA_FLAG, clients.map(|clients| clients.authorities.as_path()))?,
            revoked: optional(CLIENT_CRL_FLAG, revoked)?,
        })
    }

    /// Tells contents apart. Never 0, which stands for files that cannot be read.
    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.certificate, &self.key, &self.authorities, &self.revoked).hash(&mut hasher);
        hasher.finish().max(1)
    }

    fn config(&self, settings: &ListenerSettings, policy: &Policy) -> Result<ServerConfig, ListenerError> {
        let identity = Identity {
            chain: certificates(CERTIFICATE_FLAG, &settings.certificate, &self.certificate)?,
            key: key(&settings.key, &self.key)?,
        };
        let clients = settings.clients.as_ref().map(|clients| self.clients(clients)).transpose()?;
        server::config(policy, identity, clients).map_err(|problem| ListenerError::Together {
            certificate: settings.certificate.clone(),
            key: settings.key.clone(),
            problem,
        })
    }

    fn clients(&self, settings: &ClientSettings) -> Result<ClientPolicy, ListenerError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(CLIENT_CA_FLAG, &settings.authorities, &self.authorities)? {
            roots
                .add(certificate)
                .map_err(|error| refused(CLIENT_CA_FLAG, &settings.authorities, error.to_string()))?;
        }
        let revoked = settings.revoked.as_deref().map_or_else(|| Ok(Vec::new()), |path| lists(path, &self.revoked))?;
        Ok(ClientPolicy { roots, revoked, required: settings.required })
    }
}

fn read(flag: &'static str, path: &Path) -> Result<Vec<u8>, ListenerError> {
    std::fs::read(path).map_err(|error| refused(flag, path, error.to_string()))
}

fn refused(flag: &'static str, path: &Path, problem: String) -> ListenerError {
    ListenerError::File { flag, path: path.to_owned(), problem }
}

fn certificates(
    flag: &'static str,
    path: &Path,
    content: &[u8],
) -> Result<Vec<CertificateDer<'static>>, ListenerError> {
    some_of(flag, path, "certificate", CertificateDer::pem_slice_iter(content))
}

fn lists(path: &Path, content: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, ListenerError> {
    some_of(CLIENT_CRL_FLAG, path, "revocation list", CertificateRevocationListDer::pem_slice_iter(content))
}

fn some_of<T>(
    flag: &'static str,
    path: &Path,
    what: &str,
    found: impl Iterator<Item = Result<T, pem::Error>>,
) -> Result<Vec<T>, ListenerError> {
    let found: Vec<T> = found.collect::<Result<_, _>>().map_err(|error| refused(flag, path, error.to_string()))?;
    if found.is_empty() { Err(refused(flag, path, format!("it holds no {what} (PEM)"))) } else { Ok(found) }
}

fn key(path: &Path, content: &[u8]) -> Result<PrivateKeyDer<'static>, ListenerError> {
    let holds = |text: &str| memchr::memmem::find(content, text.as_bytes()).is_some();
    if holds("BEGIN ENCRYPTED PRIVATE KEY") || holds("Proc-Type: 4,ENCRYPTED") {
        let problem = "the key is encrypted with a password: decrypt it (`openssl pkey -in KEY -out PLAIN`) and keep \
                       the file readable for the gateway alone";
        return Err(refused(KEY_FLAG, path, problem.to_owned()));
    }
    PrivateKeyDer::from_pem_slice(content).map_err(|error| match error {
        pem::Error::NoItemsFound => refused(KEY_FLAG, path, "it holds no key (PEM: PKCS#8, PKCS#1 or SEC1)".to_owned()),
        error => refused(KEY_FLAG, path, error.to_string()),
    })
}

#[cfg(test)]
mod tests;
