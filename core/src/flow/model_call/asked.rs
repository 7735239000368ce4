//! A call that is about to be made, as far as limits ask. Plain data.

use super::body::Said;
use super::presuming::Presuming;
use super::waits::Waits;
use crate::accounting::spend_row::SpendDetails;
use crate::id::RequestId;
use crate::principal::Principal;
use crate::providers::operation::Operation;
use crate::routing::Deployment;
use bytes::Bytes;
use http::Uri;
use std::sync::Arc;

/// A call that is about to be made.
pub(super) struct Asked<'a> {
    pub(super) id: RequestId,
    pub(super) principal: &'a Arc<Principal>,
    pub(super) said: &'a Said,
    pub(super) operation: Operation,
    pub(super) deployment: &'a Arc<Deployment>,
    pub(super) body: &'a Bytes,
    pub(super) waits: Waits,
    /// Where the request will go; `None`: nowhere.
    pub(super) address: Option<&'a Uri>,
    pub(super) details: &'a SpendDetails,
    /// Scopes that count the call among their requests already, by kind and id.
    pub(super) counted: &'a [(&'static str, String)],
    /// Where the deployment was to be.
    pub(super) region: Option<&'a str>,
    /// Whether only money is asked of the caller: the call is the gateway's own, for one that counts already.
    pub(super) is_beside: bool,
    /// What it may presume.
    pub(super) presumes: Option<&'a Presuming>,
}
