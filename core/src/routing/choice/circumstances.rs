//! What a choice goes by. Plain data.

use super::super::deployment::Deployment;
use super::super::routing::Routing;
use super::super::wish::Wish;
use super::lane::Lane;
use crate::clock::{Random, Timestamp};
use std::sync::Arc;

/// What a choice goes by.
#[derive(Clone, Copy)]
pub(crate) struct Circumstances<'a> {
    pub(crate) deployments: &'a [Arc<Deployment>],
    /// One for each deployment, where the strategy measures.
    pub(crate) lanes: &'a [Lane],
    pub(crate) routing: &'a Routing,
    pub(crate) wish: &'a Wish<'a>,
    pub(crate) now: Timestamp,
    pub(crate) random: &'a dyn Random,
}
