//! `InvokeModel`: each maker's own format. A stream carries the maker's events in base64, in events of AWS's.
//!
//! [`claude`] is Anthropic's, [`nova`] Amazon's, which is Converse's own; [`chunk`] what all their streams have in common.

pub(super) mod chunk;
pub(super) mod claude;
pub(super) mod nova;
