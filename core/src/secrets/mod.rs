//! Where credentials are kept: the seam [`SecretSource`], and the sources behind it. Gives secrets to whoever asks by
//! name; never logs, prints or stores one.
//!
//! A configuration names a secret as `aws_secret/NAME` or `aws_secret/NAME#field` ([`crate::secret_reference`]); [`resolve`] and
//! [`resolve_all`] give what it means.

mod cached;
mod fixed;
#[cfg(feature = "aws")]
mod manager;
mod source;

pub use cached::{CachedSecrets, SECRET_FRESH_MILLIS, SECRET_STALE_MILLIS_MAX};
pub use fixed::FixedSecrets;
#[cfg(feature = "aws")]
pub use manager::SecretsManager;
pub use source::{SecretError, SecretSource, resolve, resolve_all};
