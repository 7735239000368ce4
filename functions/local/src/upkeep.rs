//! The loops that keep the state tidy and the gateway fresh while `postern` runs: begun anew whenever another gateway takes
//! over.

use crate::strain;
use postern_core::assemble::live::{Generation, Live};
use postern_core::assemble::state::UnseenTable;
use postern_core::flow::background::Background;
use postern_core::flow::maintenance::every::{ROUND_INTERVAL, every};
use std::future::pending;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Running loops.
pub(crate) struct Upkeep {
    stop: oneshot::Sender<()>,
}

impl Upkeep {
    /// Starts the loops. A table that could not be looked at is seen to first.
    pub(crate) fn begin(live: Arc<Live>, unseen: Option<UnseenTable>, background: &Background) -> Self {
        let (stop, mut stopped) = oneshot::channel::<()>();
        background.spawn(async move {
            // Being told to stop and being forgotten both end the loops.
            if let Some(table) = unseen {
                tokio::select! {
                    _ = &mut stopped => return,
                    () = table.made() => {}
                }
            }
            tokio::select! {
                _ = &mut stopped => {}
                // The first may have nothing to watch, and ends.
                ((), ()) = async { tokio::join!(live.watching(), of_each(&live)) } => {}
            }
        });
        Self { stop }
    }

    /// Ends the loops.
    pub(crate) fn end(self) {
        // They may have ended by themselves.
        let _ = self.stop.send(());
    }
}

/// Keeps each gateway's loops running for as long as it is the one that answers.
async fn of_each(live: &Live) {
    let mut moves = live.moves();
    loop {
        let generation = live.now();
        tokio::select! {
            // The sender lives in `live`, so this cannot fail.
            _ = moves.changed() => {}
            () = of(&generation) => {}
        }
    }
}

/// One gateway's loops.
async fn of(Generation { gateway, .. }: &Generation) {
    let turning = async {
        match &gateway.rotation {
            Some(rotation) => rotation.turning().await,
            None => pending().await,
        }
    };
    let watching = async {
        gateway.catalog.watching().await;
        // Where the table keeps no models there is nothing to watch.
        pending::<()>().await;
    };
    tokio::join!(
        every(ROUND_INTERVAL, &gateway.maintenance, pending()),
        gateway.policies.renewing(),
        strain::watch(Arc::clone(&gateway.intake.load)),
        turning,
        watching,
    );
}
