//! The listener's files: what is taken at the start, what is refused, and what a renewal changes.

use super::*;
use crate::tls::cipher_list::chosen;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion, ServerConnection, SupportedCipherSuite};
use tempfile::TempDir;

/// One authority, an intermediate of it, and certificates of either; made with OpenSSL, good for a hundred years.
macro_rules! file {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../testdata/", $name)).as_slice())
    };
}

const FILES: [(&str, &[u8]); 15] = [
    file!("ca.pem"),
    file!("client.key"),
    file!("client.pem"),
    file!("encrypted.key"),
    file!("renewed-chain.pem"),
    file!("renewed.key"),
    file!("revoked.crl"),
    file!("revoked.key"),
    file!("revoked.pem"),
    file!("rsa-pkcs1.key"),
    file!("rsa.pem"),
    file!("server-chain.pem"),
    file!("server-sec1.key"),
    file!("server.key"),
    file!("short.key"),
];

fn content(name: &str) -> &'static [u8] {
    FILES.iter().find(|(known, _)| *known == name).unwrap().1
}

/// A folder with every file, as an operator would have it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        FILES.iter().for_each(|(name, content)| folder.write(name, content));
        folder
    }

    fn write(&self, name: &str, content: &[u8]) {
        std::fs::write(self.0.path().join(name), content).unwrap();
    }

    fn settings(&self, certificate: &str, key: &str) -> ListenerSettings {
        ListenerSettings {
            certificate: self.0.path().join(certificate),
            key: self.0.path().join(key),
            oldest: OldestVersion::Tls12,
            ciphers: None,
            clients: None,
        }
    }

    fn usual(&self) -> ListenerSettings {
        self.settings("server-chain.pem", "server.key")
    }

    fn with_clients(&self, required: bool, revoked: bool) -> ListenerSettings {
        let clients = ClientSettings {
            authorities: self.0.path().join("ca.pem"),
            revoked: revoked.then(|| self.0.path().join("revoked.crl")),
            required,
        };
        ListenerSettings { clients: Some(clients), ..self.usual() }
    }
}

/// A client that trusts the authority. `shows` is its own certificate's name.
fn client(suites: Option<Vec<SupportedCipherSuite>>, shows: Option<&str>) -> ClientConfig {
    let default = aws_lc_rs::default_provider();
    let provider = CryptoProvider { cipher_suites: suites.unwrap_or(default.cipher_suites.clone()), ..default };
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(content("ca.pem")).unwrap()).unwrap();
    let older = provider.cipher_suites.iter().any(|suite| suite.tls13().is_none());
    let newer = provider.cipher_suites.iter().any(|suite| suite.tls13().is_some());
    let versions: Vec<_> = [(newer, &rustls::version::TLS13), (older, &rustls::version::TLS12)]
        .into_iter()
        .filter(|(is, _)| *is)
        .collect();
    let versions: Vec<_> = versions.into_iter().map(|(_, version)| version).collect();
    let builder = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&versions)
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match shows {
        Some(name) => {
            let chain = vec![CertificateDer::from_pem_slice(content(&format!("{name}.pem"))).unwrap()];
            let key =
                PrivateKeyDer::from_pem_slice(content(&format!("{}.key", name.trim_end_matches("-chain")))).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

/// A handshake in memory, and the tickets after it: what the client has then, or why one of them refused.
fn meet(server: &ListenerTls, client: &Arc<ClientConfig>) -> Result<ClientConnection, rustls::Error> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(Arc::clone(client), name).unwrap();
    let mut server = ServerConnection::new(server.current()).unwrap();
    for _ in 0..10 {
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        server.read_tls(&mut wire.as_slice()).unwrap();
        server.process_new_packets()?;
        let mut wire = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        client.read_tls(&mut wire.as_slice()).unwrap();
        client.process_new_packets()?;
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    Ok(client)
}

fn served(server: &ListenerTls) -> Vec<u8> {
    meet(server, &Arc::new(client(None, None))).unwrap().peer_certificates().unwrap()[0].to_vec()
}

fn first(pem: &str) -> Vec<u8> {
    CertificateDer::from_pem_slice(content(pem)).unwrap().to_vec()
}

#[test]
fn a_client_that_knows_the_authority_alone_is_given_the_chain_and_http_2() {
    let folder = Folder::new();
    let server = ListenerTls::open(folder.usual()).unwrap();
    let client = meet(&server, &Arc::new(client(None, None))).unwrap();
    assert_eq!(client.peer_certificates().unwrap().len(), 2);
    assert_eq!(client.alpn_protocol(), Some(b"h2".as_slice()));
    assert_eq!(client.protocol_version(), Some(ProtocolVersion::TLSv1_3));
}

#[test]
fn every_form_of_a_key_is_read() {
    let folder = Folder::new();
    for (certificate, key) in
        [("server-chain.pem", "server.key"), ("server-chain.pem", "server-sec1.key"), ("rsa.pem", "rsa-pkcs1.key")]
    {
        let server = ListenerTls::open(folder.settings(certificate, key)).unwrap();
        assert_eq!(served(&server), first(certificate), "{key}");
    }
}

#[test]
fn what_cannot_be_served_stops_the_start_with_its_flag_and_file() {
    let folder = Folder::new();
    folder.write("broken.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    for (certificate, key, said) in [
        ("server-chain.pem", "client.key", "the key does not belong to the certificate"),
        ("server-chain.pem", "encrypted.key", "the key is encrypted with a password"),
        ("server-chain.pem", "short.key", "an RSA key needs 2,048 bits or more"),
        ("server-chain.pem", "ca.pem", "it holds no key"),
        ("server.key", "server.key", "it holds no certificate"),
        ("broken.pem", "server.key", "the certificate cannot be used"),
        ("nowhere.pem", "server.key", "No such file"),
    ] {
        let error = ListenerTls::open(folder.settings(certificate, key)).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert!(error.contains("--ssl_certfile_path") || error.contains("--ssl_keyfile_path"), "{error}");
        assert!(error.contains(certificate) || error.contains(key), "{error}");
    }
    let unknown = ListenerSettings { ciphers: Some("RC4".to_owned()), ..folder.usual() };
    let error = ListenerTls::open(unknown).unwrap_err().to_string();
    assert!(error.starts_with("`--ciphers`: `RC4` names no cipher"), "{error}");
}

#[test]
fn versions_and_ciphers_are_those_of_the_settings() {
    let folder = Folder::new();
    let older: Vec<_> =
        chosen("ECDHE-ECDSA-AES128-GCM-SHA256").unwrap().into_iter().filter(|suite| suite.tls13().is_none()).collect();
    let older = Arc::new(client(Some(older), None));
    let usual = ListenerTls::open(folder.usual()).unwrap();
    assert_eq!(meet(&usual, &older).unwrap().protocol_version(), Some(ProtocolVersion::TLSv1_2));
    let newest = ListenerSettings { oldest: OldestVersion::Tls13, ..folder.usual() };
    assert!(meet(&ListenerTls::open(newest).unwrap(), &older).is_err());
    let other = ListenerSettings { ciphers: Some("ECDHE+AES256".to_owned()), ..folder.usual() };
    let other = ListenerTls::open(other).unwrap();
    assert!(meet(&other, &older).is_err());
    let suite = meet(&other, &Arc::new(client(None, None))).unwrap().negotiated_cipher_suite().unwrap();
    assert!(suite.tls13().is_some());
}

#[test]
fn renewed_files_are_served_and_broken_ones_are_not() {
    let folder = Folder::new();
    let server = ListenerTls::open(folder.usual()).unwrap();
    assert!(!server.reload().unwrap());
    // Half a renewal: the key comes after the certificate.
    folder.write("server-chain.pem", content("renewed-chain.pem"));
    assert!(matches!(server.reload(), Err(ListenerError::Together { problem: ServerTlsError::Mismatch, .. })));
    assert!(!server.reload().unwrap(), "told once");
    assert_eq!(served(&server), first("server-chain.pem"));
    folder.write("server.key", content("renewed.key"));
    assert!(server.reload().unwrap());
    assert_eq!(served(&server), first("renewed-chain.pem"));
    std::fs::remove_file(folder.0.path().join("server.key")).unwrap();
    assert!(matches!(server.reload(), Err(ListenerError::File { flag: KEY_FLAG, .. })));
    assert_eq!(served(&server), first("renewed-chain.pem"));
}

#[test]
fn a_client_must_show_a_certificate_where_they_are_required() {
    let folder = Folder::new();
    let (nobody, somebody) = (Arc::new(client(None, None)), Arc::new(client(None, Some("client"))));
    // A certificate of the intermediate, which the client does not show: nothing leads to the authority.
    let stranger = Arc::new(client(None, Some("server-chain")));
    for required in [true, false] {
        let server = ListenerTls::open(folder.with_clients(required, false)).unwrap();
        assert_eq!(meet(&server, &nobody).is_err(), required);
        assert!(meet(&server, &somebody).is_ok());
        assert!(meet(&server, &stranger).is_err());
    }
}

#[test]
fn a_revoked_client_is_refused_also_where_it_would_resume_its_session() {
    let folder = Folder::new();
    let (good, revoked) = (Arc::new(client(None, Some("client"))), Arc::new(client(None, Some("revoked"))));
    let server = ListenerTls::open(folder.with_clients(true, true)).unwrap();
    assert!(meet(&server, &good).is_ok());
    assert!(meet(&server, &revoked).is_err());

    // Not yet revoked, it comes in; then the list is put in place.
    let settings = folder.with_clients(true, false);
    let server = ListenerTls::open(settings.clone()).unwrap();
    assert!(meet(&server, &revoked).is_ok());
    assert_eq!(meet(&server, &revoked).unwrap().handshake_kind(), Some(HandshakeKind::Resumed));
    folder.write("server-chain.pem", &[content("server-chain.pem"), b"\n"].concat());
    assert!(server.reload().unwrap());
    assert_eq!(meet(&server, &revoked).unwrap().handshake_kind(), Some(HandshakeKind::Full));
}
