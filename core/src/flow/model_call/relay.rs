//! A stream on its way to the client. Pieces go through as they come; the terminal event goes out only after the call
//! is settled; a stream that breaks ends with an error and never with a clean end.

use super::error::CallError;
use super::keeping::Keeping;
use super::preamble;
use super::settlement::OpenCall;
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::ProviderFailure;
use crate::providers::untold::Untold;
use crate::upstream::transport::{TransportError, UpstreamBody};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long an answer's preamble waits for its content. Then the client sees it, and that the upstream works.
const PREAMBLE_WAIT: Duration = Duration::from_secs(5);
/// Most bytes of a preamble.
const PREAMBLE_BYTES_MAX: usize = 64 << 10;

/// A stream on its way. Dropping it cancels the upstream call, and settles it for what has passed.
pub struct Relay {
    open: OpenCall,
    begun: Begun,
    stage: Stage,
    keeping: Option<Box<Keeping>>,
}

/// A stream whose first piece is there.
pub(super) struct Begun {
    body: UpstreamBody,
    decoder: Box<dyn StreamDecoder>,
    first: Bytes,
    /// The upstream has ended already.
    over: bool,
}

enum Stage {
    First,
    Reading,
    /// A piece waits until it is paid for.
    Covering {
        bytes: Bytes,
        is_last: bool,
    },
    Ending,
    Breaking(CallError),
    Over,
}

/// Waits for the first content of a stream. Until then nothing is answered, so that an upstream that fails before it has
/// said anything is told by its status, or another one is asked.
pub(super) async fn first(
    open: &mut OpenCall,
    mut body: UpstreamBody,
    mut decoder: Box<dyn StreamDecoder>,
) -> Result<Begun, CallError> {
    let begun = beginning(&mut body, decoder.as_mut()).await;
    let first = begun.as_ref().map_or_else(|_| Bytes::new(), |(first, _)| first.clone());
    // What was told of its usage counts where there is no content too.
    open.saw(decoder.seen(), &first);
    let (first, over) = begun?;
    open.first_content_came();
    Ok(Begun { body, decoder, first, over })
}

/// What comes first, and whether it is all.
async fn beginning(body: &mut UpstreamBody, decoder: &mut dyn StreamDecoder) -> Result<(Bytes, bool), CallError> {
    loop {
        let piece = next_piece(body, decoder).await?;
        let over = piece.is_last || decoder.is_complete();
        if !over && !piece.bytes.is_empty() && preamble::is_all(&piece.bytes) {
            return content_after(piece.bytes, body, decoder).await;
        }
        if over || !piece.bytes.is_empty() {
            return Ok((piece.bytes, over));
        }
    }
}

/// What comes before the content (a role, the name of an answer), with the content itself, where it comes soon.
async fn content_after(
    preamble: Bytes,
    body: &mut UpstreamBody,
    decoder: &mut dyn StreamDecoder,
) -> Result<(Bytes, bool), CallError> {
    let end = Instant::now() + PREAMBLE_WAIT;
    let mut first = BytesMut::from(&preamble[..]);
    loop {
        // Nothing is lost where the wait ends: a chunk is either there or not yet taken.
        let Ok(piece) = timeout_at(end, next_piece(body, decoder)).await else { return Ok((first.freeze(), false)) };
        let piece = piece?;
        let over = piece.is_last || decoder.is_complete();
        first.extend_from_slice(&piece.bytes);
        if over || first.len() > PREAMBLE_BYTES_MAX || !piece.bytes.is_empty() && !preamble::is_all(&piece.bytes) {
            return Ok((first.freeze(), over));
        }
    }
}

/// Bytes that go out as they come, from the first on.
pub(super) fn at_once(body: UpstreamBody) -> Begun {
    Begun { body, decoder: Box::new(Untold::default()), first: Bytes::new(), over: false }
}

struct Piece {
    bytes: Bytes,
    is_last: bool,
}

/// The next bytes for the client, as far as one chunk of the upstream gives them.
async fn next_piece(body: &mut UpstreamBody, decoder: &mut dyn StreamDecoder) -> Result<Piece, CallError> {
    match body.next().await {
        Some(Ok(chunk)) => Ok(Piece { bytes: decoder.push(chunk).map_err(upstream)?, is_last: false }),
        None => Ok(Piece { bytes: decoder.finish().map_err(upstream)?, is_last: true }),
        // An answer that was complete before the connection broke is complete.
        Some(Err(error)) => match decoder.finish() {
            Ok(bytes) if decoder.tells_its_end() => Ok(Piece { bytes, is_last: true }),
            Ok(_) | Err(_) => Err(broken(error)),
        },
    }
}

fn upstream(failure: ProviderFailure) -> CallError {
    CallError::Upstream { failure, retry_after: None }
}

fn broken(error: TransportError) -> CallError {
    CallError::Transport(error)
}

impl Relay {
    pub(super) fn new(mut open: OpenCall, begun: Begun) -> Self {
        open.let_go_of_input();
        Self { open, begun, stage: Stage::First, keeping: None }
    }

    /// Keeps what passes, if it passes whole.
    pub(super) fn keep(&mut self, keeping: Keeping) {
        self.keeping = Some(Box::new(keeping));
    }

    /// The next piece for the client; `None` after the last. An error is the last piece.
    ///
    /// # Errors
    /// The stream broke, or the call could not be charged: the client is told in the stream.
    pub async fn next(&mut self) -> Option<Result<Bytes, CallError>> {
        let piece = self.advance().await;
        if self.keeping.is_some() {
            self.note(&piece).await;
        }
        piece
    }

    /// Keeps a piece on its way, and all of them after the last.
    async fn note(&mut self, piece: &Option<Result<Bytes, CallError>>) {
        match piece {
            Some(Ok(bytes)) => self.keeping.iter_mut().for_each(|keeping| keeping.saw(bytes)),
            Some(Err(_)) => self.keeping = None,
            None => {
                if let Some(keeping) = self.keeping.take() {
                    Box::pin(keeping.has_passed(self.begun.decoder.seen().usage)).await;
                }
            }
        }
    }

    async fn advance(&mut self) -> Option<Result<Bytes, CallError>> {
        loop {
            match std::mem::replace(&mut self.stage, Stage::Over) {
                Stage::First => {
                    let first = std::mem::take(&mut self.begun.first);
                    if let Some(first) = self.take(first, self.begun.over) {
                        return Some(Ok(first));
                    }
                }
                Stage::Reading => {
                    // Set again before waiting: this future may be dropped and asked anew.
                    self.stage = Stage::Reading;
                    if let Some(bytes) = self.read().await {
                        return Some(Ok(bytes));
                    }
                }
                Stage::Covering { bytes, is_last } => {
                    // As above: the piece must not be lost with this future.
                    self.stage = Stage::Covering { bytes: bytes.clone(), is_last };
                    let covered = self.open.cover().await;
                    self.stage = match covered {
                        Ok(()) if is_last => Stage::Ending,
                        Ok(()) => Stage::Reading,
                        Err(error) => Stage::Breaking(error),
                    };
                    if matches!(self.stage, Stage::Ending | Stage::Reading) && !bytes.is_empty() {
                        return Some(Ok(bytes));
                    }
                }
                Stage::Ending => {
                    self.stage = Stage::Ending;
                    let told = self.begun.decoder.seen().usage;
                    let counted = match told {
                        Some(_) => Bytes::new(),
                        None => self.begun.decoder.counted(&|| self.open.evidence.of_stream()),
                    };
                    let settled = self.open.settle(told).await;
                    self.stage = Stage::Over;
                    let terminal = self.begun.decoder.terminal();
                    let end = if counted.is_empty() { terminal } else { [counted, terminal].concat().into() };
                    return Some(settled.map(|_| end));
                }
                Stage::Breaking(error) => return Some(Err(self.open.fail_streamed(error).await)),
                Stage::Over => return None,
            }
        }
    }

    /// How the client is told that the stream broke, where its dialect has more to say than the error.
    pub fn broken(&self, code: &str, message: &str) -> Option<Bytes> {
        self.begun.decoder.broken(code, message)
    }

    /// Reads one piece and moves on. `None`: nothing for the client yet.
    async fn read(&mut self) -> Option<Bytes> {
        let decoder = self.begun.decoder.as_mut();
        let piece = next_piece(&mut self.begun.body, decoder).await;
        let nothing = Bytes::new();
        let passed = piece.as_ref().map_or(&nothing, |piece| &piece.bytes);
        self.open.saw(self.begun.decoder.seen(), passed);
        match piece {
            Ok(piece) => {
                let is_last = piece.is_last || self.begun.decoder.is_complete();
                self.take(piece.bytes, is_last)
            }
            Err(error) => {
                self.stage = Stage::Breaking(error);
                None
            }
        }
    }

    /// Takes bytes that were read, and moves on. `None`: nothing for the client yet.
    fn take(&mut self, bytes: Bytes, is_last: bool) -> Option<Bytes> {
        // What the upstream has counted is charged as it is: there is nothing more to hold.
        if self.open.is_outgrown() && self.begun.decoder.seen().usage.is_none() {
            self.stage = Stage::Covering { bytes, is_last };
            return None;
        }
        self.stage = if is_last { Stage::Ending } else { Stage::Reading };
        (!bytes.is_empty()).then_some(bytes)
    }
}
