//! An answer in one piece. Its provider bills it whether or not anybody waits for it, so once it is asked for it is waited
//! for to its end, and charged what it used.

use super::attempt;
use super::error::CallError;
use super::failed::Failed;
use super::parts::ModelCalls;
use super::plan::Upstream;
use super::settlement::OpenCall;
use super::{followed, several};
use crate::money::NanoDollars;
use crate::upstream::transport::{Bounds, TransportError, Wait};
use bytes::Bytes;
use http::HeaderMap;
use std::sync::Arc;

/// How a call ended.
pub(super) struct Ended {
    /// The answer and what it cost.
    pub(super) result: Result<(Bytes, NanoDollars), Box<Failed>>,
    /// The headers of the upstream's answer.
    pub(super) headers: Option<HeaderMap>,
    /// Milliseconds until the answer's head.
    pub(super) upstream_ms: i64,
}

/// Asks for an answer and charges it.
pub(super) async fn ask(
    calls: Arc<ModelCalls>,
    mut open: OpenCall,
    mut upstream: Upstream,
    (bounds, show_usage): (Bounds, bool),
) -> Ended {
    let sent = calls.clock.now();
    let (rest, followed) = (several::rest(&mut upstream), followed::taken(&mut upstream));
    let attempted = attempt::send(&calls, &open, upstream, bounds).await;
    let upstream_ms = calls.clock.now().millis_since(sent);
    let (headers, answer) = match attempted {
        Ok(answered) => {
            // In boxes: hardly any upstream needs more than one request.
            let body = match followed {
                Some(followed) => {
                    // Work that does not end in its time is given up there.
                    open.evidence.lost.counts(0);
                    let ended = Box::pin(followed::to_its_end(&calls, &open, answered.body, (followed, bounds))).await;
                    match ended.transpose() {
                        Some(body) => body,
                        None => return left(open, answered.headers, upstream_ms),
                    }
                }
                None if rest.is_empty() => Ok(answered.body),
                None => {
                    open.evidence.lost.has_begun();
                    Box::pin(several::all(&calls, &open, answered.body, (rest, bounds))).await
                }
            };
            let answer = match body {
                Ok(body) => attempt::whole(&mut open, body, show_usage).await,
                Err(error) => Err(error),
            };
            (Some(answered.headers), answer)
        }
        Err(error) => (None, Err(error)),
    };
    let result = match answer {
        Ok(answer) => match open.settle_whole(answer.usage, &answer.body).await {
            Ok(cost) => match calls.limits.answer_bytes_max.filter(|most| answer.body.len() > *most) {
                None => Ok((answer.body, cost)),
                Some(most) => Err(CallError::AnswerTooLong { bytes: answer.body.len(), most }.into()),
            },
            Err(error) => Err(error.into()),
        },
        Err(error) => Err(Failed::dispatched(error, open)),
    };
    Ended { result, headers, upstream_ms }
}

/// Nobody waits any more, and the upstream does not work to its end: charged for what it was asked.
fn left(open: OpenCall, headers: HeaderMap, upstream_ms: i64) -> Ended {
    drop(open);
    let error = CallError::Transport(TransportError::TimedOut(Wait::Total));
    Ended { result: Err(error.into()), headers: Some(headers), upstream_ms }
}
