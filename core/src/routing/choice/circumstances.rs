//! What a choice goes by. Plain data.

use super::super::routing::Routing;
use super::super::wish::Wish;
use crate::clock::{Random, Timestamp};

/// What a choice goes by.
pub(in crate::routing) struct Circumstances<'a> {
    pub(in crate::routing) routing: &'a Routing,
    pub(in crate::routing) wish: &'a Wish<'a>,
    pub(in crate::routing) now: Timestamp,
    pub(in crate::routing) random: &'a dyn Random,
}
