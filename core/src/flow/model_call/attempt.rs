//! One attempt at an upstream: the request goes out, the answer's head comes back, and a whole body is collected.

use super::error::CallError;
use super::parts::ModelCalls;
use super::plan::Upstream;
use super::settlement::OpenCall;
use crate::config::tls::Channel;
use crate::providers::failure::ProviderFailure;
use crate::providers::identity::Identity;
use crate::providers::provider::{Provider, WholeAnswer};
use crate::tokens;
use crate::upstream::transport::{Bounds, UpstreamBody};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, Request, Response};

/// Most bytes of a whole answer. Larger ones are an upstream's fault, and must not fill memory.
const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Most bytes of an error answer that are read.
const ERROR_BYTES_MAX: usize = 64 * 1024;

/// An answer of status 200.
pub(super) struct Answered {
    pub(super) headers: HeaderMap,
    pub(super) body: UpstreamBody,
}

/// Sends the request and sorts the answer's status.
pub(super) async fn send(
    calls: &ModelCalls,
    open: &OpenCall,
    upstream: Upstream,
    bounds: Bounds,
) -> Result<Answered, CallError> {
    let speaker = open.speaker();
    match upstream {
        Upstream::Provider(request) => ask(calls, (&speaker, open.identity(), open.channel()), *request, bounds).await,
        Upstream::Mock(mock) => {
            let mut answer = Response::new(UpstreamBody::pieces(stream::iter(mock.pieces.into_iter().map(Ok))));
            *answer.status_mut() = http::StatusCode::from_u16(mock.status).unwrap_or_default();
            sorted(&speaker, answer).await
        }
    }
}

/// Sends a request to a provider, as whoever the deployment is known as there, and sorts the answer's status.
pub(super) async fn ask(
    calls: &ModelCalls,
    (provider, identity, channel): (&dyn Provider, Option<&Identity>, Channel),
    mut request: Request<Bytes>,
    bounds: Bounds,
) -> Result<Answered, CallError> {
    if let Some(identity) = identity {
        // In a box: most deployments show a key that they have.
        Box::pin(calls.authorizer.authorize(identity, &mut request)).await?;
    }
    let answer = calls.transport.of(channel).send(request, bounds).await?;
    sorted(provider, answer).await
}

async fn sorted(provider: &dyn Provider, answer: Response<UpstreamBody>) -> Result<Answered, CallError> {
    let (head, body) = answer.into_parts();
    if head.status.is_success() {
        return Ok(Answered { headers: head.headers, body });
    }
    let said = collect(body, ERROR_BYTES_MAX).await.unwrap_or_default();
    let mut failure = provider.failure(head.status.as_u16(), &said);
    if head.status.is_redirection() {
        failure.status = 502;
        failure.message =
            "the upstream answered with a redirect, which is not followed. Set `api_base` to the address \
                           that answers."
                .to_owned();
    }
    let told = || provider.retry_after(&said).map(HeaderValue::from);
    Err(CallError::Upstream { failure, retry_after: head.headers.get(RETRY_AFTER).cloned().or_else(told) })
}

/// Collects a whole answer and reads it. What cannot be read is charged for what can be counted in it.
pub(super) async fn whole(open: &mut OpenCall, body: UpstreamBody, show_usage: bool) -> Result<WholeAnswer, CallError> {
    let bytes = collect_answer(body).await?;
    let read = open.speaker().answer(open.reply(show_usage), bytes.clone());
    if read.is_err() {
        open.evidence.lost.counts(tokens::count_answer(&bytes));
    }
    read.map_err(|failure| CallError::Upstream { failure, retry_after: None })
}

/// Collects a whole answer.
pub(super) async fn collect_answer(body: UpstreamBody) -> Result<Bytes, CallError> {
    collect(body, ANSWER_BYTES_MAX).await
}

/// All bytes of a body, up to a bound. A body of one piece is not copied.
async fn collect(mut body: UpstreamBody, bytes_max: usize) -> Result<Bytes, CallError> {
    if let UpstreamBody::Whole(bytes) = body {
        return Ok(bytes);
    }
    let first = body.next().await.transpose()?.unwrap_or_default();
    let Some(second) = body.next().await.transpose()? else { return Ok(first) };
    let mut all = BytesMut::from(&first[..]);
    all.extend_from_slice(&second);
    while let Some(chunk) = body.next().await.transpose()? {
        all.extend_from_slice(&chunk);
        if all.len() > bytes_max {
            let failure = ProviderFailure::malformed(format!("the upstream's answer is longer than {bytes_max} bytes"));
            return Err(CallError::Upstream { failure, retry_after: None });
        }
    }
    Ok(all.freeze())
}
