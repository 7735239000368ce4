//! What a browser keeps between going to the provider and coming back, so that no process has to remember it: sealed,
//! bound to the `state` that went along, and over after ten minutes.
//!
//! Wire formats: RFC 6749 section 10.12 (`state`), RFC 7636 (PKCE), OpenID Connect Core 1.0 section 3.1.2.1 (`nonce`).

use super::error::SignInError;
use crate::clock::{NoEntropy, Random, Timestamp};
use crate::config::sso::SsoKind;
use crate::crypto::CipherKey;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How long a sign-in may take, in milliseconds.
pub const ATTEMPT_MILLIS: i64 = 10 * 60 * 1000;
/// Random bytes of each value.
const RANDOM_BYTES: usize = 32;
/// Characters of the state in the cookie's name: one cookie for each sign-in under way.
const NAME_CHARACTERS: usize = 12;
/// What is sealed is nothing else.
const PURPOSE: &str = "postern sign-in attempt ";

/// One sign-in under way.
#[derive(Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What comes back from the provider with the answer.
    pub state: String,
    kept: Kept,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    provider: String,
    verifier: String,
    nonce: String,
    command_line: Option<String>,
    ends: i64,
}

impl Attempt {
    /// A new one, with this provider; `command_line` waits for it.
    ///
    /// # Errors
    /// [`NoEntropy`].
    pub fn new(
        provider: SsoKind,
        command_line: Option<&str>,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<Self, NoEntropy> {
        let kept = Kept {
            provider: provider.as_str().to_owned(),
            verifier: random_text(random)?,
            nonce: random_text(random)?,
            command_line: command_line.map(str::to_owned),
            ends: now.plus_millis(ATTEMPT_MILLIS).millis(),
        };
        Ok(Self { state: random_text(random)?, kept })
    }

    /// As the browser keeps it.
    ///
    /// # Errors
    /// [`NoEntropy`].
    pub fn sealed(&self, key: &CipherKey, random: &dyn Random) -> Result<String, NoEntropy> {
        // A struct of texts and numbers always serialises.
        let plain = serde_json::to_vec(&self.kept).unwrap_or_default();
        Ok(URL_SAFE_NO_PAD.encode(key.seal(&plain, bound(&self.state).as_bytes(), random)?))
    }

    /// The one that the browser kept, for the answer with this state.
    ///
    /// # Errors
    /// [`SignInError::Foreign`], [`SignInError::Late`].
    pub fn open(state: &str, sealed: &str, key: &CipherKey, now: Timestamp) -> Result<Self, SignInError> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| SignInError::Foreign)?;
        let plain = key.open(&sealed, bound(state).as_bytes()).ok_or(SignInError::Foreign)?;
        let kept: Kept = serde_json::from_slice(&plain).map_err(|_| SignInError::Foreign)?;
        if kept.ends <= now.millis() {
            return Err(SignInError::Late);
        }
        Ok(Self { state: state.to_owned(), kept })
    }

    /// The cookie in which the browser keeps the one with this state; `None`: there is no such state.
    pub fn cookie_name(state: &str) -> Option<String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let start = state.get(..NAME_CHARACTERS).filter(|start| start.chars().all(is_plain))?;
        Some(format!("postern_sso_{start}"))
    }

    /// With which provider.
    pub fn provider(&self) -> Option<SsoKind> {
        SsoKind::named(&self.kept.provider)
    }

    /// The sign-in of a command line that waits for it.
    pub fn command_line(&self) -> Option<&str> {
        self.kept.command_line.as_deref()
    }

    /// What the provider puts into the token.
    pub fn nonce(&self) -> &str {
        &self.kept.nonce
    }

    /// What shows that whoever brings the code has asked for it.
    pub fn verifier(&self) -> &str {
        &self.kept.verifier
    }

    /// What the provider is told of that beforehand: its SHA-256.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.kept.verifier.as_bytes()))
    }
}

fn bound(state: &str) -> String {
    format!("{PURPOSE}{state}")
}

/// A text that nobody can guess.
pub(super) fn random_text(random: &dyn Random) -> Result<String, NoEntropy> {
    let mut bytes = [0; RANDOM_BYTES];
    random.fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
