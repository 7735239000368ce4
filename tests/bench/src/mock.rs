//! The upstream: answers chat requests at once, or as a stream of chunks that each carry the time they were written.
//! Runs on a thread of the bench, so that both read one clock.

use memchr::memmem;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Chunks of one stream.
pub(crate) const CHUNKS: u64 = 200;

const ANSWER: &str = r#"{"id":"chatcmpl-mock0000000000000000000000001","object":"chat.completion","created":1700000000,"model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"message":{"role":"assistant","content":"The quick brown fox is a small animal that jumps over lazy dogs. It is known to every typist, since the sentence about it holds each letter of the alphabet.","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":72,"completion_tokens":36,"total_tokens":108,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}},"service_tier":"default","system_fingerprint":"fp_mock"}"#;
const CHUNK_HEAD: &str = r#"data: {"id":"chatcmpl-mock0000000000000000000000001","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_mock","choices":["#;
const USAGE: &str = r#"],"usage":{"prompt_tokens":72,"completion_tokens":200,"total_tokens":272}}"#;

/// Nanoseconds since the bench began: one clock for the mock and its callers.
pub(crate) fn nanos() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// The running mock.
pub(crate) struct Mock {
    pub(crate) address: SocketAddr,
    gap_us: Arc<AtomicU64>,
    think_us: Arc<AtomicU64>,
}

impl Mock {
    /// From now on, answers in one piece take this long.
    pub(crate) fn think(&self, time: Duration) {
        self.think_us.store(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// From now on, streams wait this long before each chunk.
    pub(crate) fn pace(&self, gap: Duration) {
        self.gap_us.store(u64::try_from(gap.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// Starts the mock on a free port of the loopback interface.
pub(crate) fn start() -> io::Result<Mock> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let mock = Mock { address: listener.local_addr()?, gap_us: Arc::default(), think_us: Arc::default() };
    let paces = Paces { gap_us: Arc::clone(&mock.gap_us), think_us: Arc::clone(&mock.think_us) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || tokio::task::LocalSet::new().block_on(&runtime, serve(listener, paces)));
    Ok(mock)
}

/// How fast the mock is, in microseconds.
struct Paces {
    gap_us: Arc<AtomicU64>,
    think_us: Arc<AtomicU64>,
}

async fn serve(listener: TcpListener, paces: Paces) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let paces = Rc::new(paces);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let paces = Rc::clone(&paces);
        // A peer that hangs up ends its own connection only.
        tokio::task::spawn_local(async move { serve_connection(stream, &paces).await.ok() });
    }
}

async fn serve_connection(mut stream: TcpStream, paces: &Paces) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(16 * 1024);
    let mut out = Vec::with_capacity(16 * 1024);
    loop {
        let end = loop {
            match request_end(&buffer)? {
                Some(end) if buffer.len() >= end => break end,
                _ if stream.read_buf(&mut buffer).await? == 0 => return Ok(()),
                _ => {}
            }
        };
        let request = buffer.get(..end).unwrap_or_default();
        let is_stream =
            [&b"\"stream\":true"[..], b"\"stream\": true"].iter().any(|s| memmem::find(request, s).is_some());
        let wants_usage = memmem::find(request, b"\"include_usage\"").is_some();
        buffer.drain(..end);
        if is_stream {
            stream_answer(&mut stream, &mut out, &paces.gap_us, wants_usage).await?;
        } else {
            let think = paces.think_us.load(Ordering::Relaxed);
            if think > 0 {
                tokio::time::sleep(Duration::from_micros(think)).await;
            }
            out.clear();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_mock\r\ncontent-length: {}\r\n\r\n",
                ANSWER.len()
            );
            out.extend_from_slice(head.as_bytes());
            out.extend_from_slice(ANSWER.as_bytes());
            stream.write_all(&out).await?;
        }
    }
}

/// Where the request that stands first ends, once its head is whole. Takes bodies with a length only.
fn request_end(buffer: &[u8]) -> io::Result<Option<usize>> {
    let mut headers = [httparse::EMPTY_HEADER; 96];
    let mut request = httparse::Request::new(&mut headers);
    let parsed = request.parse(buffer).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let httparse::Status::Complete(head) = parsed else { return Ok(None) };
    let length = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|header| std::str::from_utf8(header.value).ok()?.trim().parse::<usize>().ok());
    Ok(Some(head.saturating_add(length.unwrap_or(0))))
}

async fn stream_answer(
    stream: &mut TcpStream,
    out: &mut Vec<u8>,
    gap_us: &AtomicU64,
    wants_usage: bool,
) -> io::Result<()> {
    out.clear();
    out.extend_from_slice(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nx-request-id: req_mock\r\ntransfer-encoding: chunked\r\n\r\n");
    event(out, r#"{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}"#, "]}");
    stream.write_all(out).await?;
    let gap = gap_us.load(Ordering::Relaxed);
    for _ in 0..CHUNKS {
        if gap > 0 {
            tokio::time::sleep(Duration::from_micros(gap)).await;
        } else {
            tokio::task::yield_now().await;
        }
        out.clear();
        let choice =
            format!(r#"{{"index":0,"delta":{{"content":"t={} "}},"logprobs":null,"finish_reason":null}}"#, nanos());
        event(out, &choice, "]}");
        stream.write_all(out).await?;
    }
    out.clear();
    event(out, r#"{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}"#, "]}");
    if wants_usage {
        event(out, "", USAGE);
    }
    out.extend_from_slice(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n");
    stream.write_all(out).await
}

/// One event as one chunk.
fn event(out: &mut Vec<u8>, choice: &str, tail: &str) {
    let length = CHUNK_HEAD.len() + choice.len() + tail.len() + 2;
    out.extend_from_slice(format!("{length:x}\r\n{CHUNK_HEAD}{choice}{tail}\n\n\r\n").as_bytes());
}
