//! Opens the secret manager that the configuration names, with what the environment says of it.

use super::aws::AwsOnDemand;
use super::calls::OverTransport;
use super::error::StartError;
use crate::clock::{Clock, SystemClock};
use crate::config::tls::TlsParams;
use crate::config::{AccountParams, Environment, KeyManagement, KeyManagementSystem};
use crate::providers::identity::{EntraApp, GoogleAccount, Identity};
use crate::secrets::azure::{AsMachine, KEY_VAULT_SCOPE, MachineIdentity};
use crate::secrets::{
    AwsKms, AwsStatement, AzureKeyVault, Ciphertexts, GOOGLE_KMS, GOOGLE_SECRETS, GoogleKms, GoogleSecrets, Labels,
    Login, PrimarySecret, SecretFile, SecretKeeper, SecretSource, SecretsManager, Vault, VaultPlace, ciphertexts,
};
use crate::upstream::transport::Transport;
use std::sync::Arc;

/// A manager that is open: nothing of it has been called yet.
#[derive(Clone)]
pub(super) struct Manager {
    /// Where secrets are read; `None`: nowhere (`access_mode: write_only`).
    pub(super) source: Option<Arc<dyn SecretSource>>,
    /// Where virtual keys are stored.
    pub(super) keeper: Option<Arc<dyn SecretKeeper>>,
}

/// What a manager is opened with.
pub(super) struct Means<'a> {
    /// The variables that say where it is.
    pub(super) environment: &'a Environment,
    /// The way to AWS.
    pub(super) aws: &'a AwsOnDemand,
    /// The way to others.
    pub(super) transport: &'a OpensTransport<'a>,
}

/// Opens a way to a server under a policy of TLS.
pub(super) type OpensTransport<'a> = dyn Fn(&TlsParams) -> Result<Arc<dyn Transport>, StartError> + Send + Sync + 'a;

/// Opens a manager.
///
/// # Errors
/// [`StartError::Manager`] names the variable or setting that is missing.
pub(super) async fn open(named: &KeyManagement, means: &Means<'_>) -> Result<Manager, StartError> {
    let manager = match named.system {
        KeyManagementSystem::AwsSecretsManager => {
            let settings = &named.settings;
            let labels = Labels {
                description: settings.description.clone(),
                tags: settings.tags.clone(),
                kms_key_id: settings.kms_key_id.clone(),
            };
            let region = settings.aws_region_name.as_deref();
            both(SecretsManager::in_region(means.aws.connection().await?, region, labels))
        }
        KeyManagementSystem::AwsKms => {
            let hosted = named.settings.hosted_keys.as_deref().unwrap_or_default();
            let values = ciphertexts(means.environment.all(), hosted);
            let region = named.settings.aws_region_name.as_deref();
            read_only(Ciphertexts::new(AwsKms::new(means.aws.connection().await?, region), values))
        }
        KeyManagementSystem::Vault => both(vault(named, means)?),
        KeyManagementSystem::AzureKeyVault => both(azure(named, means)?),
        KeyManagementSystem::GoogleSecretManager => both(google(named, means)?),
        KeyManagementSystem::GoogleKms => read_only(google_kms(named, means)?),
        KeyManagementSystem::Local => match &named.settings.path {
            Some(path) => both(SecretFile::new(path)),
            None => Manager { source: None, keeper: None },
        },
    };
    let (reads, writes) = (named.settings.access_mode.reads(), named.settings.access_mode.writes());
    if named.settings.store_virtual_keys && !(writes && manager.keeper.is_some()) {
        let reason = if writes { "this manager stores nothing" } else { "`access_mode` must let it be written" };
        return Err(StartError::Manager(format!("`store_virtual_keys` cannot be: {reason}")));
    }
    let source = manager.source.filter(|_| reads).map(|source| match &named.settings.primary_secret_name {
        Some(name) => Arc::new(PrimarySecret::new(source, name)) as Arc<dyn SecretSource>,
        None => source,
    });
    Ok(Manager { source, keeper: manager.keeper.filter(|_| named.settings.store_virtual_keys) })
}

fn both<M: SecretSource + SecretKeeper + 'static>(manager: M) -> Manager {
    let manager = Arc::new(manager);
    Manager { source: Some(manager.clone()), keeper: Some(manager) }
}

fn read_only(source: impl SecretSource + 'static) -> Manager {
    Manager { source: Some(Arc::new(source)), keeper: None }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

fn needed<'e>(environment: &'e Environment, name: &str) -> Result<&'e str, StartError> {
    environment
        .text(name)
        .ok_or_else(|| StartError::Manager(format!("the secret manager cannot be reached: set {name}")))
}

fn vault(named: &KeyManagement, means: &Means<'_>) -> Result<Vault, StartError> {
    let said = |name| means.environment.text(name).map(str::to_owned);
    let or = |name, unsaid: &str| said(name).unwrap_or_else(|| unsaid.to_owned());
    let place = VaultPlace {
        address: said("HCP_VAULT_ADDR")
            .or_else(|| said("VAULT_ADDR"))
            .map_or_else(|| needed(means.environment, "HCP_VAULT_ADDR").map(str::to_owned), Ok)?,
        namespace: said("HCP_VAULT_NAMESPACE"),
        mount: or("HCP_VAULT_MOUNT_NAME", "secret"),
        prefix: said("HCP_VAULT_PATH_PREFIX"),
        description: named.settings.description.clone(),
    };
    let login = login(means)?;
    let own = match &login {
        Login::Certificate { .. } => TlsParams {
            ssl_certificate: means.environment.secret("HCP_VAULT_CLIENT_CERT"),
            ssl_key: means.environment.secret("HCP_VAULT_CLIENT_KEY"),
            ..TlsParams::default()
        },
        _ => TlsParams::default(),
    };
    Ok(Vault::new(place, login, OverTransport::plain((means.transport)(&own)?), clock()))
}

/// The strongest login that the environment names: a role, a certificate, an account of AWS, a token.
fn login(means: &Means<'_>) -> Result<Login, StartError> {
    let environment = means.environment;
    let said = |name| environment.text(name).map(str::to_owned);
    let or = |name, unsaid: &str| said(name).unwrap_or_else(|| unsaid.to_owned());
    if let Some(role_id) = environment.secret("HCP_VAULT_APPROLE_ROLE_ID") {
        let secret_id = environment.secret("HCP_VAULT_APPROLE_SECRET_ID");
        return Ok(Login::AppRole { mount: or("HCP_VAULT_APPROLE_MOUNT_PATH", "approle"), role_id, secret_id });
    }
    if said("HCP_VAULT_CLIENT_CERT").is_some() {
        let (mount, role) = (or("HCP_VAULT_CERT_MOUNT_PATH", "cert"), said("HCP_VAULT_CERT_ROLE"));
        return Ok(Login::Certificate { mount, role });
    }
    if said("HCP_VAULT_AWS_ROLE").is_some() || environment.flag("HCP_VAULT_AWS_IAM").ok().flatten() == Some(true) {
        let variables = environment.clone();
        let lookup = Box::new(move |name: &str| variables.text(name).map(str::to_owned));
        let statement = AwsStatement::new(lookup, said("HCP_VAULT_AWS_REGION"), said("HCP_VAULT_AWS_SERVER_ID"));
        let (mount, role) = (or("HCP_VAULT_AWS_MOUNT_PATH", "aws"), said("HCP_VAULT_AWS_ROLE"));
        return Ok(Login::Aws { mount, role, statement: Arc::new(statement) });
    }
    let token = environment.secret("HCP_VAULT_TOKEN").or_else(|| environment.secret("VAULT_TOKEN"));
    token.map(Login::Token).ok_or_else(|| {
        StartError::Manager(
            "Vault would not know who we are: set HCP_VAULT_APPROLE_ROLE_ID and HCP_VAULT_APPROLE_SECRET_ID, \
             HCP_VAULT_CLIENT_CERT, HCP_VAULT_AWS_ROLE, or HCP_VAULT_TOKEN"
                .to_owned(),
        )
    })
}

fn azure(named: &KeyManagement, means: &Means<'_>) -> Result<AzureKeyVault, StartError> {
    let environment = means.environment;
    let address = needed(environment, "AZURE_KEY_VAULT_URI")?;
    let said = |name| environment.text(name).map(str::to_owned);
    let transport = (means.transport)(&TlsParams::default())?;
    let app = EntraApp::of(&AccountParams::default(), environment);
    let calls = match app {
        Some(app) => {
            let app = EntraApp { scope: KEY_VAULT_SCOPE.to_owned(), ..app };
            OverTransport::shown(transport, Identity::Entra(app), clock())
        }
        None => {
            let identity = MachineIdentity {
                endpoint: said("IDENTITY_ENDPOINT"),
                header: environment.secret("IDENTITY_HEADER"),
                client_id: said("AZURE_CLIENT_ID"),
            };
            Arc::new(AsMachine::new(identity, OverTransport::plain(transport), clock()))
        }
    };
    Ok(AzureKeyVault::new(address, named.settings.tags.clone(), calls))
}

fn google(named: &KeyManagement, means: &Means<'_>) -> Result<GoogleSecrets, StartError> {
    let project = needed(means.environment, "GOOGLE_SECRET_MANAGER_PROJECT_ID")?;
    let address = means.environment.text("GOOGLE_SECRET_MANAGER_ENDPOINT").unwrap_or(GOOGLE_SECRETS);
    Ok(GoogleSecrets::new(address, project, named.settings.tags.clone(), google_calls(means)?))
}

fn google_calls(means: &Means<'_>) -> Result<Arc<dyn crate::secrets::Calls>, StartError> {
    let account = GoogleAccount::of(&AccountParams::default(), means.environment);
    Ok(OverTransport::shown((means.transport)(&TlsParams::default())?, Identity::Google(account), clock()))
}

fn google_kms(named: &KeyManagement, means: &Means<'_>) -> Result<Ciphertexts<GoogleKms>, StartError> {
    let key = needed(means.environment, "GOOGLE_KMS_RESOURCE_NAME")?;
    let address = means.environment.text("GOOGLE_KMS_ENDPOINT").unwrap_or(GOOGLE_KMS);
    let hosted = named.settings.hosted_keys.as_deref().ok_or_else(|| {
        StartError::Manager("`hosted_keys` must name the variables whose values are encrypted".to_owned())
    })?;
    let values = hosted.iter().filter_map(|name| Some((name.clone(), means.environment.text(name)?.to_owned())));
    Ok(Ciphertexts::new(GoogleKms::new(address, key, google_calls(means)?), values))
}

/// Variables that lead to a manager: it cannot be asked for them.
const LEADING: [&str; 8] = [
    "AWS_",
    "HCP_VAULT_",
    "VAULT_",
    "AZURE_KEY_VAULT_URI",
    "AZURE_CLIENT_",
    "AZURE_TENANT_ID",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_SECRET_MANAGER_",
];

/// Whether a manager can be asked for a variable.
pub(super) fn may_hold(name: &str) -> bool {
    !LEADING.iter().any(|leading| name.starts_with(leading))
}
