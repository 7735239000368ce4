//! Calls under TLS, in the version of HTTP that the upstream chooses. The certificate is for loopback only.

use super::{Upstream, client_of, seconds};
use crate::upstream::direct::DirectClient;
use bytes::Bytes;
use futures_util::TryStreamExt;
use http::{Request, Response, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use std::convert::Infallible;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

const CERTIFICATE: &[u8] = include_bytes!("localhost-cert.der");
const KEY: &[u8] = include_bytes!("localhost-key.der");

fn acceptor(offered: &[&str]) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(KEY).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(CERTIFICATE)], key)
        .unwrap();
    config.alpn_protocols = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

fn client() -> DirectClient {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(CERTIFICATE)).unwrap();
    client_of(crate::tls::client::trusting(roots).unwrap())
}

/// Answers with the request's address and host.
async fn echo(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let host = request.headers().get("host").map(|host| host.to_str().unwrap().to_owned());
    let text = format!("{:?} {} {host:?}", request.version(), request.uri());
    Ok(Response::new(Full::from(text)))
}

/// Serves one connection until it ends.
async fn serve(upstream: &Upstream, acceptor: TlsAcceptor) {
    let stream = acceptor.accept(upstream.accept().await).await.unwrap();
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let (io, service) = (TokioIo::new(stream), service_fn(echo));
    let _ = match is_http2 {
        true => http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await,
        false => http1::Builder::new().serve_connection(io, service).await,
    };
}

#[tokio::test]
async fn an_upstream_is_called_in_the_version_it_chooses_and_its_connection_is_kept() {
    let chosen =
        [(&["h2", "http/1.1"][..], Version::HTTP_2), (&["http/1.1"], Version::HTTP_11), (&[], Version::HTTP_11)];
    for (offered, version) in chosen {
        let upstream = Upstream { client: client(), ..Upstream::new().await };
        let authority = upstream.listener.local_addr().unwrap();
        let calls = async {
            let mut answers = Vec::new();
            for _ in 0..2 {
                let answer = upstream.call_at(&format!("https://{authority}/v1/x?y=1"), seconds(60)).await.unwrap();
                let pieces: Vec<Bytes> = answer.into_body().try_collect().await.unwrap();
                answers.push(String::from_utf8(pieces.concat()).unwrap());
            }
            answers
        };
        // One connection is served: a second call that asked for another would wait for ever.
        let answers = tokio::select! {
            answers = calls => answers,
            () = serve(&upstream, acceptor(offered)) => panic!("the connection was closed"),
        };
        let seen = match version {
            Version::HTTP_2 => format!("{version:?} https://{authority}/v1/x?y=1 None"),
            _ => format!("{version:?} /v1/x?y=1 {:?}", Some(authority.to_string())),
        };
        assert_eq!(answers, [seen.clone(), seen]);
    }
}

#[tokio::test]
async fn an_upstream_that_cannot_prove_its_name_is_sent_nothing() {
    let upstream = Upstream::new().await;
    let authority = upstream.listener.local_addr().unwrap();
    let address = format!("https://{authority}/");
    let acceptor = acceptor(&[]);
    let server = async { acceptor.accept(upstream.accept().await).await.is_err() };
    let (refused, answered) = tokio::join!(server, upstream.call_at(&address, seconds(60)));
    assert!(refused);
    assert!(matches!(answered, Err(crate::upstream::transport::TransportError::NotSent(_))));
}
