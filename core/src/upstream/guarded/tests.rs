//! Addresses that lead where they should not, and what a client of ours does there.

use super::*;
use crate::tls;
use async_trait::async_trait;
use hyper::rt::Executor;
use hyper_util::rt::TokioExecutor;
use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Names that stand for another address each time they are asked for, and the last one for ever.
#[derive(Default)]
struct Changing {
    answers: BTreeMap<&'static str, Vec<&'static str>>,
    asked: Mutex<BTreeMap<String, usize>>,
}

#[async_trait]
impl Names for Changing {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let answers = self.answers.get(name).ok_or(io::ErrorKind::NotFound)?;
        let mut asked = self.asked.lock().unwrap();
        let at = asked.entry(name.to_owned()).or_default();
        let answer = answers.get(*at).or(answers.last()).unwrap();
        *at += 1;
        Ok(answer.split(' ').map(|address| address.parse().unwrap()).collect())
    }
}

/// A server of this machine that answers each request alike, and what it was asked.
async fn server(answer: &str) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (answer, log) = (answer.replace("PORT", &port.to_string()), Arc::clone(&seen));
    TokioExecutor::new().execute(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut bytes = [0; 4096];
            let read = connection.read(&mut bytes).await.unwrap_or(0);
            log.lock().unwrap().push(String::from_utf8_lossy(&bytes[..read]).into_owned());
            drop(connection.write_all(answer.as_bytes()).await);
        }
    });
    (port, seen)
}

fn client(allowed: &[String], names: &[(&'static str, &[&'static str])]) -> GuardedClient {
    let tls = tls::client::trusting(rustls::RootCertStore::empty()).unwrap();
    let answers = names.iter().map(|&(name, answers)| (name, answers.to_vec())).collect();
    let names = Changing { answers, ..Changing::default() };
    GuardedClient::new(tls, Egress::new(allowed, None)).resolving(Arc::new(names))
}

const FILE: &str = "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 4\r\nconnection: close\r\n\r\nfile";

#[tokio::test]
async fn an_allowed_host_is_fetched_and_learns_nothing() {
    let (port, seen) = server(FILE).await;
    let client = client(&["files.test".to_owned()], &[("files.test", &["127.0.0.1"])]);
    let fetched = client.fetch(&format!("http://files.test:{port}/a.png?x=1#y"), 100).await.unwrap();
    assert_eq!(fetched, Fetched { kind: Some("image/png".to_owned()), bytes: Bytes::from_static(b"file") });
    let asked = seen.lock().unwrap().join("").to_lowercase();
    assert!(asked.starts_with("get /a.png?x=1 http/1.1\r\n"), "{asked}");
    for header in ["authorization", "cookie", "referer", "api-key"] {
        assert!(!asked.contains(header), "{asked}");
    }
}

#[tokio::test]
async fn a_name_that_stands_for_this_machine_is_never_connected_to() {
    let (port, seen) = server(FILE).await;
    for stands_for in ["127.0.0.1", "10.0.0.1 127.0.0.1", "8.8.8.8 127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        let client = client(&[], &[("files.test", &[stands_for])]);
        let error = client.fetch(&format!("http://files.test:{port}/"), 100).await.unwrap_err();
        assert!(matches!(error, FetchError::Forbidden(Forbidden::Host(_))), "{stands_for}: {error:?}");
    }
    for address in ["http://127.0.0.1", "http://2130706433", "http://0x7f.1", "http://[::1]", "http://localhost"] {
        let error = client(&[], &[]).fetch(&format!("{address}:{port}/"), 100).await.unwrap_err();
        assert!(matches!(error, FetchError::Forbidden(Forbidden::Host(_))), "{address}: {error:?}");
    }
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_name_is_asked_for_once_and_what_was_judged_is_called() {
    let (port, seen) = server(FILE).await;
    let allowed = ["files.test".to_owned()];
    // Were the name asked for again for the connection, it would lead to the machine's credentials.
    let client = client(&allowed, &[("files.test", &["127.0.0.1", "169.254.169.254"])]);
    let address = format!("http://files.test:{port}/");
    assert!(client.fetch(&address, 100).await.is_ok());
    assert!(matches!(client.fetch(&address, 100).await, Err(FetchError::Forbidden(_))));
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn each_redirect_is_judged_anew() {
    let (inside, seen) = server(FILE).await;
    for place in
        [format!("http://127.0.0.1:{inside}/"), format!("//inside.test:{inside}/"), "file:///etc/passwd".to_owned()]
    {
        let (port, _) = server(&format!("HTTP/1.1 302 Found\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n")).await;
        let allowed = [format!("files.test:{port}")];
        let client = client(&allowed, &[("files.test", &["127.0.0.1"]), ("inside.test", &["127.0.0.1"])]);
        let error = client.fetch(&format!("http://files.test:{port}/"), 100).await.unwrap_err();
        assert!(matches!(error, FetchError::Forbidden(_)), "{place}: {error:?}");
    }
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn redirects_are_followed_to_an_end() {
    let (file, _) = server(FILE).await;
    let (port, _) =
        server(&format!("HTTP/1.1 301 Moved\r\nlocation: http://b.test:{file}/x\r\ncontent-length: 0\r\n\r\n")).await;
    let (endless, seen) = server("HTTP/1.1 301 Moved\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n").await;
    let allowed = ["a.test".to_owned(), "b.test".to_owned()];
    let client = client(&allowed, &[("a.test", &["127.0.0.1"]), ("b.test", &["127.0.0.1"])]);
    assert_eq!(client.fetch(&format!("http://a.test:{port}/"), 100).await.unwrap().bytes, "file");
    let error = client.fetch(&format!("http://a.test:{endless}/"), 100).await.unwrap_err();
    assert!(matches!(error, FetchError::Redirects), "{error:?}");
    assert_eq!(seen.lock().unwrap().len(), REDIRECTS_MAX + 1);
}

#[tokio::test]
async fn what_is_too_large_or_not_there_is_not_taken() {
    let endless = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n60\r\n";
    let (told, _) = server(&FILE.replace("content-length: 4", "content-length: 400")).await;
    let (untold, _) = server(&format!("{endless}{}\r\n60\r\n{}\r\n", "x".repeat(96), "x".repeat(96))).await;
    let (missing, _) = server("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await;
    let client = client(&["127.0.0.1".to_owned()], &[]);
    for port in [told, untold] {
        let error = client.fetch(&format!("http://127.0.0.1:{port}/"), 100).await.unwrap_err();
        assert!(matches!(error, FetchError::TooLarge(100)), "{error:?}");
    }
    let error = client.fetch(&format!("http://127.0.0.1:{missing}/"), 100).await.unwrap_err();
    assert!(matches!(error, FetchError::Status(404)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_not_waited_for_for_ever() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let client = client(&["127.0.0.1".to_owned()], &[]);
    let error = client.fetch(&format!("http://127.0.0.1:{port}/"), 100).await.unwrap_err();
    assert!(matches!(error, FetchError::TimedOut), "{error:?}");
}
