//! Wrapping keys in a file on this machine, for `postern` without a key service. One key a line,
//! `ID:VERSION:BASE64 OF 32 BYTES`; the last line is the one that seals. To rotate, add a line: the file is read again
//! when it has changed.

use super::cipher::{CipherKey, KEY_BYTES};
use super::error::SealError;
use super::key_file_error::{FILE_BYTES_MAX, KeyFileError};
use super::key_name::{KeyName, System, is_key_id};
use super::key_wrapper::{KeyWrapper, WrappedKey};
use crate::clock::{NoEntropy, Random};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use zeroize::Zeroizing;

type Keys = Vec<(KeyName, CipherKey)>;

/// The keys of a file.
pub struct KeyFile {
    path: PathBuf,
    random: Arc<dyn Random>,
    read: Mutex<(Option<SystemTime>, Arc<Keys>)>,
}

impl KeyFile {
    /// Reads the file.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn open(path: &Path, random: Arc<dyn Random>) -> Result<Self, KeyFileError> {
        let read = Mutex::new((changed_at(path), Arc::new(keys_in(path)?)));
        Ok(Self { path: path.to_owned(), random, read })
    }

    /// A new line for a key file.
    ///
    /// # Errors
    /// [`NoEntropy`].
    pub fn new_line(id: &str, version: u32, random: &dyn Random) -> Result<Zeroizing<String>, NoEntropy> {
        let key = CipherKey::random(random)?;
        let text = Zeroizing::new(STANDARD.encode(key.bytes()));
        Ok(Zeroizing::new(format!("{id}:{version}:{}", text.as_str())))
    }

    /// The keys as of now. A file that is broken while the process runs leaves what was read before in force.
    fn keys(&self) -> Arc<Keys> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let at = changed_at(&self.path);
        if at != read.0 {
            match keys_in(&self.path) {
                Ok(keys) => *read = (at, Arc::new(keys)),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "the key file is not read again");
                    read.0 = at;
                }
            }
        }
        Arc::clone(&read.1)
    }

    fn last(&self) -> Result<(KeyName, CipherKey), KeyFileError> {
        self.keys().last().cloned().ok_or_else(|| KeyFileError::Empty(self.path.clone()))
    }
}

#[async_trait]
impl KeyWrapper for KeyFile {
    fn system(&self) -> System {
        System::File
    }

    fn current(&self) -> Result<KeyName, SealError> {
        Ok(self.last()?.0)
    }

    async fn new_key(&self) -> Result<WrappedKey, SealError> {
        let (name, wrapping) = self.last()?;
        let key = CipherKey::random(self.random.as_ref())?;
        let wrapped = wrapping.seal(key.bytes(), bound(&name).as_bytes(), self.random.as_ref())?;
        Ok(WrappedKey { name, key, wrapped })
    }

    async fn unwrap_key(&self, name: &KeyName, wrapped: &[u8]) -> Result<Option<CipherKey>, SealError> {
        let keys = self.keys();
        let Some((_, wrapping)) = keys.iter().find(|(known, _)| known == name) else { return Ok(None) };
        Ok(wrapping.open(wrapped, bound(name).as_bytes()).and_then(|bytes| CipherKey::from_bytes(&bytes)))
    }
}

fn bound(name: &KeyName) -> String {
    format!("postern data key:{}:{}", name.id, name.version)
}

fn changed_at(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|data| data.modified()).ok()
}

fn keys_in(path: &Path) -> Result<Keys, KeyFileError> {
    let unreadable = |cause| KeyFileError::Unreadable { path: path.to_owned(), cause };
    if std::fs::metadata(path).map_err(unreadable)?.len() > FILE_BYTES_MAX {
        return Err(KeyFileError::TooLarge(path.to_owned()));
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(unreadable)?);
    let mut keys = Keys::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = || KeyFileError::Line { path: path.to_owned(), line: index + 1 };
        let (name, key) = key_of(line).ok_or_else(wrong)?;
        if keys.iter().any(|(known, _)| *known == name) {
            return Err(KeyFileError::Twice { path: path.to_owned(), line: index + 1 });
        }
        keys.push((name, key));
    }
    if keys.is_empty() { Err(KeyFileError::Empty(path.to_owned())) } else { Ok(keys) }
}

fn key_of(line: &str) -> Option<(KeyName, CipherKey)> {
    let (id, rest) = line.split_once(':')?;
    let (version, key) = rest.split_once(':')?;
    let bytes = Zeroizing::new(STANDARD.decode(key).ok().filter(|bytes| bytes.len() == KEY_BYTES)?);
    let name = KeyName { system: System::File, id: id.to_owned(), version: version.parse().ok()? };
    is_key_id(id).then_some((name, CipherKey::from_bytes(&bytes)?))
}
