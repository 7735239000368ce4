//! One HTTP/1 connection to an upstream. It has no task of its own: whoever waits for its answer drives it, so that a
//! call wakes nobody but itself.

use super::io::Io;
use super::limits::Limits;
use super::origin::{Origin, RequestBody};
use super::proxies::Proxy;
use super::timer::Timer;
use super::transport::TransportError;
use http::header::PROXY_AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use http_body::Body;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

type Driver = http1::Connection<Io, RequestBody>;

/// An open connection.
pub(super) struct Connection {
    sender: http1::SendRequest<RequestBody>,
    /// `None`: it has ended. A request that it had not taken goes back to its sender when it is dropped, and only then.
    driver: Option<Driver>,
    host: HeaderValue,
    /// The proxy that passes requests to the origin on.
    forwarding: Option<Box<(Origin, Proxy)>>,
    /// How often the TLS configuration had been exchanged when it was made.
    pub(super) generation: u32,
    timer: Timer,
}

/// Why there is no answer.
pub(super) enum NoAnswer {
    /// The connection was closed before anything of the request went out: another one may take it.
    NotSent(Box<Request<RequestBody>>, hyper::Error),
    /// Anything else.
    Failed(TransportError),
}

/// What of a body is there already.
pub(super) enum Early {
    Whole(Bytes),
    Beginning(Bytes),
    Nothing,
}

impl Connection {
    /// A connection to `origin` over an open stream.
    pub(super) async fn open(io: Io, origin: &Origin, proxy: Option<Proxy>) -> Result<Self, TransportError> {
        let host = origin.host()?;
        let handshake = http1::handshake(io).await;
        let (sender, driver) = handshake.map_err(|error| TransportError::NotSent(Box::new(error)))?;
        let forwarding = proxy.map(|proxy| Box::new((origin.clone(), proxy)));
        Ok(Self { sender, driver: Some(driver), host, forwarding, generation: 0, timer: Timer::default() })
    }

    /// Sends a request and waits for its answer's head.
    pub(super) async fn ask(
        &mut self,
        mut request: Request<RequestBody>,
        limits: &Limits,
    ) -> Result<Response<Incoming>, NoAnswer> {
        Origin::name_in_header(&mut request, &self.host).map_err(NoAnswer::Failed)?;
        if let Some(forwarding) = &self.forwarding {
            let (origin, proxy) = forwarding.as_ref();
            origin.name_whole(&mut request).map_err(NoAnswer::Failed)?;
            if let Some(credentials) = &proxy.credentials {
                request.headers_mut().insert(PROXY_AUTHORIZATION, credentials.clone());
            }
        }
        let Self { sender, driver, timer, .. } = self;
        // Outside the budget of the runtime: where that is used up, a future asks to be polled again by its waker, and
        // this one has none.
        let mut answer = pin!(tokio::task::unconstrained(sender.try_send_request(request)));
        poll_fn(|context| {
            drive(driver, context);
            // Only the driver can bring the answer, and it was asked just now: there is nobody to be woken by.
            if let Poll::Ready(answer) = answer.as_mut().poll(&mut asleep()) {
                return Poll::Ready(answer.map_err(|mut error| match error.take_message() {
                    Some(request) => NoAnswer::NotSent(Box::new(request), error.into_error()),
                    None => NoAnswer::Failed(broken(error.into_error())),
                }));
            }
            timer.poll_until(limits.head(), context).map(|()| Err(NoAnswer::Failed(limits.head_missed())))
        })
        .await
    }

    /// All of the answer's body, where its length was told and its bytes came with the head.
    pub(super) fn whole(body: &mut Incoming) -> Early {
        if body.is_end_stream() {
            return Early::Whole(Bytes::new());
        }
        if body.size_hint().exact().is_none() {
            return Early::Nothing;
        }
        match Pin::new(&mut *body).poll_frame(&mut asleep()) {
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(piece) if body.is_end_stream() => Early::Whole(piece),
                Ok(piece) => Early::Beginning(piece),
                Err(_) => Early::Nothing,
            },
            _ => Early::Nothing,
        }
    }

    /// The next piece of the answer. The body must be this connection's.
    pub(super) fn poll_piece(
        &mut self,
        body: &mut Incoming,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, TransportError>>> {
        let mut driven = false;
        loop {
            // As above: only the driver brings pieces.
            match Pin::new(&mut *body).poll_frame(&mut asleep()) {
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers say nothing that a client of ours is told.
                    let Ok(piece) = frame.into_data() else { continue };
                    return Poll::Ready(Some(Ok(piece)));
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(broken(error)))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending if driven => return Poll::Pending,
                Poll::Pending => {
                    drive(&mut self.driver, context);
                    driven = true;
                }
            }
        }
    }

    /// Whether it waits for the next request.
    pub(super) fn is_idle(&self) -> bool {
        self.driver.is_some() && self.sender.is_ready()
    }
}

fn drive(driver: &mut Option<Driver>, context: &mut Context<'_>) {
    if driver.as_mut().is_some_and(|driver| Pin::new(driver).poll(context).is_ready()) {
        *driver = None;
    }
}

fn asleep() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn broken(error: hyper::Error) -> TransportError {
    TransportError::Broken(Box::new(error))
}
