//! Where an endpoint is called.

use crate::providers::bedrock::address::domain;
use crate::providers::target::Target;

/// The service that requests are signed for.
pub const SERVICE: &str = "sagemaker";

/// Whether a provider is SageMaker.
pub fn is(provider: &str) -> bool {
    matches!(provider, "sagemaker" | "sagemaker_chat")
}

/// Where the region's endpoints are called, if the deployment does not say.
pub fn base(region: &str) -> String {
    format!("https://runtime.sagemaker.{region}.{}", domain(region))
}

/// The address of the deployment's endpoint.
pub(super) fn endpoint(target: &Target, stream: bool) -> String {
    let operation = if stream { "invocations-response-stream" } else { "invocations" };
    format!("{}/endpoints/{}/{operation}", target.api_base.trim_end_matches('/'), target.model)
}
