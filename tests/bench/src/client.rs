//! One kept-alive HTTP/1.1 connection of the load generator. Reads answers in place and copies nothing it need not.

use crate::mock::nanos;
use memchr::memmem;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What an answer was, as far as the bench wants to know.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The body as it came, chunk framing included; only of answers with a length.
    pub(crate) body: Vec<u8>,
}

/// When the stamped chunks of one stream arrived.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// Nanoseconds from sending the request to the first chunk.
    pub(crate) first_ns: Option<u64>,
    /// Nanoseconds that each chunk was under way since the mock wrote it.
    pub(crate) lags_ns: Vec<u64>,
    scanned: usize,
}

/// A connection that is opened when first used, and again after an error.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Framing {
    Length(usize),
    Chunked,
}

impl Connection {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, buffer: Vec::with_capacity(64 * 1024) }
    }

    /// Sends a request and reads its whole answer.
    pub(crate) async fn call(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.watch(request, None).await
    }

    /// As [`Connection::call`], noting when each stamped chunk arrives.
    pub(crate) async fn watch(&mut self, request: &[u8], arrivals: Option<&mut Arrivals>) -> io::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                self.buffer.clear();
                let stream = TcpStream::connect(self.address).await?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        let sent_at = nanos();
        stream.write_all(request).await?;
        let (head, status, framing) = self.read_head(&mut stream).await?;
        let body = match framing {
            Framing::Length(length) => self.read_length(&mut stream, head, length).await?,
            Framing::Chunked => self.read_chunks(&mut stream, head, sent_at, arrivals).await?,
        };
        self.stream = Some(stream);
        Ok(Answer { status, body })
    }

    async fn fill(&mut self, stream: &mut TcpStream) -> io::Result<()> {
        match stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    async fn read_head(&mut self, stream: &mut TcpStream) -> io::Result<(usize, u16, Framing)> {
        loop {
            if let Some(head) = parse_head(&self.buffer)? {
                return Ok(head);
            }
            self.fill(stream).await?;
        }
    }

    async fn read_length(&mut self, stream: &mut TcpStream, head: usize, length: usize) -> io::Result<Vec<u8>> {
        let end = head.saturating_add(length);
        while self.buffer.len() < end {
            self.fill(stream).await?;
        }
        let rest = self.buffer.split_off(end);
        let mut body = std::mem::replace(&mut self.buffer, rest);
        self.buffer.reserve(64 * 1024);
        body.drain(..head);
        Ok(body)
    }

    async fn read_chunks(
        &mut self,
        stream: &mut TcpStream,
        head: usize,
        sent_at: u64,
        mut arrivals: Option<&mut Arrivals>,
    ) -> io::Result<Vec<u8>> {
        let mut position = head;
        loop {
            if let Some(arrivals) = arrivals.as_deref_mut() {
                arrivals.scan(self.buffer.get(head..).unwrap_or_default(), sent_at);
            }
            if follow_chunks(&self.buffer, &mut position)? {
                self.buffer.drain(..position);
                return Ok(Vec::new());
            }
            self.fill(stream).await?;
        }
    }
}

/// The head's length, the status and the body's framing, once the head is whole.
fn parse_head(buffer: &[u8]) -> io::Result<Option<(usize, u16, Framing)>> {
    let mut headers = [httparse::EMPTY_HEADER; 96];
    let mut answer = httparse::Response::new(&mut headers);
    let parsed = answer.parse(buffer).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let httparse::Status::Complete(head) = parsed else { return Ok(None) };
    let mut framing = Framing::Chunked;
    for header in answer.headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            let length = std::str::from_utf8(header.value).ok().and_then(|text| text.trim().parse().ok());
            framing = Framing::Length(length.ok_or(io::ErrorKind::InvalidData)?);
        }
    }
    Ok(Some((head, answer.code.unwrap_or(0), framing)))
}

/// Steps over every whole chunk from `position` on. True once the last one is passed.
fn follow_chunks(buffer: &[u8], position: &mut usize) -> io::Result<bool> {
    loop {
        let rest = buffer.get(*position..).unwrap_or_default();
        let (line, size) = match httparse::parse_chunk_size(rest) {
            Ok(httparse::Status::Complete(found)) => found,
            Ok(httparse::Status::Partial) => return Ok(false),
            Err(_) => return Err(io::ErrorKind::InvalidData.into()),
        };
        let whole = usize::try_from(size).unwrap_or(usize::MAX).saturating_add(line).saturating_add(2);
        if rest.len() < whole {
            return Ok(false);
        }
        *position += whole;
        if size == 0 {
            return Ok(true);
        }
    }
}

impl Arrivals {
    /// Notes the stamps (`t=<nanoseconds> `) that are new in `body`. One that is cut off waits for its rest.
    fn scan(&mut self, body: &[u8], sent_at: u64) {
        let now = nanos();
        while let Some(rest) = body.get(self.scanned..) {
            let Some(at) = memmem::find(rest, b"t=") else {
                self.scanned = body.len().saturating_sub(1).max(self.scanned);
                return;
            };
            let digits = rest.get(at + 2..).unwrap_or_default();
            let Some(length) = digits.iter().position(|byte| !byte.is_ascii_digit()) else {
                self.scanned += at;
                return;
            };
            let stamp = digits.get(..length).and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u64>().ok());
            if let Some(stamp) = stamp {
                self.first_ns.get_or_insert(now.saturating_sub(sent_at));
                self.lags_ns.push(now.saturating_sub(stamp));
            }
            self.scanned += at + 2 + length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_followed_to_the_last_however_they_are_cut() {
        let wire = b"3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\nnext";
        for cut in 0..wire.len() {
            let mut position = 0;
            let done = follow_chunks(&wire[..cut], &mut position).unwrap();
            assert_eq!(done, cut >= wire.len() - 4, "cut at {cut}");
        }
    }

    #[test]
    fn a_stamp_is_noted_once_however_it_is_cut() {
        let body = b"data: \"t=12 \"\n\ndata: \"t=345 \"\n\n";
        let mut arrivals = Arrivals::default();
        for cut in 0..=body.len() {
            arrivals.scan(&body[..cut], 0);
        }
        assert_eq!(arrivals.lags_ns.len(), 2);
    }
}
