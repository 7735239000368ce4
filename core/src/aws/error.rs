//! What can be wrong with the way to AWS: each variant names what to set.

use std::error::Error;
use std::path::PathBuf;

/// What is wrong with the way to AWS. All are found at start.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// No variable and no profile names the region.
    #[error("no AWS region is set: set `AWS_REGION`")]
    NoRegion,
    /// The file of trusted authorities is of no use.
    #[error("the certificate file `{}` (from `AWS_CA_BUNDLE` or `SSL_CERT_FILE`) cannot be used: {problem}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// TLS could not be set up.
    #[error("TLS towards AWS could not be set up")]
    Tls(#[source] Box<dyn Error + Send + Sync>),
    /// Neither the environment, a profile nor the machine has credentials.
    #[error(
        "no AWS credentials were found: set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or give this machine a role"
    )]
    NoCredentials(#[source] Box<dyn Error + Send + Sync>),
}
