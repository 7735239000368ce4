//! What the rest of the house seals and opens with. One form and key write; every form and key that the operator names
//! reads, so that keys change without a day on which everything must change.

use super::cipher::CipherKey;
use super::data_keys::DataKeys;
use super::envelope::{self, Envelope, PREFIX};
use super::error::SealError;
use super::key_name::System;
use super::key_wrapper::KeyWrapper;
use super::litellm_value::{self, Algorithm};
use super::place::Place;
use super::resealed::{Judged, Work};
use crate::clock::Random;
use crate::secret::Secret;
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Seals and opens values. Cheap to clone.
#[derive(Clone)]
pub struct Sealer(Arc<Parts>);

struct Parts {
    /// The first seals, where `writes` says so.
    wrapped: Vec<DataKeys>,
    /// Keys of LiteLLM's forms; the first seals, where `writes` says so.
    shared: Vec<CipherKey>,
    writes: Writes,
    random: Arc<dyn Random>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Writes {
    Envelope,
    LiteLlm(Algorithm),
    Nothing,
}

/// An opened value.
#[derive(Debug)]
pub struct Opened {
    /// The value.
    pub secret: Secret,
    /// Whether it is sealed as it would be now; else maintenance seals it anew.
    pub is_current: bool,
}

/// Collects the keys of a [`Sealer`].
#[derive(Default)]
pub struct Keyring {
    wrappers: Vec<Arc<dyn KeyWrapper>>,
    shared: Vec<CipherKey>,
    litellm: Option<Algorithm>,
}

impl Keyring {
    /// One more wrapper of data keys. The first seals.
    pub fn wrapper(mut self, wrapper: Arc<dyn KeyWrapper>) -> Self {
        self.wrappers.push(wrapper);
        self
    }

    /// One more key of LiteLLM's forms: the text that LiteLLM was told. The first seals, where no wrapper does.
    pub fn salt(mut self, text: &Secret) -> Self {
        self.shared.push(CipherKey::of_text(text.expose()));
        self
    }

    /// Values are sealed in this form of LiteLLM's although there is a wrapper.
    pub fn sealing_as_litellm(mut self, algorithm: Algorithm) -> Self {
        self.litellm = Some(algorithm);
        self
    }

    /// The sealer of these keys. `algorithm` is the form of LiteLLM's where there is no wrapper.
    pub fn sealer(self, algorithm: Algorithm, random: Arc<dyn Random>) -> Sealer {
        let writes = match (self.litellm, self.wrappers.is_empty(), self.shared.is_empty()) {
            (Some(_), _, false) | (None, true, false) => Writes::LiteLlm(self.litellm.unwrap_or(algorithm)),
            (_, false, _) => Writes::Envelope,
            (_, true, true) => Writes::Nothing,
        };
        let wrapped = self.wrappers.into_iter().map(DataKeys::new).collect();
        Sealer(Arc::new(Parts { wrapped, shared: self.shared, writes, random }))
    }
}

impl Sealer {
    /// Whether anything can be sealed.
    pub fn can_seal(&self) -> bool {
        self.0.writes != Writes::Nothing
    }

    /// Chance, for ciphers of others.
    pub fn random(&self) -> &dyn Random {
        self.0.random.as_ref()
    }

    /// Seals a text for its place.
    ///
    /// # Errors
    /// [`SealError::NoKey`], [`SealError::Unavailable`] and the like: nothing was sealed.
    pub async fn seal(&self, place: &Place<'_>, secret: &Secret) -> Result<String, SealError> {
        let Parts { wrapped, shared, writes, random } = self.0.as_ref();
        match (writes, wrapped.first(), shared.first()) {
            (Writes::Envelope, Some(keys), _) => {
                let key = keys.current().await?;
                let parts = (&key.name, key.wrapped.as_slice(), &key.key);
                Ok(envelope::seal(parts, place, secret.expose().as_bytes(), random.as_ref())?)
            }
            (Writes::LiteLlm(algorithm), _, Some(key)) => {
                Ok(litellm_value::seal(key, *algorithm, secret.expose(), random.as_ref())?)
            }
            _ => Err(SealError::NoKey),
        }
    }

    /// Opens a value of a place, in whichever form it is sealed.
    ///
    /// # Errors
    /// [`SealError`]: the value stays closed.
    pub async fn open(&self, place: &Place<'_>, value: &str) -> Result<Opened, SealError> {
        if value.starts_with(PREFIX) { self.open_envelope(place, value).await } else { self.open_litellm(place, value) }
    }

    /// How a value stands, and where it is to be sealed anew, as what.
    ///
    /// # Errors
    /// As [`Sealer::open`] and [`Sealer::seal`].
    pub async fn judged(&self, place: &Place<'_>, value: &str, work: Work) -> Result<Judged, SealError> {
        let opened = self.open(place, value).await?;
        match (opened.is_current, work) {
            (true, _) => Ok(Judged::Current),
            (false, Work::Count) => Ok(Judged::Old),
            (false, Work::Seal) => self.seal(place, &opened.secret).await.map(Judged::Anew),
        }
    }

    /// The value as it would be sealed now; `None` where it is sealed so already.
    ///
    /// # Errors
    /// As [`Sealer::open`] and [`Sealer::seal`].
    pub async fn rewrapped(&self, place: &Place<'_>, value: &str) -> Result<Option<String>, SealError> {
        match self.judged(place, value, Work::Seal).await? {
            Judged::Anew(value) => Ok(Some(value)),
            Judged::Current | Judged::Old => Ok(None),
        }
    }

    async fn open_envelope(&self, place: &Place<'_>, value: &str) -> Result<Opened, SealError> {
        let sealed = Envelope::read(value).ok_or_else(|| SealError::NotSealed(place.name()))?;
        let unknown = || SealError::UnknownKey { place: place.name(), key: sealed.key.clone() };
        let keys = self.keys_of(sealed.key.system).ok_or_else(unknown)?;
        let key = keys.opened(&sealed.key, &sealed.wrapped).await?.ok_or_else(unknown)?;
        let plain = sealed.open(&key, place).ok_or_else(|| SealError::Tampered(place.name()))?;
        let writer = self.0.wrapped.first().filter(|_| self.0.writes == Writes::Envelope);
        let current = writer.map(|keys| keys.wrapper().current()).transpose()?;
        Ok(Opened { secret: text(plain, place)?, is_current: current.as_ref() == Some(&sealed.key) })
    }

    fn open_litellm(&self, place: &Place<'_>, value: &str) -> Result<Opened, SealError> {
        let algorithm = litellm_value::algorithm_of(value);
        if algorithm.is_none() && !value.is_empty() {
            return Err(SealError::NotSealed(place.name()));
        }
        let opened =
            self.0.shared.iter().enumerate().find_map(|(at, key)| Some((at, litellm_value::open(key, value)?)));
        let (at, plain) = opened.ok_or_else(|| SealError::WrongKey(place.name()))?;
        let is_current = at == 0 && algorithm.is_some_and(|algorithm| self.0.writes == Writes::LiteLlm(algorithm));
        Ok(Opened { secret: text(plain, place)?, is_current })
    }

    fn keys_of(&self, system: System) -> Option<&DataKeys> {
        self.0.wrapped.iter().find(|keys| keys.wrapper().system() == system)
    }
}

/// Which keys there are is nobody's business in a log.
impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("can_seal", &self.can_seal()).finish_non_exhaustive()
    }
}

fn text(plain: Zeroizing<Vec<u8>>, place: &Place<'_>) -> Result<Secret, SealError> {
    std::str::from_utf8(&plain).map(Secret::new).map_err(|_| SealError::Tampered(place.name()))
}

#[cfg(test)]
mod tests;
