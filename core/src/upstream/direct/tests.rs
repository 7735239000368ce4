//! What must hold of a call over a connection of our own, against a server on loopback that does as it is told.

mod tls;

use super::DirectClient;
use crate::tls::client::trusting;
use crate::tls::policy::{Policy, Trust};
use crate::upstream::connect::Roads;
use crate::upstream::limits::Limits;
use crate::upstream::transport::{Bounds, TransportError, UpstreamBody, Wait};
use bytes::Bytes;
use futures_util::TryStreamExt;
use http::{Request, Response};
use rustls::RootCertStore;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
const PIECES: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n";

/// An upstream that a test plays itself.
struct Upstream {
    listener: TcpListener,
    client: DirectClient,
}

impl Upstream {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener, client: client_of(trusting(RootCertStore::empty()).unwrap()) }
    }

    async fn call(&self, bounds: Bounds) -> Result<Response<UpstreamBody>, TransportError> {
        let address = self.listener.local_addr().unwrap();
        self.call_at(&format!("http://{address}/v1/x?y=1"), bounds).await
    }

    async fn call_at(&self, address: &str, bounds: Bounds) -> Result<Response<UpstreamBody>, TransportError> {
        let request = Request::post(address).body(Bytes::from_static(b"{}")).unwrap();
        self.client.send(request, Limits::of(bounds)).await
    }

    async fn hello(&self) -> Vec<Bytes> {
        self.call(seconds(60)).await.unwrap().into_body().try_collect().await.unwrap()
    }

    async fn prepare(&self) -> Result<(), TransportError> {
        let address = format!("http://{}/v1/x", self.listener.local_addr().unwrap());
        self.client.prepare(&address.parse().unwrap(), Limits::of(seconds(60))).await
    }

    async fn accept(&self) -> TcpStream {
        self.listener.accept().await.unwrap().0
    }
}

fn client_of(tls: rustls::ClientConfig) -> DirectClient {
    let policy = Policy { trust: Trust::BuiltIn, level: None, certificate: None, curve: None };
    DirectClient::new(tls, policy, &Roads::default())
}

fn seconds(seconds: u64) -> Bounds {
    let wait = Duration::from_secs(seconds);
    Bounds { first_byte: wait, between_chunks: wait, total: wait }
}

#[tokio::test]
async fn a_connection_made_ahead_is_the_one_that_is_used() {
    let upstream = Upstream::new().await;
    upstream.prepare().await.unwrap();
    // There is one already.
    upstream.prepare().await.unwrap();
    let mut stream = upstream.accept().await;
    let server = async {
        request(&mut stream).await;
        stream.write_all(HELLO.as_bytes()).await.unwrap();
    };
    let (answer, ()) = tokio::join!(upstream.hello(), server);
    assert_eq!(answer.concat(), b"hello");
}

#[tokio::test]
async fn nobody_at_the_address_is_told_before_anything_is_sent() {
    let Upstream { listener, client } = Upstream::new().await;
    let address = format!("http://{}/v1/x", listener.local_addr().unwrap());
    drop(listener);
    let error = client.prepare(&address.parse().unwrap(), Limits::of(seconds(60))).await.unwrap_err();
    assert!(matches!(error, TransportError::NotSent(_)));
}

/// Reads one request.
async fn request(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n{}") {
        assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "the connection was closed");
    }
    String::from_utf8(read).unwrap()
}

async fn answer(stream: &mut TcpStream, answer: &str) -> String {
    let request = request(stream).await;
    stream.write_all(answer.as_bytes()).await.unwrap();
    request
}

#[tokio::test]
async fn calls_one_after_the_other_share_a_connection() {
    let upstream = Upstream::new().await;
    let server = async {
        let mut stream = upstream.accept().await;
        (answer(&mut stream, HELLO).await, answer(&mut stream, HELLO).await)
    };
    let calls = async { (upstream.hello().await, upstream.hello().await) };
    let ((first, second), answers) = tokio::join!(server, calls);
    let host = format!("\r\nhost: {}\r\n", upstream.listener.local_addr().unwrap());
    assert!(first.starts_with("POST /v1/x?y=1 HTTP/1.1\r\n") && first.contains(&host), "{first}");
    assert_eq!(first, second);
    assert_eq!(answers, (vec![Bytes::from_static(b"hello")], vec![Bytes::from_static(b"hello")]));
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_is_passed_over() {
    let upstream = Upstream::new().await;
    let server = async {
        let mut stream = upstream.accept().await;
        answer(&mut stream, HELLO).await;
        drop(stream);
        let mut next = upstream.accept().await;
        answer(&mut next, HELLO).await;
    };
    let calls = async {
        upstream.hello().await;
        // The server closes in its turn, before the second call.
        tokio::task::yield_now().await;
        upstream.hello().await
    };
    let ((), pieces) = tokio::join!(server, calls);
    assert_eq!(pieces, ["hello"]);
}

#[tokio::test]
async fn an_answer_that_ends_its_connection_leaves_none_behind() {
    let upstream = Upstream::new().await;
    let last = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello";
    let server = async {
        // Both are kept open: only what the answer says ends them.
        let mut streams = (upstream.accept().await, None);
        answer(&mut streams.0, last).await;
        answer(streams.1.insert(upstream.accept().await), last).await;
    };
    let ((), calls) = tokio::join!(server, async { (upstream.hello().await, upstream.hello().await) });
    assert_eq!(calls.0, calls.1);
}

#[tokio::test]
async fn pieces_come_as_they_are_sent_and_a_dropped_answer_closes_the_connection() {
    let upstream = Upstream::new().await;
    let server = async {
        let mut stream = upstream.accept().await;
        answer(&mut stream, PIECES).await;
        stream
    };
    let (mut stream, answered) = tokio::join!(server, upstream.call(seconds(60)));
    let mut body = answered.unwrap().into_body();
    assert_eq!(body.try_next().await.unwrap().unwrap(), "hel");
    let (piece, ()) = tokio::join!(body.try_next(), async { stream.write_all(b"2\r\nlo\r\n").await.unwrap() });
    assert_eq!(piece.unwrap().unwrap(), "lo");
    drop(body);
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0, "the call is cancelled");
}

#[tokio::test]
async fn an_answer_cut_short_is_broken_and_not_complete() {
    let upstream = Upstream::new().await;
    let server = async {
        let mut stream = upstream.accept().await;
        answer(&mut stream, PIECES).await;
    };
    let ((), answered) = tokio::join!(server, upstream.call(seconds(60)));
    let mut body = answered.unwrap().into_body();
    assert_eq!(body.try_next().await.unwrap().unwrap(), "hel");
    assert!(matches!(body.try_next().await, Err(TransportError::Broken(_))));
}

#[tokio::test]
async fn an_upstream_that_hangs_up_without_an_answer_is_not_asked_again() {
    let upstream = Upstream::new().await;
    let server = async {
        let mut stream = upstream.accept().await;
        request(&mut stream).await;
    };
    let ((), answered) = tokio::join!(server, upstream.call(seconds(60)));
    assert!(matches!(answered, Err(TransportError::Broken(_))));
}

#[tokio::test]
async fn each_wait_ends_and_is_named() {
    let upstream = Upstream::new().await;
    let instant = Duration::from_millis(1);
    let silent = upstream.call(Bounds { first_byte: instant, ..seconds(60) }).await;
    assert!(matches!(silent, Err(TransportError::TimedOut(Wait::FirstByte))));
    let silent = upstream.call(Bounds { total: instant, ..seconds(60) }).await;
    assert!(matches!(silent, Err(TransportError::TimedOut(Wait::Total))));
}

#[tokio::test]
async fn nobody_at_the_address_means_not_sent() {
    let mut upstream = Upstream::new().await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let free = std::mem::replace(&mut upstream.listener, nobody).local_addr().unwrap();
    let request = Request::post(format!("http://{free}/")).body(Bytes::new()).unwrap();
    let refused = upstream.client.send(request, Limits::of(seconds(60))).await;
    assert!(matches!(refused, Err(TransportError::NotSent(_))));
}

#[tokio::test]
async fn a_redirect_is_an_answer_like_any_other() {
    let upstream = Upstream::new().await;
    let moved = "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://elsewhere.test/\r\ncontent-length: 0\r\n\r\n";
    let server = async { answer(&mut upstream.accept().await, moved).await };
    let (_, answered) = tokio::join!(server, upstream.call(seconds(60)));
    assert_eq!(answered.unwrap().status(), 307);
}
