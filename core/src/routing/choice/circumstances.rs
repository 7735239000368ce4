//! What a choice goes by. Plain data.

use super::super::routing::Routing;
use super::super::wish::Wish;
use crate::clock::{Random, Timestamp};

/// What a choice goes by.
pub(crate) struct Circumstances<'a> {
    pub(crate) routing: &'a Routing,
    pub(crate) wish: &'a Wish<'a>,
    pub(crate) now: Timestamp,
    pub(crate) random: &'a dyn Random,
}
