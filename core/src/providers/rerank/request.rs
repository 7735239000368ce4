//! The request of a reranker.

use super::row::{Address, Dialect, Row};
use super::{deepinfra, nvidia};
use crate::api::members::Members;
use crate::api::rerank::request::RerankRequest;
use crate::providers::operation::Operation;
use crate::providers::outgoing::{self, member};
use crate::providers::parameters::admit::admit;
use crate::providers::provider::{Call, TransformError};
use crate::providers::target::Target;
use bytes::Bytes;
use http::Request;
use std::borrow::Cow;

/// Builds the upstream request.
pub(super) fn build(row: &Row, mut call: Call<'_, '_>, target: &Target) -> Result<Request<Bytes>, TransformError> {
    if call.operation != Operation::Rerank {
        let reason = format!("`{}` has no such operation: it only reranks.", target.provider);
        return Err(TransformError::Unsayable { reason });
    }
    let extra_body = call.members.take("extra_body");
    outgoing::fill_in(call.members, target)?;
    admit(&mut call, &target.profile, &target.model)?;
    let address = address(row, call.members, target);
    settle(row, &mut call, target, &address)?;
    let members = call.members;
    let asked = RerankRequest::read(members)
        .map_err(|error| TransformError::Member { member: error.member, reason: error.to_string() })?;
    let said = match row.dialect {
        Dialect::Cohere => None,
        Dialect::DeepInfra => Some(deepinfra::body(&asked)?),
        Dialect::Nvidia => Some(nvidia::body(&asked, target)?),
    };
    let body = match said {
        Some(said) => {
            let mut said = Members::parse(&said).map_err(|error| outgoing::unwritable("documents", &error))?;
            outgoing::add_extra_body(&mut said, target, extra_body)?;
            said.to_json()
        }
        None => {
            members.set("model", member(&target.model, "model")?);
            members.rename("top_n", row.top_n);
            outgoing::add_extra_body(members, target, extra_body)?;
            members.to_json()
        }
    };
    let mut request = outgoing::post(target, &address, body)?;
    outgoing::add_headers(request.headers_mut(), target)?;
    Ok(request)
}

/// Takes out what the reranker does not know.
fn settle(row: &Row, call: &mut Call<'_, '_>, target: &Target, address: &str) -> Result<(), TransformError> {
    let of_version = match row.address {
        Address::Versions if address.ends_with("/v1/rerank") => "max_tokens_per_doc",
        Address::Versions => "max_chunks_per_doc",
        Address::Below(_) | Address::OfHost(_) => "",
    };
    let is_allowed = |name: &str| call.policy.allowed.iter().any(|allowed| allowed == name);
    let mut refused = Vec::new();
    call.members.retain(|name, _| {
        let is_left_out = row.left_out.contains(&name) || name == of_version;
        let is_refused = row.refused.contains(&name);
        if !(is_left_out || is_refused) || is_allowed(name) {
            return true;
        }
        if is_refused && !call.policy.drops {
            refused.push(format!("`{name}`"));
        } else {
            call.dropped.push(Cow::Owned(name.to_owned()));
        }
        false
    });
    if refused.is_empty() {
        return Ok(());
    }
    Err(TransformError::Unsupported { provider: target.provider, model: target.model.clone(), params: refused })
}

fn address(row: &Row, members: &Members<'_>, target: &Target) -> String {
    let base = target.api_base.as_str();
    match (row.dialect, row.address) {
        (Dialect::DeepInfra, _) => deepinfra::address(target),
        (Dialect::Nvidia, _) => nvidia::address(target),
        (Dialect::Cohere, Address::Below(path)) => outgoing::below(base, path),
        (Dialect::Cohere, Address::OfHost(path)) => of_host(base, path),
        (Dialect::Cohere, Address::Versions) => {
            let is_old = members.has("max_chunks_per_doc") && !members.has("max_tokens_per_doc");
            let base = base.trim_end_matches('/');
            if base.ends_with("/v1/rerank") || base.ends_with("/v2/rerank") {
                base.to_owned()
            } else {
                outgoing::below(base, if is_old { "/v1/rerank" } else { "/v2/rerank" })
            }
        }
    }
}

/// The path at the host of the base.
fn of_host(base: &str, path: &str) -> String {
    let host_begins = base.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = base.split_at(host_begins);
    let host = rest.split(['/', '?']).next().unwrap_or(rest);
    format!("{scheme}{host}{path}")
}
