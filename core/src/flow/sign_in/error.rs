//! Why somebody is not signed in, here or at the provider.

use crate::auth::sign_in::command_line_store::LoginStoreError;
use crate::auth::sign_in::error::SignInError;
use crate::clock::NoEntropy;
use crate::crypto::SealError;
use crate::flow::admin::error::AdminError;
use crate::store::documents::DocumentError;
use crate::store::table::ReadError;

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInFailure {
    /// There is no provider.
    #[error(
        "no identity provider is set up: set `GOOGLE_CLIENT_ID`, `MICROSOFT_CLIENT_ID`, `GENERIC_CLIENT_ID` or \
         `general_settings.sso_providers`"
    )]
    NotSetUp,
    /// It is refused.
    #[error(transparent)]
    Refused(#[from] SignInError),
    /// The user or its key cannot be made.
    #[error("the user or its key cannot be made: {0}")]
    Admin(#[from] AdminError),
    /// A login of a command line cannot be noted.
    #[error("the login cannot be noted at the moment. Try again.")]
    Login(#[source] LoginStoreError),
    /// The key that is sealed with is not there.
    #[error("nobody can be signed in at the moment. Try again.")]
    Key(#[source] SealError),
    /// The store does not answer.
    #[error("nobody can be signed in at the moment. Try again.")]
    Store(#[source] DocumentError),
}

impl From<NoEntropy> for SignInFailure {
    fn from(error: NoEntropy) -> Self {
        Self::Refused(error.into())
    }
}

impl From<ReadError> for SignInFailure {
    fn from(error: ReadError) -> Self {
        Self::Store(error.into())
    }
}

impl From<LoginStoreError> for SignInFailure {
    fn from(error: LoginStoreError) -> Self {
        match error {
            LoginStoreError::Done => SignInError::CommandLine.into(),
            error => Self::Login(error),
        }
    }
}
