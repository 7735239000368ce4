//! The table that the simulation runs on does what every table does.

use postern_core::clock::{Clock, SystemClock};
use postern_core::store::table::Table;
use postern_tests::plain_table::PlainTable;
use std::sync::Arc;

async fn open() -> (Arc<dyn Table>, Arc<dyn Clock>) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    (Arc::new(PlainTable::new(Arc::clone(&clock))), clock)
}

postern_core::table_conformance!(open());
