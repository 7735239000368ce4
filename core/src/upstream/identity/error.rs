//! Why a request cannot show who calls.

use crate::upstream::transport::TransportError;

/// Why a request cannot show who calls.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The account's own provider refuses it: a setting of the deployment is wrong.
    #[error("the deployment's account is refused by {place} (status {status}): {reason}")]
    Refused {
        /// Who refuses.
        place: String,
        /// The status it answers with.
        status: u16,
        /// What it says; never a secret.
        reason: String,
    },
    /// A setting of the account cannot be used.
    #[error("the deployment's `{setting}` is not valid: {reason}")]
    Setting {
        /// Which setting.
        setting: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The account's provider cannot be reached, or gives something that is no token.
    #[error("no token could be fetched from {place}")]
    Unreachable {
        /// Who was asked.
        place: String,
        /// What went wrong.
        #[source]
        cause: TransportError,
    },
}
