//! What a deployment says of who it is to its upstream, beyond a key: accounts whose tokens are fetched, and keys that
//! requests are signed with. None of it is ever a body field.

use super::lenient;
use crate::secret::Secret;
use serde::Deserialize;

/// The settings of `litellm_params` that name an account of an upstream's operator.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AccountParams {
    /// The directory of a Microsoft Entra application.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub tenant_id: Option<String>,
    /// The Microsoft Entra application.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub client_id: Option<String>,
    /// The application's own secret.
    #[serde(deserialize_with = "lenient::secret")]
    pub client_secret: Option<Secret>,
    /// What the application's token is good for; Azure's AI services where unset.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub azure_scope: Option<String>,
    /// A token of IBM Cloud, in place of a key that is exchanged for tokens.
    #[serde(deserialize_with = "lenient::secret")]
    pub token: Option<Secret>,
    /// The region of Bedrock.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub aws_region_name: Option<String>,
    /// The id of the key that requests to AWS are signed with.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub aws_access_key_id: Option<String>,
    /// The key itself.
    #[serde(deserialize_with = "lenient::secret")]
    pub aws_secret_access_key: Option<Secret>,
    /// What belongs to a key that lasts for a while only.
    #[serde(deserialize_with = "lenient::secret")]
    pub aws_session_token: Option<Secret>,
    /// The role to take on: its ARN.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub aws_role_name: Option<String>,
    /// Under which name the role is taken on.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub aws_session_name: Option<String>,
    /// What the role's owner wants to be told.
    #[serde(deserialize_with = "lenient::secret")]
    pub aws_external_id: Option<Secret>,
    /// A token of somebody who may take the role on, in place of a key of AWS; or the file that holds it.
    #[serde(deserialize_with = "lenient::secret")]
    pub aws_web_identity_token: Option<Secret>,
    /// The profile of AWS's own files to use.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub aws_profile_name: Option<String>,
    /// Where roles are taken on, in place of AWS's own address.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub aws_sts_endpoint: Option<String>,
    /// Where Bedrock is called, in place of AWS's own address.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub aws_bedrock_runtime_endpoint: Option<String>,
    /// The project on Google Cloud.
    #[serde(alias = "vertex_ai_project", deserialize_with = "lenient::optional_text")]
    pub vertex_project: Option<String>,
    /// The region of Google Cloud, or `global`.
    #[serde(alias = "vertex_ai_location", deserialize_with = "lenient::optional_text")]
    pub vertex_location: Option<String>,
    /// The account on Google Cloud: the JSON of its key, or the path of a file with it.
    #[serde(alias = "vertex_ai_credentials", deserialize_with = "lenient::secret_document")]
    pub vertex_credentials: Option<Secret>,
}

impl AccountParams {
    /// Takes over what it does not say itself.
    pub(super) fn fill(&mut self, from: Self) {
        let texts = [
            (&mut self.tenant_id, from.tenant_id),
            (&mut self.client_id, from.client_id),
            (&mut self.azure_scope, from.azure_scope),
            (&mut self.aws_region_name, from.aws_region_name),
            (&mut self.aws_access_key_id, from.aws_access_key_id),
            (&mut self.aws_role_name, from.aws_role_name),
            (&mut self.aws_session_name, from.aws_session_name),
            (&mut self.aws_profile_name, from.aws_profile_name),
            (&mut self.aws_sts_endpoint, from.aws_sts_endpoint),
            (&mut self.aws_bedrock_runtime_endpoint, from.aws_bedrock_runtime_endpoint),
            (&mut self.vertex_project, from.vertex_project),
            (&mut self.vertex_location, from.vertex_location),
        ];
        texts.into_iter().for_each(|(own, given)| *own = own.take().or(given));
        let secrets = [
            (&mut self.client_secret, from.client_secret),
            (&mut self.token, from.token),
            (&mut self.aws_secret_access_key, from.aws_secret_access_key),
            (&mut self.aws_session_token, from.aws_session_token),
            (&mut self.aws_external_id, from.aws_external_id),
            (&mut self.aws_web_identity_token, from.aws_web_identity_token),
            (&mut self.vertex_credentials, from.vertex_credentials),
        ];
        secrets.into_iter().for_each(|(own, given)| *own = own.take().or(given));
    }

    /// Each setting that is said, with its name.
    pub fn said(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("tenant_id", self.tenant_id.as_deref()),
            ("client_id", self.client_id.as_deref()),
            ("client_secret", self.client_secret.as_ref().map(Secret::expose)),
            ("azure_scope", self.azure_scope.as_deref()),
            ("token", self.token.as_ref().map(Secret::expose)),
            ("aws_region_name", self.aws_region_name.as_deref()),
            ("aws_access_key_id", self.aws_access_key_id.as_deref()),
            ("aws_secret_access_key", self.aws_secret_access_key.as_ref().map(Secret::expose)),
            ("aws_session_token", self.aws_session_token.as_ref().map(Secret::expose)),
            ("aws_role_name", self.aws_role_name.as_deref()),
            ("aws_session_name", self.aws_session_name.as_deref()),
            ("aws_external_id", self.aws_external_id.as_ref().map(Secret::expose)),
            ("aws_web_identity_token", self.aws_web_identity_token.as_ref().map(Secret::expose)),
            ("aws_profile_name", self.aws_profile_name.as_deref()),
            ("aws_sts_endpoint", self.aws_sts_endpoint.as_deref()),
            ("aws_bedrock_runtime_endpoint", self.aws_bedrock_runtime_endpoint.as_deref()),
            ("vertex_project", self.vertex_project.as_deref()),
            ("vertex_location", self.vertex_location.as_deref()),
            ("vertex_credentials", self.vertex_credentials.as_ref().map(Secret::expose)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}
