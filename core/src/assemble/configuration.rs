//! Finds the configuration, reads its files, and fetches the secrets it names.

use super::aws::AwsOnDemand;
use super::error::StartError;
use super::managers::{self, Means};
use super::secrets::Secrets;
use super::transports;
use crate::config::stored::StoredSettings;
use crate::config::tls::TlsParams;
use crate::config::{
    Config, Document, Environment, Loaded, ModelEntry, Resolved, Sources, resolve_environment, text_of,
};
use crate::error_text::error_text;
use crate::providers::resolve::check_deployment;
use crate::providers::zero_config;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// A configuration that was found: its text, or the models that stand for one.
#[derive(Clone)]
pub struct Found {
    document: Document,
    made: Option<Arc<Made>>,
    environment: Environment,
    aws: AwsOnDemand,
}

/// Makes models of what stands in the environment.
type Made = dyn Fn(&Environment) -> Result<Vec<ModelEntry>, StartError> + Send + Sync;

/// Finds the configuration, and reads its text.
///
/// # Errors
/// [`StartError`] where there is none, or its text cannot be read.
pub async fn find(source: &ConfigSource, environment: &Environment, aws: &AwsOnDemand) -> Result<Found, StartError> {
    let (document, made): (_, Option<Arc<Made>>) = match source {
        ConfigSource::File(path) => (read_files(path)?, None),
        ConfigSource::Object(location) => (read_objects(location, aws).await?, None),
        ConfigSource::Model { model, api_base } => {
            let (model, api_base) = (model.clone(), api_base.clone());
            let made = move |environment: &Environment| {
                zero_config::for_model(&model, api_base.as_deref(), environment)
                    .map_err(|error| StartError::Model { model: model.clone(), reason: error.to_string() })
            };
            (Document::empty(), Some(Arc::new(made)))
        }
        ConfigSource::Nothing => {
            let made = |environment: &Environment| Ok(zero_config::without_file(environment));
            (Document::empty(), Some(Arc::new(made)))
        }
    };
    Ok(Found { document, made, environment: environment.clone(), aws: aws.clone() })
}

impl Found {
    /// Makes sense of it, and gives with it where its secrets come from.
    ///
    /// # Errors
    /// [`StartError`] with everything that is wrong.
    pub async fn load(&self) -> Result<(Loaded, Secrets), StartError> {
        self.load_with(&StoredSettings::default()).await
    }

    /// The same, with settings of the table where it has none.
    ///
    /// # Errors
    /// As [`Found::load`].
    pub(super) async fn load_with(&self, stored: &StoredSettings) -> Result<(Loaded, Secrets), StartError> {
        let document = self.document.with_stored(stored);
        let secrets = match &self.made {
            None => of_document(document, &self.environment, &self.aws).await?,
            Some(made) => of_environment(document, &self.environment, &self.aws, Arc::clone(made)),
        };
        Ok((secrets.first().await?, secrets))
    }

    /// What the file itself says.
    pub(super) fn settings(&self) -> StoredSettings {
        self.document.settings()
    }
}

async fn of_document(document: Document, environment: &Environment, aws: &AwsOnDemand) -> Result<Secrets, StartError> {
    let (named, leading) = document.key_management(environment)?;
    let transport = |own: &TlsParams| transports::of_managers(&leading, own);
    let means = Means { environment: &leading, aws, transport: &transport };
    let manager = match &named {
        Some(named) => Some(managers::open(named, &means).await?),
        None => None,
    };
    let document = Arc::new(document);
    let (read, asked) = (Arc::clone(&document), Arc::clone(&document));
    let secrets = Secrets::new(
        environment,
        aws,
        Box::new(move |environment| asked.references(environment)),
        Box::new(move |environment, resolved| {
            let sources = Sources { environment, resolved, provider_check: &check_deployment };
            Ok(filled(Config::from_document(&read, sources)?))
        }),
    );
    Ok(match (manager, named) {
        (Some(manager), Some(named)) => secrets.managed_by(manager, named, &document),
        _ => secrets,
    })
}

/// A configuration without a file: everything stands in the environment, or in the table.
fn of_environment(document: Document, environment: &Environment, aws: &AwsOnDemand, made: Arc<Made>) -> Secrets {
    let asked = document.clone();
    let read = move |environment: &Environment, resolved: &Resolved| {
        let models = made(&resolve_environment(environment, resolved).0)?;
        let sources = Sources { environment, resolved, provider_check: &check_deployment };
        Ok(filled(Config::from_environment(&document, models, sources)?))
    };
    Secrets::new(environment, aws, Box::new(move |environment| asked.references(environment)), Box::new(read))
}

fn filled(mut loaded: Loaded) -> Loaded {
    loaded.config.general.fill_master_key(&loaded.environment);
    loaded
}

fn read_files(path: &Path) -> Result<Document, StartError> {
    let bytes = std::fs::read(path).map_err(|cause| StartError::ConfigFile { path: path.to_owned(), cause })?;
    let name = path.to_string_lossy();
    let mut document = Document::parse(&name, &text_of(&name, bytes)?)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    while let Some(name) = document.next_include() {
        let bytes = std::fs::read(folder.join(&name))
            .map_err(|cause| document.not_included(&format!("`{name}` cannot be read: {cause}")))?;
        document.include(&name, &text_of(&name, bytes)?)?;
    }
    Ok(document)
}

async fn read_objects(location: &str, aws: &AwsOnDemand) -> Result<Document, StartError> {
    let mut document = Document::parse(location, &aws.object(location).await?)?;
    let folder = location.rsplit_once('/').map_or(location, |(folder, _)| folder);
    while let Some(name) = document.next_include() {
        let text = aws.object(&format!("{folder}/{name}")).await.map_err(|error| match error {
            StartError::ConfigObject { cause, .. } => {
                document.not_included(&format!("`{name}` cannot be fetched: {}", error_text(&cause))).into()
            }
            other => other,
        })?;
        document.include(&name, &text)?;
    }
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &[u8])]) -> Result<Document, String> {
        let folder = tempfile::tempdir().unwrap();
        files.iter().for_each(|(name, bytes)| std::fs::write(folder.path().join(name), bytes).unwrap());
        let shown = format!("{}/", folder.path().display());
        read_files(&folder.path().join("c.yaml")).map_err(|error| error.to_string().replace(&shown, ""))
    }

    #[test]
    fn an_included_file_that_cannot_be_read_is_told_where_it_is_asked_for() {
        let main: (&str, &[u8]) = ("c.yaml", b"model_list: []\ninclude:\n  - a.yaml\n  - b.yaml\n");
        assert!(read(&[main, ("a.yaml", b"{}"), ("b.yaml", b"{}")]).is_ok());
        let error = read(&[main, ("a.yaml", b"{}")]).unwrap_err();
        assert!(error.starts_with("c.yaml:4: include: `b.yaml` cannot be read: No such file"), "{error}");
        let error = read(&[main, ("a.yaml", b"include: deep.yaml"), ("b.yaml", b"{}")]).unwrap_err();
        assert!(error.starts_with("a.yaml:1: include: `deep.yaml` cannot be read: "), "{error}");
    }

    #[test]
    fn a_file_that_is_not_utf_8_is_told_with_its_line() {
        assert_eq!(read(&[("c.yaml", b"a: 1\nb: \xff\n")]).unwrap_err(), "c.yaml:2: is not UTF-8 here");
        let included: [(&str, &[u8]); 2] = [("c.yaml", b"include: a.yaml"), ("a.yaml", b"\n\n# caf\xe9")];
        assert_eq!(read(&included).unwrap_err(), "a.yaml:3: is not UTF-8 here");
    }
}
