//! Certificates and keys that a setting names: a file, an object that was fetched, or the text itself.

use crate::config::tls::OBJECT;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How a block of PEM begins.
const PEM: &str = "-----BEGIN ";

/// The texts of objects (`s3://BUCKET/KEY`) that settings name, fetched at start.
pub type Objects = BTreeMap<String, Secret>;

/// A certificate or key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the certificate file `{name}` (from `{setting}`) cannot be used: {problem}")]
pub struct MaterialError {
    /// The path, the address, or what else it is called.
    pub name: String,
    /// Which setting or variable names it.
    pub setting: String,
    /// What is wrong with it.
    pub problem: String,
}

/// Where certificates or a key are read.
#[derive(Clone, Debug)]
pub struct Material {
    name: String,
    setting: String,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    File(PathBuf),
    Text(Secret),
}

impl Material {
    /// What a setting's text means.
    ///
    /// # Errors
    /// [`MaterialError`]: an object that was not fetched.
    pub fn of(text: &str, setting: &str, objects: &Objects) -> Result<Self, MaterialError> {
        let (name, place) = if text.contains(PEM) {
            ("(the text itself)".to_owned(), Place::Text(Secret::new(text)))
        } else if text.starts_with(OBJECT) {
            let object = objects.get(text).ok_or_else(|| MaterialError {
                name: text.to_owned(),
                setting: setting.to_owned(),
                problem: "it was not fetched".to_owned(),
            })?;
            (text.to_owned(), Place::Text(object.clone()))
        } else {
            (text.to_owned(), Place::File(PathBuf::from(text)))
        };
        Ok(Self { name, setting: setting.to_owned(), place })
    }

    /// How it is called in front of operators.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Text(_) => None,
        }
    }

    /// The same setting's other file.
    pub(super) fn beside(&self, extension: &str) -> Option<Self> {
        let path = self.file()?.with_extension(extension);
        let exists = path != self.file()? && path.is_file();
        exists.then(|| Self {
            name: path.display().to_string(),
            setting: self.setting.clone(),
            place: Place::File(path),
        })
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`MaterialError`]: the file cannot be read.
    pub(super) fn read(&self) -> Result<Secret, MaterialError> {
        match &self.place {
            Place::File(path) => {
                std::fs::read_to_string(path).map(Secret::new).map_err(|error| self.refused(error.to_string()))
            }
            Place::Text(text) => Ok(text.clone()),
        }
    }

    pub(super) fn refused(&self, problem: impl Into<String>) -> MaterialError {
        MaterialError { name: self.name.clone(), setting: self.setting.clone(), problem: problem.into() }
    }
}

/// Two are the same where they hold the same, whoever names them.
impl PartialEq for Material {
    fn eq(&self, other: &Self) -> bool {
        match (&self.place, &other.place) {
            (Place::File(one), Place::File(other)) => one == other,
            (Place::Text(one), Place::Text(other)) => one.expose() == other.expose(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_names_a_file_an_object_or_is_the_text() {
        let objects = Objects::from([("s3://b/ca.pem".to_owned(), Secret::new("-----BEGIN CERTIFICATE-----"))]);
        let of = |text| Material::of(text, "SSL_VERIFY", &objects);
        assert_eq!(of("/etc/ca.pem").unwrap().file(), Some(Path::new("/etc/ca.pem")));
        assert_eq!(of("s3://b/ca.pem").unwrap().name(), "s3://b/ca.pem");
        let text = of("-----BEGIN CERTIFICATE-----").unwrap();
        assert_eq!(text, of("s3://b/ca.pem").unwrap());
        assert!(!text.name().contains("BEGIN") && !format!("{text:?}").contains("BEGIN"));
        let missing = of("s3://b/other.pem").unwrap_err().to_string();
        assert!(missing.contains("`s3://b/other.pem` (from `SSL_VERIFY`)"), "{missing}");
    }
}
