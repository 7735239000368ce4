//! Where Bedrock is called.

use super::model::{BedrockModel, Route};
use crate::config::{DeploymentParams, Environment};
use std::fmt::Write;

/// The region where nobody says one. LiteLLM's.
const REGION_UNSAID: &str = "us-west-2";

/// The region of a deployment: its own setting, else its model's, else the environment's.
pub fn region(params: &DeploymentParams, model: &str, environment: &Environment) -> String {
    let variables = ["AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION"];
    let said = params.account.aws_region_name.as_deref().or_else(|| BedrockModel::of(model).region);
    let said = said.or_else(|| variables.iter().find_map(|name| environment.text(name)));
    said.unwrap_or(REGION_UNSAID).to_owned()
}

/// Where the region's models are called, if the deployment does not say.
pub fn base(params: &DeploymentParams, region: &str, environment: &Environment) -> String {
    let own = params.account.aws_bedrock_runtime_endpoint.as_deref();
    let own = own.or_else(|| environment.text("AWS_BEDROCK_RUNTIME_ENDPOINT")).filter(|base| !base.is_empty());
    own.map_or_else(|| format!("https://bedrock-runtime.{region}.{}", domain(region)), str::to_owned)
}

/// The provider that serves Bedrock's models in OpenAI's dialect, with a key of Bedrock's.
pub const MANTLE: &str = "bedrock_mantle";

/// Where that one is called in the deployment's region.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html>
pub fn mantle_base(params: &DeploymentParams, environment: &Environment) -> String {
    let said = params.account.aws_region_name.as_deref();
    let variables = ["BEDROCK_MANTLE_REGION", "AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION"];
    let said = said.or_else(|| variables.iter().find_map(|name| environment.text(name)));
    format!("https://bedrock-mantle.{}.api.aws/v1", said.unwrap_or("us-east-1"))
}

/// The domain of AWS in a region.
pub fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

/// The address of one operation on a model.
pub(super) fn endpoint(base: &str, model: &BedrockModel<'_>, stream: bool) -> String {
    let operation = match (model.route, stream) {
        (Route::Converse, false) => "converse",
        (Route::Converse, true) => "converse-stream",
        (Route::Invoke, false) => "invoke",
        (Route::Invoke, true) => "invoke-with-response-stream",
    };
    format!("{}/model/{}/{operation}", base.trim_end_matches('/'), encoded(model))
}

/// Where documents are ranked: another service, with one address for all models.
pub(super) fn rerank_endpoint(base: &str) -> String {
    let base = base.trim_end_matches('/').replacen("://bedrock-runtime", "://bedrock-agent-runtime", 1);
    format!("{base}/rerank")
}

/// The id as one step of a path. Signatures hold either way; what is sent is what LiteLLM sends, which rules of proxies
/// and of virtual endpoints may be written for.
fn encoded(model: &BedrockModel<'_>) -> String {
    let keeps_colon = model.route == Route::Invoke && !model.id.starts_with("arn:") && !is_embedding(model);
    model.id.bytes().fold(String::with_capacity(model.id.len() + 8), |mut path, byte| {
        let is_plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if is_plain || (keeps_colon && byte == b':') {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
        path
    })
}

fn is_embedding(model: &BedrockModel<'_>) -> bool {
    use super::model::Maker::{CohereEmbeddings, TitanEmbeddings};
    matches!(model.maker, TitanEmbeddings { .. } | CohereEmbeddings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AccountParams;

    fn deployment(region: Option<&str>) -> DeploymentParams {
        let account = AccountParams { aws_region_name: region.map(str::to_owned), ..AccountParams::default() };
        DeploymentParams { account, ..DeploymentParams::default() }
    }

    #[test]
    fn a_deployments_region_wins_over_its_models_and_that_over_the_environments() {
        let environment = Environment::from_pairs([("AWS_REGION", "eu-north-1")]);
        let of = |params: &DeploymentParams, model: &str| region(params, model, &environment);
        assert_eq!(of(&deployment(Some("us-east-1")), "eu-west-1/anthropic.claude"), "us-east-1");
        assert_eq!(of(&deployment(None), "eu-west-1/anthropic.claude"), "eu-west-1");
        assert_eq!(of(&deployment(None), "anthropic.claude"), "eu-north-1");
        assert_eq!(region(&deployment(None), "anthropic.claude", &Environment::default()), REGION_UNSAID);
    }

    #[test]
    fn each_operation_has_its_address() {
        let at = |model: &str, stream| endpoint("http://b.test/", &BedrockModel::of(model), stream);
        assert_eq!(at("a.b:0", true), "http://b.test/model/a.b%3A0/converse-stream");
        assert_eq!(at("invoke/a.b:0", false), "http://b.test/model/a.b:0/invoke");
        assert_eq!(at("invoke/arn:x/y", true), "http://b.test/model/arn%3Ax%2Fy/invoke-with-response-stream");
        assert_eq!(
            at("amazon.titan-embed-text-v2:0", false),
            "http://b.test/model/amazon.titan-embed-text-v2%3A0/invoke"
        );
        let region = "https://bedrock-runtime.us-east-1.amazonaws.com";
        assert_eq!(rerank_endpoint(region), "https://bedrock-agent-runtime.us-east-1.amazonaws.com/rerank");
        let china = base(&deployment(None), "cn-north-1", &Environment::default());
        assert_eq!(china, "https://bedrock-runtime.cn-north-1.amazonaws.com.cn");
    }
}
