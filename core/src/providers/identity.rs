//! As whom an upstream knows us, where that is no fixed key: an account whose token is fetched and renewed, or a key that
//! each request is signed with. What is done with it needs network and time, and is `upstream::identity`'s.

use crate::config::{AccountParams, Environment};
use crate::secret::Secret;

/// Where Microsoft Entra gives tokens.
const ENTRA_AUTHORITY: &str = "https://login.microsoftonline.com";
/// What its tokens are good for where nobody says.
const AZURE_AI_SCOPE: &str = "https://cognitiveservices.azure.com/.default";
/// Where IBM Cloud gives tokens.
const IBM_TOKENS: &str = "https://iam.cloud.ibm.com/identity/token";

/// Under which name roles of AWS are taken on where nobody says.
const SESSION_NAME_UNSAID: &str = "postern";

/// An identity, by whose rules it is shown.
#[derive(Clone, Debug)]
pub enum Identity {
    /// An application in Microsoft Entra.
    Entra(EntraApp),
    /// The holder of a key of IBM Cloud.
    Ibm(IbmKey),
    /// An account of AWS, whose key each request is signed with.
    Aws(AwsAccount),
    /// An account on Google Cloud.
    Google(GoogleAccount),
}

/// An application in Microsoft Entra that shows a secret of its own.
#[derive(Clone, Debug)]
pub struct EntraApp {
    /// Where its tokens come from.
    pub token_address: String,
    /// Which application.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// What the token is good for.
    pub scope: String,
}

/// A key of IBM Cloud, which is exchanged for tokens.
#[derive(Clone, Debug)]
pub struct IbmKey {
    /// Where its tokens come from.
    pub token_address: String,
    /// The key.
    pub key: Secret,
}

/// An account of AWS. Who names no key is known by the machine that it runs on.
#[derive(Clone, Debug)]
pub struct AwsAccount {
    /// The service that is called, as AWS signs for it.
    pub service: &'static str,
    /// The region that is signed for.
    pub region: String,
    /// A key that stands in the configuration or the environment.
    pub key: Option<AwsKey>,
    /// The profile of AWS's own files.
    pub profile: Option<String>,
    /// The role that is taken on.
    pub role: Option<AwsRole>,
}

/// A key of AWS.
#[derive(Clone, Debug)]
pub struct AwsKey {
    /// Its id.
    pub id: String,
    /// The key itself.
    pub secret: Secret,
    /// What belongs to a key that lasts for a while only.
    pub session_token: Option<Secret>,
}

/// A role of AWS that is taken on.
#[derive(Clone, Debug)]
pub struct AwsRole {
    /// Its ARN.
    pub arn: String,
    /// Under which name.
    pub session_name: String,
    /// What its owner wants to be told.
    pub external_id: Option<Secret>,
    /// A token that is shown in place of a key, or the path of a file with one.
    pub web_identity_token: Option<Secret>,
    /// Where roles are taken on, in place of AWS's own address.
    pub sts_endpoint: Option<String>,
}

impl AwsAccount {
    /// Whether a deployment names an account of its own.
    pub fn is_named(said: &AccountParams) -> bool {
        said.aws_access_key_id.is_some() || said.aws_role_name.is_some() || said.aws_profile_name.is_some()
    }

    /// The account of a deployment. Its own settings count first, then the environment's.
    pub fn of(said: &AccountParams, service: &'static str, region: String, environment: &Environment) -> Self {
        let text = |name| environment.text(name).map(str::to_owned);
        let own = AwsKey::of(said.aws_access_key_id.clone(), &said.aws_secret_access_key, &said.aws_session_token);
        let profile = said.aws_profile_name.clone();
        let of_environment = || {
            let secret = environment.secret("AWS_SECRET_ACCESS_KEY");
            AwsKey::of(text("AWS_ACCESS_KEY_ID"), &secret, &environment.secret("AWS_SESSION_TOKEN"))
        };
        let key = own.or_else(|| if profile.is_none() { of_environment() } else { None });
        let role = said.aws_role_name.clone().map(|arn| AwsRole {
            arn,
            session_name: said.aws_session_name.clone().unwrap_or_else(|| SESSION_NAME_UNSAID.to_owned()),
            external_id: said.aws_external_id.clone(),
            web_identity_token: said.aws_web_identity_token.clone(),
            sts_endpoint: said.aws_sts_endpoint.clone().or_else(|| text("AWS_ENDPOINT_URL_STS")),
        });
        Self { service, region, key, profile, role }
    }
}

impl AwsKey {
    fn of(id: Option<String>, secret: &Option<Secret>, session_token: &Option<Secret>) -> Option<Self> {
        Some(Self { id: id?, secret: secret.clone()?, session_token: session_token.clone() })
    }
}

/// An account on Google Cloud.
#[derive(Clone, Debug)]
pub struct GoogleAccount {
    /// What it is known by.
    pub credentials: GoogleCredentials,
}

/// What an account on Google Cloud is known by.
#[derive(Clone, Debug)]
pub enum GoogleCredentials {
    /// The JSON of a service account's key, or of a person who signed in.
    Given(Secret),
    /// A file with such JSON.
    File(String),
    /// The machine that this runs on.
    Machine,
}

impl GoogleAccount {
    /// The account that a deployment or else the environment names; the machine's own where neither does.
    pub fn of(said: &AccountParams, environment: &Environment) -> Self {
        let names = ["VERTEXAI_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS"];
        let told = || names.iter().find_map(|name| environment.secret(name));
        let credentials = match said.vertex_credentials.clone().or_else(told) {
            Some(text) if text.expose().trim_start().starts_with('{') => GoogleCredentials::Given(text),
            Some(path) => GoogleCredentials::File(path.expose().to_owned()),
            None => GoogleCredentials::Machine,
        };
        Self { credentials }
    }
}

impl EntraApp {
    /// The application that a deployment or else the environment names in full.
    pub fn of(said: &AccountParams, environment: &Environment) -> Option<Self> {
        let text = |said: &Option<String>, name| said.clone().or_else(|| environment.text(name).map(str::to_owned));
        let tenant = text(&said.tenant_id, "AZURE_TENANT_ID")?;
        let authority = environment.text("AZURE_AUTHORITY_HOST").unwrap_or(ENTRA_AUTHORITY);
        let client_secret = said.client_secret.clone().or_else(|| environment.secret("AZURE_CLIENT_SECRET"))?;
        Some(Self {
            token_address: format!("{}/{tenant}/oauth2/v2.0/token", authority.trim_end_matches('/')),
            client_id: text(&said.client_id, "AZURE_CLIENT_ID")?,
            client_secret,
            scope: text(&said.azure_scope, "AZURE_SCOPE").unwrap_or_else(|| AZURE_AI_SCOPE.to_owned()),
        })
    }
}

impl IbmKey {
    /// The holder of `key`.
    pub fn new(key: Secret, environment: &Environment) -> Self {
        let token_address = environment.text("WATSONX_IAM_URL").unwrap_or(IBM_TOKENS).to_owned();
        Self { token_address, key }
    }
}
