//! Where credentials are kept: the seams [`SecretSource`] and [`SecretKeeper`], and the managers behind them, one a file.
//! Gives secrets to whoever asks by name; never logs, prints or stores one.
//!
//! A configuration names a secret as `aws_secret/NAME` or `aws_secret/NAME#field` ([`crate::secret_reference`]); [`resolve`] and
//! [`resolve_all`] give what it means. A manager that stands behind `os.environ/NAME` is a [`SecretSource`] too.
//! Managers that are reached by HTTP ask through [`Calls`].

#[cfg(feature = "aws")]
mod aws_kms;
pub mod azure;
mod call;
mod ciphertexts;
mod file;
mod fixed;
mod google;
mod google_kms;
#[cfg(feature = "aws")]
mod manager;
mod primary;
mod source;
mod vault;
#[cfg(feature = "aws")]
mod vault_aws;
mod vault_login;

#[cfg(feature = "aws")]
pub use aws_kms::{AwsKms, ciphertexts};
pub use azure::AzureKeyVault;
pub use call::{CallError, Calls};
pub use ciphertexts::{Ciphertexts, Decrypts};
pub use file::SecretFile;
pub use fixed::FixedSecrets;
pub use google::{GOOGLE_SECRETS, GoogleSecrets};
pub use google_kms::{GOOGLE_KMS, GoogleKms};
#[cfg(feature = "aws")]
pub use manager::{Labels, SecretsManager};
pub use primary::PrimarySecret;
pub use source::{SecretError, SecretKeeper, SecretSource, resolve, resolve_all};
pub use vault::{Vault, VaultPlace};
#[cfg(feature = "aws")]
pub use vault_aws::AwsStatement;
pub use vault_login::{Login, Statement};
