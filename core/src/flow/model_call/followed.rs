//! A call whose upstream works by itself: it is asked how far it is, with a wait before each time, until it has ended or
//! the call's time is over. Asking again changes nothing there, so an answer that went wrong is asked for again.

use super::attempt::{self, Answered};
use super::error::CallError;
use super::parts::ModelCalls;
use super::plan::Upstream;
use super::settlement::OpenCall;
use crate::providers::failure::ProviderFailure;
use crate::providers::job::Job;
use crate::providers::provider::Provider;
use crate::upstream::transport::{Bounds, Transport, TransportError, UpstreamBody, Wait};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use http::{HeaderMap, Request, StatusCode, Uri};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// The wait before the first time.
const WAIT_FIRST: Duration = Duration::from_millis(100);
/// The longest wait. Each is half as long again as the one before.
const WAIT_MAX: Duration = Duration::from_secs(1);
/// How often in a row asking may go wrong.
const FAULTS_MAX: u32 = 5;

/// Work that an upstream does, and how it is asked after.
pub(super) struct Followed {
    job: Job,
    headers: HeaderMap,
}

/// The work that a request begins, taken out of it. Nearly always none.
pub(super) fn taken(upstream: &mut Upstream) -> Option<Followed> {
    let Upstream::Provider(request) = upstream else { return None };
    let job = request.extensions_mut().remove::<Job>()?;
    Some(Followed { job, headers: request.headers().clone() })
}

/// Waits for the end, and gives what the upstream says then.
pub(super) async fn to_its_end(
    calls: &ModelCalls,
    open: &OpenCall,
    first: UpstreamBody,
    (followed, bounds): (Followed, Bounds),
) -> Result<UpstreamBody, CallError> {
    let mut said = attempt::collect_answer(first).await?;
    let mut walk = Walk::begin(calls.transport.of(open.channel()), followed, bounds);
    let told = |failure: ProviderFailure| CallError::Upstream { failure, retry_after: None };
    while let Some(address) = walk.followed.job.next(&said).map_err(told)? {
        let (status, body) = walk.ask(&address).await?;
        if !status.is_success() {
            return Err(told(open.speaker().failure(status.as_u16(), &body)));
        }
        said = body;
    }
    Ok(UpstreamBody::Whole(said))
}

/// Sends a request whose answer is told as it comes. Where it begins work, what is said of that is the answer.
pub(super) async fn send(
    calls: &ModelCalls,
    open: &OpenCall,
    mut upstream: Upstream,
    bounds: Bounds,
) -> Result<Answered, CallError> {
    let followed = taken(&mut upstream);
    let answered = attempt::send(calls, open, upstream, bounds).await?;
    let Some(followed) = followed else { return Ok(answered) };
    // In a box: hardly any upstream works so.
    let transport = calls.transport.of(open.channel());
    let body = Box::pin(as_it_goes(transport, answered.body, (followed, bounds))).await?;
    Ok(Answered { body, ..answered })
}

/// Everything that the upstream says until the end, a line each time. What it says in place of an answer is the last.
async fn as_it_goes(
    transport: &Arc<dyn Transport>,
    first: UpstreamBody,
    (followed, bounds): (Followed, Bounds),
) -> Result<UpstreamBody, CallError> {
    let said = attempt::collect_answer(first).await?;
    let walk = Walk::begin(transport, followed, bounds);
    let rest = stream::unfold(Some((walk, said.clone())), |state| async move {
        let (mut walk, said) = state?;
        // What cannot be read has been passed on, where it is told as the error that it is.
        let address = walk.followed.job.next(&said).ok().flatten()?;
        match walk.ask(&address).await {
            Ok((_, said)) => Some((Ok(line(&said)), Some((walk, said)))),
            Err(CallError::Transport(error)) => Some((Err(error), None)),
            Err(error) => Some((Err(TransportError::Broken(error.into())), None)),
        }
    });
    let first = stream::iter([Ok(line(&said))]);
    Ok(UpstreamBody::pieces(first.chain(rest)))
}

/// One line of it: line feeds in JSON stand between its parts only.
fn line(said: &[u8]) -> Bytes {
    let mut line = BytesMut::with_capacity(said.len() + 1);
    line.extend(said.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }));
    line.put_u8(b'\n');
    line.freeze()
}

struct Walk {
    followed: Followed,
    transport: Arc<dyn Transport>,
    bounds: Bounds,
    /// When the call's time is over.
    end: Instant,
    wait: Duration,
}

impl Walk {
    fn begin(transport: &Arc<dyn Transport>, followed: Followed, bounds: Bounds) -> Self {
        let transport = Arc::clone(transport);
        Self { followed, transport, bounds, end: Instant::now() + bounds.total, wait: WAIT_FIRST }
    }

    /// Waits, and asks.
    async fn ask(&mut self, address: &Uri) -> Result<(StatusCode, Bytes), CallError> {
        let end = self.end;
        let over = |_| CallError::Transport(TransportError::TimedOut(Wait::Total));
        timeout_at(end, self.ask_in_time(address)).await.map_err(over)?
    }

    async fn ask_in_time(&mut self, address: &Uri) -> Result<(StatusCode, Bytes), CallError> {
        let mut faults = 0;
        loop {
            sleep(self.wait).await;
            self.wait = (self.wait * 3 / 2).min(WAIT_MAX);
            let asked = self.ask_once(address).await;
            faults += 1;
            let may_pass = match &asked {
                Ok((status, _)) => *status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error(),
                Err(error) => matches!(error, CallError::Transport(_)),
            };
            if !may_pass || faults >= FAULTS_MAX {
                return asked;
            }
        }
    }

    async fn ask_once(&self, address: &Uri) -> Result<(StatusCode, Bytes), CallError> {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = address.clone();
        request.headers_mut().clone_from(&self.followed.headers);
        let (head, body) = self.transport.send(request, self.bounds).await?.into_parts();
        Ok((head.status, attempt::collect_answer(body).await?))
    }
}
