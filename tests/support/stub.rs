//! A server that answers what it is told, in order: for failures that no emulator gives.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// What the stub does with one request, once it has read it whole.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Answers with a status and a JSON or XML body.
    Status(u16, String),
    /// Never answers.
    Hang,
    /// Closes the connection.
    Close,
}

impl Answer {
    /// An error as DynamoDB words it, with more members of the body where there are any.
    pub fn dynamo_error(status: u16, kind: &str, more: serde_json::Value) -> Self {
        let kind = format!("com.amazonaws.dynamodb.v20120810#{kind}");
        let mut body = serde_json::json!({ "__type": kind, "message": "as recorded" });
        if let (Some(body), serde_json::Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        Self::Status(status, body.to_string())
    }
}

/// A running stub. The last answer is repeated for ever.
#[derive(Debug)]
pub struct Stub {
    url: String,
    requests: Arc<AtomicUsize>,
    task: AbortHandle,
}

impl Stub {
    /// Starts one that gives these answers.
    pub async fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
        let requests = Arc::new(AtomicUsize::new(0));
        let script = Arc::new(Mutex::new(VecDeque::from(answers)));
        let count = Arc::clone(&requests);
        #[allow(clippy::disallowed_methods, reason = "the stub owns its task and ends it when dropped")]
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&count)));
            }
        });
        Self { url, requests, task: task.abort_handle() }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many requests it has read.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Mutex<VecDeque<Answer>>>, count: Arc<AtomicUsize>) {
    while read_request(&mut stream).await.is_some() {
        count.fetch_add(1, Ordering::SeqCst);
        match next(&script) {
            Answer::Status(status, body) => {
                let head = format!("HTTP/1.1 {status} Recorded\r\ncontent-length: {}\r\n\r\n", body.len());
                if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() {
                    return;
                }
            }
            Answer::Hang => std::future::pending().await,
            Answer::Close => return,
        }
    }
}

fn next(script: &Mutex<VecDeque<Answer>>) -> Answer {
    let mut script = script.lock().expect("no answer panics");
    if script.len() > 1 { script.pop_front() } else { script.front().cloned() }.unwrap_or(Answer::Hang)
}

/// Reads one request to the end of its body; `None` where the connection ends.
async fn read_request(stream: &mut TcpStream) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).map_or("0", str::trim);
    let mut body = vec![0; length.parse().ok()?];
    stream.read_exact(&mut body).await.ok().map(|_| ())
}
