//! A call whose upstream works by itself: it is asked how far it is, with a wait before each time, until it has ended or
//! the call's time is over. Asking again changes nothing there, so an answer that went wrong is asked for again. Work
//! that nobody waits for any more is given up there too: it would be billed to its end.

use super::attempt::{self, Answered};
use super::error::CallError;
use super::parts::ModelCalls;
use super::plan::Upstream;
use super::settlement::OpenCall;
use crate::flow::background::Background;
use crate::providers::failure::ProviderFailure;
use crate::providers::job::Job;
use crate::providers::provider::Provider;
use crate::upstream::transport::{Bounds, Transport, TransportError, UpstreamBody, Wait};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
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
    awaited: Option<Awaited>,
}

/// Somebody waits for the work that a request begins, as long as the other end is held.
#[derive(Clone)]
struct Awaited(watch::Receiver<()>);

/// Notes in a request that begins work that somebody waits for it, until what this gives is dropped.
pub(super) fn awaited(upstream: &mut Upstream) -> Option<watch::Sender<()>> {
    let Upstream::Provider(request) = upstream else { return None };
    request.extensions().get::<Job>()?;
    let (waiting, awaited) = watch::channel(());
    request.extensions_mut().insert(Awaited(awaited));
    Some(waiting)
}

/// The work that a request begins, taken out of it. Nearly always none.
pub(super) fn taken(upstream: &mut Upstream) -> Option<Followed> {
    let Upstream::Provider(request) = upstream else { return None };
    let job = request.extensions_mut().remove::<Job>()?;
    let awaited = request.extensions_mut().remove::<Awaited>();
    Some(Followed { job, headers: request.headers().clone(), awaited })
}

/// Waits for the end, and gives what the upstream says then. `None`: nobody waits any more, and the work is given up.
pub(super) async fn to_its_end(
    calls: &ModelCalls,
    open: &OpenCall,
    first: UpstreamBody,
    (mut followed, bounds): (Followed, Bounds),
) -> Result<Option<UpstreamBody>, CallError> {
    let mut awaited = followed.awaited.take();
    let first = attempt::collect_answer(first).await?;
    let walk = Walk::begin(calls.transport.of(open.channel()), &calls.background, followed, bounds);
    tokio::select! {
        // What has ended is an answer, whoever waits for it.
        biased;
        said = said_at_last(walk, open, first) => said.map(|said| Some(UpstreamBody::Whole(said))),
        () = left(awaited.as_mut()) => Ok(None),
    }
}

/// Returns when nobody waits any more.
async fn left(awaited: Option<&mut Awaited>) {
    match awaited {
        Some(Awaited(waiting)) => while waiting.changed().await.is_ok() {},
        None => std::future::pending().await,
    }
}

async fn said_at_last(mut walk: Walk, open: &OpenCall, mut said: Bytes) -> Result<Bytes, CallError> {
    let told = |failure: ProviderFailure| CallError::Upstream { failure, retry_after: None };
    while let Some(address) = walk.heard(&said).map_err(told)? {
        let (status, body) = walk.ask(&address).await?;
        if !status.is_success() {
            return Err(told(open.speaker().failure(status.as_u16(), &body)));
        }
        said = body;
    }
    Ok(said)
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
    let body = Box::pin(as_it_goes((transport, &calls.background), answered.body, (followed, bounds))).await?;
    Ok(Answered { body, ..answered })
}

/// Everything that the upstream says until the end, a line each time. What it says in place of an answer is the last.
async fn as_it_goes(
    (transport, background): (&Arc<dyn Transport>, &Background),
    first: UpstreamBody,
    (followed, bounds): (Followed, Bounds),
) -> Result<UpstreamBody, CallError> {
    let said = attempt::collect_answer(first).await?;
    let mut walk = Walk::begin(transport, background, followed, bounds);
    // What cannot be read is passed on, and told as the error that it is.
    let next = walk.heard(&said).ok().flatten();
    let rest = stream::unfold(next.map(|address| (walk, address)), |state| async move {
        let (mut walk, address) = state?;
        match walk.ask(&address).await {
            Ok((_, said)) => {
                let next = walk.heard(&said).ok().flatten();
                Some((Ok(line(&said)), next.map(|address| (walk, address))))
            }
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

/// Work that is asked after. Dropped before it has ended, it is given up in the background.
struct Walk {
    followed: Followed,
    transport: Arc<dyn Transport>,
    background: Background,
    bounds: Bounds,
    /// When the call's time is over.
    end: Instant,
    wait: Duration,
    /// Where it is asked after, until it has ended.
    under_way: Option<Uri>,
}

impl Drop for Walk {
    fn drop(&mut self) {
        let given_up = self.under_way.take().and_then(|address| self.followed.job.given_up(&address));
        let Some(address) = given_up else { return };
        let mut request = self.request(address);
        *request.method_mut() = Method::POST;
        let (transport, bounds) = (Arc::clone(&self.transport), self.bounds);
        self.background.spawn(async move {
            if let Err(error) = transport.send(request, bounds).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a prediction that nobody waits for could not be cancelled"
                );
            }
        });
    }
}

impl Walk {
    fn begin(transport: &Arc<dyn Transport>, background: &Background, followed: Followed, bounds: Bounds) -> Self {
        let (transport, background) = (Arc::clone(transport), background.clone());
        let end = Instant::now() + bounds.total;
        Self { followed, transport, background, bounds, end, wait: WAIT_FIRST, under_way: None }
    }

    /// Takes note of what was said, and gives where to ask next. `None`: it has ended.
    fn heard(&mut self, said: &[u8]) -> Result<Option<Uri>, ProviderFailure> {
        self.under_way = None;
        let next = self.followed.job.next(said)?;
        self.under_way.clone_from(&next);
        Ok(next)
    }

    fn request(&self, address: Uri) -> Request<Bytes> {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = address;
        request.headers_mut().clone_from(&self.followed.headers);
        request
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
        let request = self.request(address.clone());
        let (head, body) = self.transport.send(request, self.bounds).await?.into_parts();
        Ok((head.status, attempt::collect_answer(body).await?))
    }
}
