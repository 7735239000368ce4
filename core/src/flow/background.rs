//! Work that outlives its request: the settlement of a call whose client has gone, an answer that is billed anyway. Counted, so that a process can
//! wait for it before it ends.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::sync::watch;

/// The one place that owns detached tasks.
#[derive(Clone, Debug)]
pub struct Background {
    running: Arc<watch::Sender<usize>>,
}

impl Default for Background {
    fn default() -> Self {
        Self { running: Arc::new(watch::Sender::new(0)) }
    }
}

impl Background {
    /// Runs `work` on its own. Outside a runtime (a process that is ending) the work is dropped.
    #[allow(clippy::disallowed_methods, reason = "this is the door that the rule names")]
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        if tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        let running = Running::enter(&self.running);
        tokio::spawn(async move {
            work.await;
            drop(running);
        });
    }

    /// Runs `work` with who waits for it, and on its own from where nobody does any more.
    pub fn to_its_end<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> ToItsEnd<T> {
        ToItsEnd { work: Some(Box::pin(work)), background: self.clone() }
    }

    /// How many works are running.
    pub fn running(&self) -> usize {
        *self.running.borrow()
    }

    /// Waits until nothing is running.
    pub async fn drained(&self) {
        let mut running = self.running.subscribe();
        // The sender lives in `self`, so this cannot fail.
        let _ = running.wait_for(|count| *count == 0).await;
    }
}

/// Work that goes on when this is dropped.
pub struct ToItsEnd<T: Send + 'static> {
    /// Until it has ended.
    work: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    background: Background,
}

impl<T: Send + 'static> Future for ToItsEnd<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        // Asked again after its end, as no caller does, it stays silent.
        let Some(work) = &mut self.work else { return Poll::Pending };
        let ended = ready!(work.as_mut().poll(context));
        self.work = None;
        Poll::Ready(ended)
    }
}

impl<T: Send + 'static> Drop for ToItsEnd<T> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            self.background.spawn(async move { drop(work.await) });
        }
    }
}

/// Counts down when dropped, also when the work panics.
struct Running(Arc<watch::Sender<usize>>);

impl Running {
    fn enter(running: &Arc<watch::Sender<usize>>) -> Self {
        running.send_modify(|count| *count += 1);
        Self(Arc::clone(running))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn a_process_can_wait_for_what_it_has_left_to_do() {
        let background = Background::default();
        let (go, gate) = oneshot::channel::<()>();
        let (done, mut finished) = oneshot::channel();
        background.spawn(async move {
            let _ = gate.await;
            let _ = done.send(());
        });
        go.send(()).unwrap();
        background.drained().await;
        assert!(finished.try_recv().is_ok());
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_any_more_goes_on() {
        let background = Background::default();
        let (go, gate) = oneshot::channel::<()>();
        let (done, mut finished) = oneshot::channel();
        let mut work = background.to_its_end(async move {
            let _ = gate.await;
            let _ = done.send(());
        });
        assert!(std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut work).poll(context))).await.is_pending());
        drop(work);
        go.send(()).unwrap();
        background.drained().await;
        assert!(finished.try_recv().is_ok());
    }
}
