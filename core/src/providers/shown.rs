//! What a deployment's upstream is shown: a key, a token, or an account that shows itself when a request is sent.

use super::catalog::Provider;
use super::identity::{AwsAccount, EntraApp, GoogleAccount, IbmKey, Identity};
use super::sagemaker;
use crate::config::{DeploymentParams, Environment};
use crate::secret::Secret;

/// What the upstream is shown.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) api_key: Option<Secret>,
    pub(super) identity: Option<Identity>,
    /// The key is a token that somebody fetched.
    pub(super) is_token: bool,
}

/// The key of a deployment, else the one that the environment holds for its provider.
pub(super) fn shown(params: &DeploymentParams, environment: &Environment, provider: &Provider) -> Shown {
    let api_key = params.api_key.clone().or_else(|| provider.key(environment));
    Shown { api_key, identity: None, is_token: false }
}

/// A key is the strongest wish, then a token, then an application; the deployment's own before the environment's, where
/// either may stand for everything else that runs there.
pub(super) fn shown_to_azure(params: &DeploymentParams, environment: &Environment, provider: &Provider) -> Shown {
    let key = |key| Shown { api_key: Some(key), identity: None, is_token: false };
    let token = |token| Shown { api_key: Some(token), identity: None, is_token: true };
    let app = |app| Shown { api_key: None, identity: Some(Identity::Entra(app)), is_token: true };
    let own = params.api_key.clone().map(key).or_else(|| params.azure_ad_token.clone().map(token));
    let own = own.or_else(|| EntraApp::of(&params.account, &Environment::default()).map(app));
    own.or_else(|| provider.key(environment).map(key))
        .or_else(|| environment.secret("AZURE_AD_TOKEN").map(token))
        .or_else(|| EntraApp::of(&params.account, environment).map(app))
        .unwrap_or(Shown { api_key: None, identity: None, is_token: false })
}

/// A token that somebody fetched is the strongest wish, then a key that is exchanged for tokens.
pub(super) fn shown_to_ibm(params: &DeploymentParams, environment: &Environment, provider: &Provider) -> Shown {
    let token = |token| Shown { api_key: Some(token), identity: None, is_token: true };
    let key =
        |key| Shown { api_key: None, identity: Some(Identity::Ibm(IbmKey::new(key, environment))), is_token: false };
    let own = params.account.token.clone().map(token).or_else(|| params.api_key.clone().map(key));
    own.or_else(|| environment.secret("WATSONX_TOKEN").map(token))
        .or_else(|| provider.key(environment).map(key))
        .unwrap_or(Shown { api_key: None, identity: None, is_token: false })
}

/// An account, never a key.
pub(super) fn shown_to_google(params: &DeploymentParams, environment: &Environment) -> Shown {
    let account = GoogleAccount::of(&params.account, environment);
    Shown { api_key: None, identity: Some(Identity::Google(account)), is_token: false }
}

/// For which service of AWS requests to a provider are signed.
fn service(provider: &Provider) -> &'static str {
    if sagemaker::is(provider.name) { sagemaker::SERVICE } else { "bedrock" }
}

/// A key for Bedrock's API alone is shown as it is; else requests are signed. The deployment's own account wins over a key
/// that stands in the environment.
pub(super) fn shown_to_aws(
    params: &DeploymentParams,
    environment: &Environment,
    provider: &Provider,
    region: String,
) -> Shown {
    let has_account = AwsAccount::is_named(&params.account);
    let key = params.api_key.clone().or_else(|| provider.key(environment).filter(|_| !has_account));
    let identity =
        key.is_none().then(|| Identity::Aws(AwsAccount::of(&params.account, service(provider), region, environment)));
    Shown { api_key: key, identity, is_token: false }
}
