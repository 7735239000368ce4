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
    /// Each setting that is said, with its name.
    pub fn said(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("tenant_id", self.tenant_id.as_deref()),
            ("client_id", self.client_id.as_deref()),
            ("client_secret", self.client_secret.as_ref().map(Secret::expose)),
            ("azure_scope", self.azure_scope.as_deref()),
            ("vertex_project", self.vertex_project.as_deref()),
            ("vertex_location", self.vertex_location.as_deref()),
            ("vertex_credentials", self.vertex_credentials.as_ref().map(Secret::expose)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}
