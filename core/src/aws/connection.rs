//! One connection to AWS for the whole process: what every service client is made from.

use super::error::AwsError;
use super::http_client;
use super::settings::{AwsSettings, Endpoints, Lookup, Service};
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::profile::region::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::TlsContext;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use std::sync::{Arc, OnceLock};

/// Region, credentials, endpoints and HTTP client. Cheap to clone; the connections are shared.
#[derive(Clone, Debug)]
pub struct AwsConnection {
    sdk: SdkConfig,
    endpoints: Arc<Endpoints>,
    tls: TlsContext,
    connector: Arc<OnceLock<Connector>>,
}

impl AwsConnection {
    /// Sets up from the environment. Calls nothing where `AWS_REGION` and credentials are in it, as they are in a
    /// function; otherwise profile files are read, and the container or instance is asked for credentials when the
    /// first call needs them.
    ///
    /// # Errors
    /// [`AwsError`] names the variable to set.
    pub async fn from_environment(lookup: Lookup<'_>) -> Result<Self, AwsError> {
        let settings = AwsSettings::read(lookup);
        let tls = http_client::tls_context(&settings)?;
        let http = http_client::shared_client(&tls);
        let region = match settings.region.clone() {
            Some(region) => Region::new(region),
            None => Box::pin(region_of_profile()).await.ok_or(AwsError::NoRegion)?,
        };
        let credentials = match &settings.credentials {
            Some(known) => SharedCredentialsProvider::new(Credentials::new(
                known.access_key_id.clone(),
                known.secret_access_key.expose(),
                known.session_token.as_ref().map(|token| token.expose().to_owned()),
                None,
                "environment",
            )),
            None => Box::pin(credentials_of_machine(&region, &http)).await,
        };
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(region)
            .credentials_provider(credentials)
            .http_client(http)
            .use_fips(settings.use_fips)
            .use_dual_stack(settings.use_dual_stack)
            .build();
        Ok(Self { sdk, endpoints: Arc::new(settings.endpoints), tls, connector: Arc::new(OnceLock::new()) })
    }

    /// What a service client is made from, with the service's endpoint set where there is one.
    pub fn sdk_config(&self, service: Service) -> SdkConfig {
        match self.endpoints.of(service) {
            Some(url) => self.sdk.to_builder().endpoint_url(url).build(),
            None => self.sdk.clone(),
        }
    }

    /// The address set in place of AWS's own.
    pub fn endpoint(&self, service: Service) -> Option<&str> {
        self.endpoints.of(service)
    }

    /// The region's name.
    pub fn region(&self) -> &str {
        self.sdk.region().map(Region::as_ref).unwrap_or_default()
    }

    /// Credentials as they are now.
    ///
    /// # Errors
    /// [`AwsError::NoCredentials`].
    pub(super) async fn credentials(&self) -> Result<Credentials, AwsError> {
        let provider = self.sdk.credentials_provider().ok_or_else(|| AwsError::NoCredentials("no provider".into()))?;
        provider.provide_credentials().await.map_err(|error| AwsError::NoCredentials(error.into()))
    }

    /// The connector for requests that no service client makes; made when first asked for.
    pub(super) fn connector(&self) -> &Connector {
        self.connector.get_or_init(|| http_client::connector(&self.tls))
    }
}

async fn region_of_profile() -> Option<Region> {
    use aws_config::meta::region::ProvideRegion;
    ProfileFileRegionProvider::new().region().await
}

/// Profile, web identity, container and instance, in the SDK's order. Nothing is asked before the first call.
pub(super) async fn credentials_of_machine(region: &Region, http: &SharedHttpClient) -> SharedCredentialsProvider {
    let parts = ProviderConfig::without_region().with_region(Some(region.clone())).with_http_client(http.clone());
    SharedCredentialsProvider::new(DefaultCredentialsChain::builder().configure(parts).build().await)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<String> {
        match name {
            "AWS_REGION" => Some("eu-west-1".to_owned()),
            "AWS_ACCESS_KEY_ID" => Some("id".to_owned()),
            "AWS_SECRET_ACCESS_KEY" => Some("verysecret".to_owned()),
            "AWS_ENDPOINT_URL_DYNAMODB" => Some("http://127.0.0.1:1".to_owned()),
            _ => None,
        }
    }

    #[tokio::test]
    async fn a_function_s_environment_is_enough_and_no_secret_shows() {
        let connection = AwsConnection::from_environment(&lookup).await.expect("complete");
        assert_eq!(connection.region(), "eu-west-1");
        assert_eq!(connection.sdk_config(Service::DynamoDb).endpoint_url(), Some("http://127.0.0.1:1"));
        assert_eq!(connection.sdk_config(Service::SecretsManager).endpoint_url(), None);
        assert_eq!(connection.credentials().await.expect("static").access_key_id(), "id");
        assert!(!format!("{connection:?}").contains("verysecret"));
    }

    #[tokio::test]
    async fn a_bad_certificate_file_stops_the_start() {
        let with_file = |name: &str| {
            if name == "AWS_CA_BUNDLE" { Some("/nowhere/ca.pem".to_owned()) } else { lookup(name) }
        };
        let error = AwsConnection::from_environment(&with_file).await.expect_err("no such file");
        assert!(matches!(error, AwsError::CaFile { .. }), "{error:?}");
    }
}
