//! Secrets in a file of this machine: a JSON object of names and texts; or a folder with a file for each, as Docker and
//! Kubernetes mount secrets. Read anew at each fetch, so that a changed file counts.

use super::source::{SecretError, SecretKeeper, SecretSource, field_of};
use crate::secret::Secret;
use async_trait::async_trait;
use serde_json::{Map, Value};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Reads and writes the secrets of a path.
#[derive(Debug)]
pub struct SecretFile {
    path: PathBuf,
    /// One writer at a time: each writes all of the file.
    writing: tokio::sync::Mutex<()>,
}

impl SecretFile {
    /// The secrets at `path`. Reads nothing yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), writing: tokio::sync::Mutex::default() }
    }

    fn read(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        if self.path.is_dir() {
            let text = there(std::fs::read_to_string(self.inside(name)?)).map_err(|error| self.told(name, error))?;
            return Ok(text.map(|text| Secret::new(text.trim_end_matches(['\n', '\r']))));
        }
        let whole = Secret::new(std::fs::read_to_string(&self.path).map_err(|error| self.told(name, error))?);
        match field_of(&whole, &self.path.to_string_lossy(), name) {
            Ok(secret) => Ok(Some(secret)),
            Err(SecretError::NoField { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The file of one secret. A name that leads out of the folder is none.
    fn inside(&self, name: &str) -> Result<PathBuf, SecretError> {
        let steps = name.split('/');
        if name.is_empty() || steps.into_iter().any(|step| matches!(step, "" | "." | "..")) {
            let reason = "it leads out of the folder of secrets";
            return Err(SecretError::Name { name: name.to_owned(), reason });
        }
        Ok(self.path.join(name))
    }

    fn change(&self, name: &str, value: Option<&Secret>) -> Result<(), SecretError> {
        let told = |error| self.told(name, error);
        if self.path.is_dir() {
            let file = self.inside(name)?;
            return match value {
                Some(value) => replace(&file, value.expose().as_bytes()).map_err(told),
                None => there(std::fs::remove_file(file)).map(drop).map_err(told),
            };
        }
        let text = Secret::new(there(std::fs::read_to_string(&self.path)).map_err(told)?.unwrap_or_default());
        let mut all: Map<String, Value> = match text.expose() {
            "" => Map::new(),
            text => serde_json::from_str(text).map_err(|_| SecretError::NotAnObject {
                name: self.path.to_string_lossy().into_owned(),
                field: name.to_owned(),
            })?,
        };
        match value {
            Some(value) => drop(all.insert(name.to_owned(), value.expose().into())),
            None => drop(all.remove(name)),
        }
        replace(&self.path, Value::Object(all).to_string().as_bytes()).map_err(told)
    }

    fn told(&self, name: &str, error: io::Error) -> SecretError {
        let name = name.to_owned();
        match error.kind() {
            ErrorKind::PermissionDenied => {
                let advice = format!("`{}` must be readable for the user that this runs as", self.path.display());
                SecretError::Denied { name, advice, cause: error.into() }
            }
            _ => SecretError::Unavailable { name, cause: format!("{}: {error}", self.path.display()).into() },
        }
    }
}

/// What is not there is no error.
fn there<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// Writes a file beside and puts it in the place of the other, so that nobody reads half of one; for its owner alone.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("new");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(beside, path)
}

#[async_trait]
impl SecretSource for SecretFile {
    async fn fetch(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        self.read(name)
    }
}

#[async_trait]
impl SecretKeeper for SecretFile {
    async fn write(&self, name: &str, value: &Secret) -> Result<(), SecretError> {
        let _one = self.writing.lock().await;
        self.change(name, Some(value))
    }

    async fn delete(&self, name: &str) -> Result<(), SecretError> {
        let _one = self.writing.lock().await;
        self.change(name, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(secrets: &SecretFile, name: &str) -> Option<String> {
        secrets.fetch(name).await.unwrap().map(|secret| secret.expose().to_owned())
    }

    #[tokio::test]
    async fn a_file_is_read_anew_and_written_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.json");
        std::fs::write(&path, r#"{"A": "sk-a", "N": 7}"#).unwrap();
        let secrets = SecretFile::new(&path);
        assert_eq!(
            (text(&secrets, "A").await.as_deref(), text(&secrets, "N").await.as_deref()),
            (Some("sk-a"), Some("7"))
        );
        assert_eq!(text(&secrets, "B").await, None);
        secrets.write("litellm/b", &Secret::new("sk-b")).await.unwrap();
        assert_eq!(text(&secrets, "litellm/b").await.as_deref(), Some("sk-b"));
        secrets.delete("A").await.unwrap();
        assert_eq!(text(&secrets, "A").await, None);
    }

    #[tokio::test]
    async fn a_folder_has_a_file_for_each_and_no_name_leads_out_of_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("A"), "sk-a\n").unwrap();
        let secrets = SecretFile::new(folder.path());
        assert_eq!(text(&secrets, "A").await.as_deref(), Some("sk-a"));
        secrets.write("litellm/b", &Secret::new("sk-b")).await.unwrap();
        assert_eq!(text(&secrets, "litellm/b").await.as_deref(), Some("sk-b"));
        secrets.delete("litellm/b").await.unwrap();
        assert_eq!(text(&secrets, "litellm/b").await, None);
        for name in ["../A", "/etc/hostname", "a/../../b", ""] {
            assert!(matches!(secrets.fetch(name).await, Err(SecretError::Name { .. })), "{name}");
        }
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_used_says_so_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.json");
        let gone = SecretFile::new(&path).fetch("A").await.unwrap_err();
        assert!(gone.passes(), "{gone}");
        std::fs::write(&path, "sk-secret").unwrap();
        let error = SecretFile::new(&path).fetch("A").await.unwrap_err();
        assert!(!format!("{error:?} {error}").contains("sk-secret"), "{error:?}");
    }
}
