//! A timer that costs nothing to put off: it stays set for the earliest end it was ever asked for, and is moved only
//! when it goes off too early. Most waits end long before their limit.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::time::{Instant, Sleep, sleep_until};

/// A timer. Made with its first wait.
#[derive(Default)]
pub(super) struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    /// Ready once it is `end`; until then the task is woken for it.
    pub(super) fn poll_until(&mut self, end: Instant, context: &mut Context<'_>) -> Poll<()> {
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(end)));
        if sleep.deadline() > end {
            sleep.as_mut().reset(end);
        }
        loop {
            ready!(sleep.as_mut().poll(context));
            if Instant::now() >= end {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_when_it_should_whatever_was_asked_before() {
        let mut timer = Timer::default();
        for (asked, seconds) in [(50, 60), (10, 20), (90, 90)] {
            let start = Instant::now();
            let dropped = start + Duration::from_secs(asked);
            assert!(poll_fn(|context| Poll::Ready(timer.poll_until(dropped, context))).await.is_pending());
            let end = start + Duration::from_secs(seconds);
            poll_fn(|context| timer.poll_until(end, context)).await;
            assert_eq!(start.elapsed().as_secs(), seconds);
        }
    }
}
