//! Why a process does not start. Each text names the setting at fault and what to do.

use super::sealing_error::SealingError;
use crate::aws::error::AwsError;
use crate::aws::object::{InvalidLocation, ObjectError};
use crate::config::{ConfigError, NotABool};
use crate::routing::BuildError;
use crate::secrets::SecretError;
use crate::store::dynamo::CreateError;
#[cfg(feature = "embedded")]
use crate::store::embedded::OpenError;
use crate::store::table::ReadError;
use crate::tls::policy::PolicyError;
use crate::upstream::proxies::ProxyError;
use std::path::PathBuf;

/// Why a process does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration file cannot be read.
    #[error("the configuration file `{}` cannot be read", path.display())]
    ConfigFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
    /// The configuration object cannot be fetched.
    #[error("the configuration `{location}` cannot be fetched")]
    ConfigObject {
        /// Where it should be.
        location: String,
        /// Why not.
        #[source]
        cause: ObjectError,
    },
    /// The configuration object's address is none.
    #[error(transparent)]
    ConfigLocation(#[from] InvalidLocation),
    /// The configuration is wrong. Every problem is told with its line.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What `--model` names cannot be called.
    #[error("`--model {model}` cannot be called: {reason}")]
    Model {
        /// The model.
        model: String,
        /// Why not.
        reason: String,
    },
    /// A secret that the configuration names cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The secret manager cannot be used as it is set up.
    #[error("general_settings.key_management_system: {0}")]
    Manager(String),
    /// A secret is neither the manager's to give nor the environment's.
    #[error("`{name}` could not be read from the secret manager, and the environment has none either")]
    NoSecret {
        /// The variable.
        name: String,
        /// Why the manager gave none.
        #[source]
        cause: SecretError,
    },
    /// The keys that values at rest are sealed with are wrong.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// AWS cannot be reached.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// A deployment cannot be called.
    #[error(transparent)]
    Deployment(#[from] BuildError),
    /// The store's name is none.
    #[error("`{0}` names no store: write `memory`, a file's path or `dynamodb://TABLE`")]
    NoSuchStore(String),
    /// A function needs a store that outlives it.
    #[error("`POSTERN_STORE` must be `dynamodb://TABLE` for a function")]
    FunctionNeedsTable,
    /// A function has no master key.
    #[error(
        "no master key is set: set `LITELLM_MASTER_KEY` (it may be `aws_secret/NAME#field`) or \
         `general_settings.master_key`"
    )]
    NoMasterKey,
    /// The embedded store's file cannot be opened.
    #[cfg(feature = "embedded")]
    #[error(transparent)]
    Embedded(#[from] OpenError),
    /// The cache's namespace has other characters than a key may have.
    #[error("`cache_params.namespace` `{0}` cannot be used: take letters, digits and `-_.:/@`")]
    CacheNamespace(String),
    /// A function has no disk to keep answers on.
    #[cfg(not(feature = "embedded"))]
    #[error("`cache_params.type: disk` is for `postern`; a function keeps answers with `dynamodb`, `s3` or `redis`")]
    CacheWithoutDisk,
    /// This binary was built without Redis.
    #[cfg(not(feature = "redis"))]
    #[error("`cache_params.type: redis` needs a build with the feature `redis`; or take `dynamodb`, `s3` or `local`")]
    CacheWithoutRedis,
    /// The Redis that answers are kept in cannot be one.
    #[cfg(feature = "redis")]
    #[error(transparent)]
    CacheRedis(#[from] crate::cache::in_redis::NotARedis),
    /// The certificates of that Redis cannot be read.
    #[cfg(feature = "redis")]
    #[error("the file of `cache_params.ssl_ca_certs`, `{}`, cannot be read", path.display())]
    CacheCertificates {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
    /// The folder of the store's file cannot be made.
    #[error("the folder `{}` for the store's file cannot be made", path.display())]
    StoreFolder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
    /// The table cannot be made or is another's.
    #[error(transparent)]
    Table(#[from] CreateError),
    /// A setting about TLS towards providers cannot be followed.
    #[error(transparent)]
    Tls(#[from] PolicyError),
    /// The same, of one deployment.
    #[error("model `{model_name}` (line {line}): {cause}")]
    DeploymentTls {
        /// The entry's public name.
        model_name: String,
        /// Where it stands in the configuration; 0 where it does not.
        line: usize,
        /// What is wrong.
        cause: PolicyError,
    },
    /// The same, of one guardrail.
    #[error("guardrail `{name}` (line {line}): {cause}")]
    GuardrailTls {
        /// Its name.
        name: String,
        /// Where it stands in the configuration.
        line: usize,
        /// What is wrong.
        cause: PolicyError,
    },
    /// A path of the operator's own cannot be where it is to be.
    #[error("general_settings.pass_through_endpoints: `{path}`{}: {problem}", on_line(*.line))]
    PassThrough {
        /// The path.
        path: String,
        /// Where it stands in the configuration; 0 where it does not.
        line: usize,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// An object with certificates or a key cannot be fetched.
    #[error("the certificate file `{location}` cannot be fetched")]
    CertificateObject {
        /// Where it should be.
        location: String,
        /// Why not.
        #[source]
        cause: ObjectError,
    },
    /// The models in the table cannot be read.
    #[error("the stored models cannot be read")]
    StoredModels {
        /// Why not.
        #[source]
        cause: ReadError,
    },
    /// The settings in the table cannot be used.
    #[error(
        "the settings in the table (POST /config/update) cannot be used with this version and file; mend the file, or \
         start without them: `general_settings.store_model_in_db: false`"
    )]
    StoredSettings(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A variable that says yes or no says something else.
    #[error(transparent)]
    Flag(#[from] NotABool),
    /// Tokens cannot be checked as it is set up.
    #[error("general_settings.{setting}: {problem}")]
    Tokens {
        /// The setting that asks for tokens.
        setting: &'static str,
        /// What is missing or wrong.
        problem: String,
    },
    /// Nobody can sign in as it is set up.
    #[error("single sign-on: {setting} {problem}")]
    SignIn {
        /// The setting or variable at fault.
        setting: &'static str,
        /// What is missing or wrong.
        problem: String,
    },
    /// A variable names a proxy that cannot be used.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
}

fn on_line(line: usize) -> String {
    if line == 0 { String::new() } else { format!(" (line {line})") }
}
