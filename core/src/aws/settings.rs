//! What the environment says about AWS, by the names that every AWS SDK knows. Reads, decides nothing else.

use crate::secret::Secret;
use std::path::PathBuf;

/// Region used where none is named but an endpoint is: emulators do not care.
const REGION_OF_EMULATORS: &str = "us-east-1";

/// Looks an environment variable up. Empty values count as missing.
pub type Lookup<'a> = &'a (dyn Fn(&str) -> Option<String> + Send + Sync);

/// The services that may have an endpoint of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// `AWS_ENDPOINT_URL_DYNAMODB`.
    DynamoDb,
    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER`.
    SecretsManager,
    /// `AWS_ENDPOINT_URL_KMS`.
    Kms,
    /// `AWS_ENDPOINT_URL_S3`.
    S3,
    /// `AWS_ENDPOINT_URL_LAMBDA`.
    Lambda,
}

/// Credentials given by name, as Lambda gives them to a function.
#[derive(Clone, Debug)]
pub struct StaticCredentials {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Secret,
    /// `AWS_SESSION_TOKEN`: set for every role.
    pub session_token: Option<Secret>,
}

/// Addresses to call instead of AWS's own: emulators and private endpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    every: Option<String>,
    dynamodb: Option<String>,
    secrets_manager: Option<String>,
    kms: Option<String>,
    s3: Option<String>,
    lambda: Option<String>,
}

impl Endpoints {
    /// The address set for a service: its own before the common one; `None`: AWS's own.
    pub fn of(&self, service: Service) -> Option<&str> {
        let own = match service {
            Service::DynamoDb => &self.dynamodb,
            Service::SecretsManager => &self.secrets_manager,
            Service::Kms => &self.kms,
            Service::S3 => &self.s3,
            Service::Lambda => &self.lambda,
        };
        own.as_deref().or(self.every.as_deref())
    }

    /// Whether any address is set that is reached by TLS, so that roots other than Amazon's are needed. Lambda is called
    /// by the client of the upstreams, which has its own.
    pub(super) fn any_https(&self) -> bool {
        [&self.every, &self.dynamodb, &self.secrets_manager, &self.kms, &self.s3]
            .into_iter()
            .flatten()
            .any(|url| url.starts_with("https://"))
    }

    fn any(&self) -> bool {
        *self != Self::default()
    }
}

/// What the environment says about AWS.
#[derive(Clone, Debug)]
pub struct AwsSettings {
    /// `AWS_REGION`, else `AWS_DEFAULT_REGION`; an emulator's where only an endpoint is set.
    pub region: Option<String>,
    /// Credentials by name; `None`: the profile, container or instance has them.
    pub credentials: Option<StaticCredentials>,
    /// Addresses in place of AWS's own.
    pub endpoints: Endpoints,
    /// `AWS_USE_FIPS_ENDPOINT`.
    pub use_fips: bool,
    /// `AWS_USE_DUALSTACK_ENDPOINT`.
    pub use_dual_stack: bool,
    /// `AWS_CA_BUNDLE`, else `SSL_CERT_FILE`: a PEM file to trust in place of the compiled-in roots.
    pub ca_file: Option<PathBuf>,
}

impl AwsSettings {
    /// Reads the variables.
    pub fn read(lookup: Lookup<'_>) -> Self {
        let get = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let endpoints = endpoints(&get);
        let region = get("AWS_REGION")
            .or_else(|| get("AWS_DEFAULT_REGION"))
            .or_else(|| endpoints.any().then(|| REGION_OF_EMULATORS.to_owned()));
        Self {
            region,
            credentials: credentials(&get),
            endpoints,
            use_fips: is_true(get("AWS_USE_FIPS_ENDPOINT")),
            use_dual_stack: is_true(get("AWS_USE_DUALSTACK_ENDPOINT")),
            ca_file: get("AWS_CA_BUNDLE").or_else(|| get("SSL_CERT_FILE")).map(PathBuf::from),
        }
    }
}

fn endpoints(get: &dyn Fn(&str) -> Option<String>) -> Endpoints {
    if is_true(get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) {
        return Endpoints::default();
    }
    Endpoints {
        every: get("AWS_ENDPOINT_URL"),
        dynamodb: get("AWS_ENDPOINT_URL_DYNAMODB"),
        secrets_manager: get("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
        kms: get("AWS_ENDPOINT_URL_KMS"),
        s3: get("AWS_ENDPOINT_URL_S3"),
        lambda: get("AWS_ENDPOINT_URL_LAMBDA"),
    }
}

fn credentials(get: &dyn Fn(&str) -> Option<String>) -> Option<StaticCredentials> {
    Some(StaticCredentials {
        access_key_id: get("AWS_ACCESS_KEY_ID")?,
        secret_access_key: Secret::new(get("AWS_SECRET_ACCESS_KEY")?),
        session_token: get("AWS_SESSION_TOKEN").map(Secret::new),
    })
}

fn is_true(value: Option<String>) -> bool {
    value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> AwsSettings {
        let variables: Vec<(String, String)> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        AwsSettings::read(&move |name| {
            variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        })
    }

    #[test]
    fn a_service_s_own_endpoint_goes_before_the_common_one() {
        let settings = read(&[("AWS_ENDPOINT_URL", "http://all"), ("AWS_ENDPOINT_URL_DYNAMODB", "http://table")]);
        assert_eq!(settings.endpoints.of(Service::DynamoDb), Some("http://table"));
        assert_eq!(settings.endpoints.of(Service::SecretsManager), Some("http://all"));
    }

    #[test]
    fn endpoints_can_be_switched_off_as_the_sdks_allow() {
        let settings = read(&[("AWS_ENDPOINT_URL", "http://all"), ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")]);
        assert_eq!(settings.endpoints.of(Service::S3), None);
        assert_eq!(settings.region, None);
    }

    #[test]
    fn the_region_comes_from_either_name_and_an_emulator_needs_none() {
        assert_eq!(read(&[("AWS_REGION", "a"), ("AWS_DEFAULT_REGION", "b")]).region.as_deref(), Some("a"));
        assert_eq!(read(&[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "b")]).region.as_deref(), Some("b"));
        assert_eq!(read(&[("AWS_ENDPOINT_URL_KMS", "http://kms")]).region.as_deref(), Some("us-east-1"));
        assert_eq!(read(&[]).region, None);
    }

    #[test]
    fn half_a_pair_of_credentials_is_none() {
        assert!(read(&[("AWS_ACCESS_KEY_ID", "id")]).credentials.is_none());
        let whole = read(&[("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_SESSION_TOKEN", "t")]);
        let credentials = whole.credentials.expect("a whole pair");
        assert_eq!(credentials.session_token.as_ref().map(Secret::expose), Some("t"));
        assert!(!format!("{credentials:?}").contains("\"s\""));
    }
}
