//! AWS, where something asks for it: nothing is set up in a process that needs none.

use super::error::StartError;
use crate::aws::connection::AwsConnection;
use crate::aws::object::{ObjectLocation, fetch_object};
use crate::clock::SystemClock;
use crate::config::{Environment, Resolved, text_of};
use crate::secret_reference::SecretReference;
use crate::secrets::{SecretsManager, resolve_all};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The connection to AWS, made when it is first asked for.
#[derive(Clone)]
pub struct AwsOnDemand {
    environment: Environment,
    connection: Arc<OnceCell<AwsConnection>>,
}

impl AwsOnDemand {
    /// Will be set up from this environment.
    pub fn new(environment: Environment) -> Self {
        Self { environment, connection: Arc::default() }
    }

    /// The connection.
    ///
    /// # Errors
    /// [`StartError::Aws`].
    pub async fn connection(&self) -> Result<&AwsConnection, StartError> {
        let lookup = |name: &str| self.environment.text(name).map(str::to_owned);
        Ok(self.connection.get_or_try_init(|| AwsConnection::from_environment(&lookup)).await?)
    }

    /// What these references mean.
    ///
    /// # Errors
    /// [`StartError::Secret`] names the first secret that cannot be read.
    pub(super) async fn secrets(&self, references: BTreeSet<SecretReference>) -> Result<Resolved, StartError> {
        if references.is_empty() {
            return Ok(Resolved::new());
        }
        let source = SecretsManager::new(self.connection().await?);
        let references: Vec<_> = references.into_iter().collect();
        let secrets = resolve_all(&source, &references).await?;
        Ok(references.into_iter().zip(secrets).collect())
    }

    /// The text of an object.
    ///
    /// # Errors
    /// [`StartError::ConfigObject`]; [`StartError::Config`] where it is not text.
    pub(super) async fn object(&self, location: &str) -> Result<String, StartError> {
        let failed = |cause| StartError::ConfigObject { location: location.to_owned(), cause };
        let place: ObjectLocation = location.parse()?;
        let bytes = fetch_object(self.connection().await?, &SystemClock, &place).await.map_err(failed)?;
        Ok(text_of(location, bytes.into())?)
    }
}
