//! A container's life: it freezes between two steps and goes on much later as if nothing had been, or never; it dies
//! and everything that it was doing is dropped in the middle. What it has sent is on its way regardless.

use postern_tests::chance::Chance;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// How often, of a thousand steps, a container stops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frailty {
    pub(crate) freezes: i64,
    pub(crate) dies: i64,
    pub(crate) frozen_millis_max: i64,
}

/// Work that may freeze or die. Ends when the work does, or dies.
pub(crate) struct Frail<F> {
    work: Option<Pin<Box<F>>>,
    chance: Chance,
    frailty: Frailty,
    thaw: Option<Pin<Box<Sleep>>>,
}

impl<F: Future<Output = ()>> Frail<F> {
    pub(crate) fn new(work: F, chance: Chance, frailty: Frailty) -> Self {
        Self { work: Some(Box::pin(work)), chance, frailty, thaw: None }
    }
}

impl<F: Future<Output = ()>> Future for Frail<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if let Some(thaw) = &mut this.thaw {
            ready!(thaw.as_mut().poll(context));
            this.thaw = None;
        } else if this.chance.of_thousand(this.frailty.dies) {
            this.work = None;
        } else if this.chance.of_thousand(this.frailty.freezes) {
            let millis = this.chance.between(1, this.frailty.frozen_millis_max).unsigned_abs();
            let mut thaw = Box::pin(sleep(Duration::from_millis(millis)));
            // Its first poll sets the alarm.
            if thaw.as_mut().poll(context).is_pending() {
                this.thaw = Some(thaw);
                return Poll::Pending;
            }
        }
        let Some(work) = &mut this.work else { return Poll::Ready(()) };
        work.as_mut().poll(context)
    }
}
