//! Sign-ins that a command line waits for, as LiteLLM's `lite login` does: it is given an id, a secret to poll with, and a
//! code that the person types into the page, so that nobody finishes a login that somebody else began. Nothing is stored
//! until the person has signed in: the id itself holds, sealed, what the secret and the code must be.

use super::attempt::{ATTEMPT_MILLIS, random_text};
use super::error::SignInError;
use crate::clock::{NoEntropy, Random, Timestamp};
use crate::crypto::{CipherKey, key_hash};
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

/// What every id begins with.
const PREFIX: &str = "cli-";
/// Bytes of a hash that are kept.
const HASH_BYTES: usize = 16;
/// Characters of a code, without those that look alike: 32 of them, so that five bits of chance choose one evenly.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Characters of a code.
const CODE_CHARACTERS: usize = 8;
/// What is sealed is nothing else.
const LOGIN: &[u8] = b"postern sign-in of a command line";
const CONFIRMATION: &str = "postern sign-in confirmation ";

/// A login as the command line gets it.
#[derive(Debug)]
pub struct Begun {
    /// Its id.
    pub login_id: String,
    /// What it polls with.
    pub poll_secret: Secret,
    /// What it shows.
    pub user_code: String,
}

/// A login, by its id.
#[derive(Debug)]
pub struct Login {
    /// When it is over.
    pub ends: Timestamp,
    id: String,
    secret: [u8; HASH_BYTES],
    code: [u8; HASH_BYTES],
}

/// Begins one.
///
/// # Errors
/// [`NoEntropy`].
pub fn begin(key: &CipherKey, random: &dyn Random, now: Timestamp) -> Result<Begun, NoEntropy> {
    let poll_secret = Secret::new(random_text(random)?);
    let mut chance = [0; CODE_CHARACTERS];
    random.fill(&mut chance)?;
    let letters = chance.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 31)));
    let mut user_code: String = letters.map(|letter| char::from(*letter)).collect();
    user_code.insert(CODE_CHARACTERS / 2, '-');
    let mut plain = Vec::with_capacity(2 * HASH_BYTES + 8);
    plain.extend_from_slice(&hash(poll_secret.expose()));
    plain.extend_from_slice(&hash(&typed(&user_code)));
    plain.extend_from_slice(&now.plus_millis(ATTEMPT_MILLIS).millis().to_be_bytes());
    let login_id = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(key.seal(&plain, LOGIN, random)?));
    Ok(Begun { login_id, poll_secret, user_code })
}

impl Login {
    /// The login of this id.
    ///
    /// # Errors
    /// [`SignInError::CommandLine`], [`SignInError::OldCommandLine`].
    pub fn open(id: &str, key: &CipherKey, now: Timestamp) -> Result<Self, SignInError> {
        if id.starts_with(key_hash::KEY_PREFIX) {
            return Err(SignInError::OldCommandLine);
        }
        let sealed = id.strip_prefix(PREFIX).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let plain = sealed.and_then(|sealed| key.open(&sealed, LOGIN)).ok_or(SignInError::CommandLine)?;
        let parts = plain.split_first_chunk().and_then(|(secret, rest)| Some((secret, rest.split_first_chunk()?)));
        let (secret, (code, rest)) = parts.ok_or(SignInError::CommandLine)?;
        let ends = <[u8; 8]>::try_from(rest).map_err(|_| SignInError::CommandLine)?;
        let ends = Timestamp::from_millis(i64::from_be_bytes(ends));
        if ends <= now {
            return Err(SignInError::CommandLine);
        }
        Ok(Self { ends, id: id.to_owned(), secret: *secret, code: *code })
    }

    /// That whoever polls has begun it.
    ///
    /// # Errors
    /// [`SignInError::PollSecret`].
    pub fn check_secret(&self, presented: Option<&str>) -> Result<(), SignInError> {
        let is_own = presented.is_some_and(|secret| hash(secret).ct_eq(&self.secret).into());
        if is_own { Ok(()) } else { Err(SignInError::PollSecret) }
    }

    /// That a person has typed the code of the command line.
    ///
    /// # Errors
    /// [`SignInError::UserCode`].
    pub fn check_code(&self, code: &str) -> Result<(), SignInError> {
        let is_own = hash(&typed(code)).ct_eq(&self.code).into();
        if is_own { Ok(()) } else { Err(SignInError::UserCode) }
    }

    /// What the page that asks for the code gives back with it: that this user has signed in.
    ///
    /// # Errors
    /// [`NoEntropy`].
    pub fn confirmation(&self, user: &str, key: &CipherKey, random: &dyn Random) -> Result<String, NoEntropy> {
        Ok(URL_SAFE_NO_PAD.encode(key.seal(user.as_bytes(), self.bound().as_bytes(), random)?))
    }

    /// The user of such a confirmation.
    ///
    /// # Errors
    /// [`SignInError::UserCode`].
    pub fn confirmed(&self, confirmation: &str, key: &CipherKey) -> Result<String, SignInError> {
        let sealed = URL_SAFE_NO_PAD.decode(confirmation).ok();
        let user = sealed.and_then(|sealed| key.open(&sealed, self.bound().as_bytes()));
        user.and_then(|user| String::from_utf8(user.to_vec()).ok()).ok_or(SignInError::UserCode)
    }

    /// By what the store knows it: nobody can make the id of that.
    pub fn stored_as(&self) -> String {
        key_hash::hash(&self.id).to_string()
    }

    fn bound(&self) -> String {
        format!("{CONFIRMATION}{}", self.id)
    }
}

/// A code as people type it: in any case, with or without its hyphen.
fn typed(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

fn hash(text: &str) -> [u8; HASH_BYTES] {
    let mut short = [0; HASH_BYTES];
    short.iter_mut().zip(key_hash::digest(text)).for_each(|(slot, byte)| *slot = byte);
    short
}
