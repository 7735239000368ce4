//! The upstream request: address and headers around the body that the model's route wants. It is signed when it is sent.

use super::abilities::Abilities;
use super::betas::{self, BETA};
use super::invoke::text::Family;
use super::model::{BedrockModel, Maker, Route};
use super::{address, converse, embeddings, images, invoke, parameters, rerank};
use crate::api::chat::request::ChatRequest;
use crate::api::members::Members;
use crate::providers::anthropic;
use crate::providers::envelope::{self, Extras, set_headers, told};
use crate::providers::operation::Operation;
use crate::providers::parameters::admit::admit;
use crate::providers::provider::{Call, Further, TransformError};
use crate::providers::target::Target;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use std::borrow::Cow;

/// Which software calls, as Cohere asks to be told: the family that its clients know this gateway by.
const SOURCE: HeaderName = HeaderName::from_static("request-source");

/// Builds the upstream request.
pub(super) fn build(mut call: Call<'_, '_>, target: &Target) -> Result<Request<Bytes>, TransformError> {
    let mut model = BedrockModel::of(&target.model);
    let extras = Extras::take(call.members, target)?;
    let overrides = extras.overrides()?;
    let mut headers = HeaderMap::new();
    set_headers(&mut headers, extras.headers.clone(), target)?;
    admit(&mut call, &target.profile, &target.model)?;
    let (operation, stream) = (call.operation, call.stream);
    let mut further = Further(Vec::new());
    let body = match (call.operation, model.maker) {
        (Operation::Embedding, Maker::TitanEmbeddings { is_first }) => {
            let mut bodies = embeddings::titan::write(call.members, &overrides, is_first)?.into_iter();
            let first = bodies.next().unwrap_or_default();
            further = Further(bodies.collect());
            first.into()
        }
        (Operation::Embedding, Maker::CohereEmbeddings) => {
            headers.entry(SOURCE).or_insert(HeaderValue::from_static("unspecified:litellm"));
            embeddings::cohere::write(call.members, &overrides)?
        }
        (Operation::ImageGeneration, _) if images::draws(&model) => {
            model.route = Route::Invoke;
            images::write(call.members, &overrides, &model)?
        }
        (Operation::Rerank, _) => rerank::write(call.members, &overrides, (&model, target))?,
        (Operation::Chat, maker) if !is_for_embeddings(maker) => chat(call, (&model, target), overrides, &mut headers)?,
        _ => {
            let reason = format!("`{}` has no such operation on Bedrock.", target.model);
            return Err(TransformError::Unsayable { reason });
        }
    };
    let address = match operation {
        Operation::Rerank => address::rerank_endpoint(&target.api_base),
        _ => address::endpoint(&target.api_base, &model, stream),
    };
    let mut request = envelope::post(&address, body)?;
    // What says of which type the body is may be said otherwise.
    request.headers_mut().extend(headers);
    if !further.0.is_empty() {
        request.extensions_mut().insert(further);
    }
    Ok(request)
}

fn is_for_embeddings(maker: Maker) -> bool {
    matches!(maker, Maker::TitanEmbeddings { .. } | Maker::CohereEmbeddings)
}

fn chat(
    call: Call<'_, '_>,
    (model, target): (&BedrockModel<'_>, &Target),
    overrides: Members<'_>,
    headers: &mut HeaderMap,
) -> Result<Vec<u8>, TransformError> {
    let Call { members, policy, dropped, .. } = call;
    let abilities = Abilities::of(model, target);
    let mut request = ChatRequest::read(members).map_err(told)?;
    let unsupported = parameters::unsupported(&request, model, &abilities);
    anthropic::parameters::take_out(&mut request, unsupported, (target, policy), dropped)?;
    if let Some(family) = Family::of(model) {
        return invoke::text::write(&request, family, &overrides).map_err(told);
    }
    let (body, left_out) = match (model.route, abilities.claude, model.maker) {
        (Route::Invoke, Some(claude), _) => {
            let named = features(headers);
            let written = invoke::claude::write(&request, claude, overrides, &named).map_err(told)?;
            (written.body, written.dropped)
        }
        (Route::Converse, _, _) | (Route::Invoke, _, Maker::Nova) => {
            let mut named = features(headers);
            named.extend(anthropic::betas::of(&request, false).into_iter().map(str::to_owned));
            let written = converse::body::write(&request, &abilities, &overrides, &named).map_err(told)?;
            (written.body, written.dropped)
        }
        (Route::Invoke, None, _) => {
            let reason = format!(
                "The format of `{}` is not spoken. Call it by Converse: `bedrock/converse/{}`.",
                target.model, model.id
            );
            return Err(TransformError::Unsayable { reason });
        }
    };
    dropped.extend(left_out.into_iter().map(Cow::Borrowed));
    Ok(body)
}

/// The features of Claude that a header names: Bedrock reads them in the body.
fn features(headers: &mut HeaderMap) -> Vec<String> {
    let named = headers.remove(BETA);
    betas::listed(named.as_ref()).map(str::to_owned).collect()
}
