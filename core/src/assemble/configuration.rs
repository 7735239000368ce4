//! Finds the configuration, reads its files, and fetches the secrets it names.

use super::aws::AwsOnDemand;
use super::error::StartError;
use super::transports;
use crate::config::{
    Config, Document, Environment, Loaded, Resolved, Sources, environment_references, resolve_environment,
};
use crate::providers::resolve::check_deployment;
use crate::providers::zero_config;
use crate::tls::material::Objects;
use std::path::{Path, PathBuf};

/// Where the configuration comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigSource {
    /// A file; what it includes lies beside it.
    File(PathBuf),
    /// An object, as `s3://BUCKET/KEY`; what it includes lies beside it.
    Object(String),
    /// One model, without a file.
    Model {
        /// The model, as `provider/model`.
        model: String,
        /// Where it is called, where not at the provider's own address.
        api_base: Option<String>,
    },
    /// Nothing: the demo model, and every provider whose key is in the environment.
    Nothing,
}

impl ConfigSource {
    /// A path or `s3://` address as the operator writes it.
    pub fn named(name: &str) -> Self {
        if name.starts_with("s3://") { Self::Object(name.to_owned()) } else { Self::File(PathBuf::from(name)) }
    }
}

/// Reads the configuration.
///
/// # Errors
/// [`StartError`] with everything that is wrong.
pub async fn load(source: &ConfigSource, environment: &Environment, aws: &AwsOnDemand) -> Result<Loaded, StartError> {
    let mut loaded = match source {
        ConfigSource::File(path) => from_document(read_files(path)?, environment, aws).await?,
        ConfigSource::Object(location) => from_document(read_objects(location, aws).await?, environment, aws).await?,
        ConfigSource::Model { model, api_base } => {
            let environment = with_secrets(environment, aws).await?;
            let config = zero_config::for_model(model, api_base.as_deref(), &environment)
                .map_err(|error| StartError::Model { model: model.clone(), reason: error.to_string() })?;
            Loaded { config, environment, objects: Objects::new(), warnings: Vec::new() }
        }
        ConfigSource::Nothing => {
            let environment = with_secrets(environment, aws).await?;
            let config = zero_config::without_file(&environment);
            Loaded { config, environment, objects: Objects::new(), warnings: Vec::new() }
        }
    };
    loaded.config.general.fill_master_key(&loaded.environment);
    loaded.objects = transports::objects(&loaded.config, &loaded.environment, aws).await?;
    Ok(loaded)
}

async fn from_document(document: Document, environment: &Environment, aws: &AwsOnDemand) -> Result<Loaded, StartError> {
    let resolved = aws.secrets(document.references(environment)).await?;
    let sources = Sources { environment, resolved: &resolved, provider_check: &check_deployment };
    Ok(Config::from_document(&document, sources)?)
}

/// The environment with the secrets that it names.
async fn with_secrets(environment: &Environment, aws: &AwsOnDemand) -> Result<Environment, StartError> {
    let resolved: Resolved = aws.secrets(environment_references(environment)).await?;
    let (environment, _) = resolve_environment(environment, &resolved);
    Ok(environment)
}

fn read_files(path: &Path) -> Result<Document, StartError> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|cause| StartError::ConfigFile { path: path.to_owned(), cause })
    };
    let mut document = Document::parse(&path.to_string_lossy(), &read(path)?)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    while let Some(name) = document.next_include() {
        let text = read(&folder.join(&name))?;
        document.include(&name, &text)?;
    }
    Ok(document)
}

async fn read_objects(location: &str, aws: &AwsOnDemand) -> Result<Document, StartError> {
    let mut document = Document::parse(location, &aws.object(location).await?)?;
    let folder = location.rsplit_once('/').map_or(location, |(folder, _)| folder);
    while let Some(name) = document.next_include() {
        let text = aws.object(&format!("{folder}/{name}")).await?;
        document.include(&name, &text)?;
    }
    Ok(document)
}
