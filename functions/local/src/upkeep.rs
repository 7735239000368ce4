//! The loop that keeps the state tidy while `postern` runs.

use postern_core::assemble::catalog::Catalog;
use postern_core::assemble::rotation::Rotation;
use postern_core::assemble::state::UnseenTable;
use postern_core::flow::background::Background;
use postern_core::flow::maintenance::Maintenance;
use postern_core::flow::maintenance::every::{ROUND_INTERVAL, every};
use postern_core::upstream::policies::Policies;
use std::sync::Arc;
use tokio::sync::oneshot;

/// A running loop.
pub(crate) struct Upkeep {
    stop: oneshot::Sender<()>,
}

impl Upkeep {
    /// Starts the loop. A table that could not be looked at is seen to first.
    pub(crate) fn begin(
        maintenance: Arc<Maintenance>,
        policies: Arc<Policies>,
        unseen: Option<UnseenTable>,
        background: &Background,
    ) -> Self {
        let (stop, mut stopped) = oneshot::channel::<()>();
        background.spawn(async move {
            let renewing = policies.renewing();
            // Being told to stop and being forgotten both end the loop.
            if let Some(table) = unseen {
                tokio::select! {
                    _ = &mut stopped => return,
                    () = table.made() => {}
                }
            }
            tokio::select! {
                () = every(ROUND_INTERVAL, &maintenance, async { drop(stopped.await) }) => {}
                () = renewing => {}
            }
        });
        Self { stop }
    }

    /// Starts the loop that keeps secrets fresh.
    pub(crate) fn turning(rotation: Arc<Rotation>, background: &Background) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        background.spawn(async move {
            tokio::select! {
                _ = stopped => {}
                () = rotation.turning() => {}
            }
        });
        Self { stop }
    }

    /// Starts the loop that keeps the models of the table fresh.
    pub(crate) fn watching(catalog: Arc<Catalog>, background: &Background) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        background.spawn(async move {
            tokio::select! {
                _ = stopped => {}
                () = catalog.watching() => {}
            }
        });
        Self { stop }
    }

    /// Ends the loop.
    pub(crate) fn end(self) {
        // The loop may have ended by itself.
        let _ = self.stop.send(());
    }
}
