//! Opens the store that the operator named.

use super::aws::AwsOnDemand;
use super::error::StartError;
use crate::aws::connection::AwsConnection;
use crate::clock::Clock;
use crate::config::Config;
use crate::crypto::Sealer;
use crate::store::dynamo::{CreateError, DynamoTable, Timeouts, create_table_if_missing};
#[cfg(feature = "embedded")]
use crate::store::embedded::EmbeddedTable;
use crate::store::expiry::SweepExpired;
use crate::store::silence::StoreWait;
use crate::store::table::Table;
use std::error::Error;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// The pause between two looks at a store that was out of reach at the start.
const LOOK_PAUSE: Duration = Duration::from_millis(500);

/// Where state lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreChoice {
    /// The embedded store without a file: gone with the process.
    Memory,
    /// The embedded store in this file.
    File(PathBuf),
    /// A DynamoDB table.
    DynamoDb(String),
}

impl FromStr for StoreChoice {
    type Err = StartError;

    fn from_str(text: &str) -> Result<Self, StartError> {
        match text.split_once("://") {
            Some(("dynamodb", table)) if !table.is_empty() => Ok(Self::DynamoDb(table.to_owned())),
            Some(_) => Err(StartError::NoSuchStore(text.to_owned())),
            // Half an address is no file's name: state would lie where nobody looks for it.
            None if text.is_empty() || text.starts_with("dynamodb:") => Err(StartError::NoSuchStore(text.to_owned())),
            None if text == "memory" => Ok(Self::Memory),
            None => Ok(Self::File(PathBuf::from(text))),
        }
    }
}

/// How long calls wait for the store.
pub fn store_wait(config: &Config) -> StoreWait {
    config.general.database_connection_timeout.map_or_else(StoreWait::default, StoreWait::of_seconds)
}

/// An open store.
#[derive(Clone)]
pub struct State {
    /// The seam that everyone uses.
    pub table: Arc<dyn Table>,
    /// The same, waited for longer: for what nobody's first byte waits for.
    pub patient: Arc<dyn Table>,
    /// The store's upkeep, where it does not see to it by itself.
    pub expiring: Option<Arc<dyn SweepExpired>>,
    /// What values at rest are sealed with; `None`: nothing is.
    pub sealer: Option<Sealer>,
    /// The table that could not be looked at, as its store is out of reach. See to it that it is made.
    pub unseen: Option<UnseenTable>,
}

/// A DynamoDB table that may be missing.
#[derive(Clone)]
pub struct UnseenTable {
    connection: AwsConnection,
    name: String,
}

/// Whether a missing table is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMissing {
    /// Yes: `postern` started by a person.
    Create,
    /// No: a function, whose table the deployment made.
    Fail,
}

/// Opens the store. One that is out of reach is opened too: calls are answered as in any other outage, and work when
/// it is back.
///
/// # Errors
/// [`StartError`] names the file or table.
pub async fn open(
    choice: &StoreChoice,
    if_missing: IfMissing,
    aws: &AwsOnDemand,
    (clock, wait): (&Arc<dyn Clock>, StoreWait),
) -> Result<State, StartError> {
    match choice {
        StoreChoice::DynamoDb(name) => {
            let connection = aws.connection().await?;
            let seen = match if_missing {
                IfMissing::Create => create_table_if_missing(connection, name).await.map(drop),
                IfMissing::Fail => Ok(()),
            };
            let unseen = match seen {
                Ok(()) => None,
                Err(error @ CreateError::OutOfReach { .. }) => {
                    tracing::warn!(error = &error as &dyn Error, "the store is out of reach");
                    Some(UnseenTable { connection: connection.clone(), name: name.clone() })
                }
                Err(error) => return Err(error.into()),
            };
            let table = |timeouts| Arc::new(DynamoTable::new(connection, name, Arc::clone(clock), timeouts));
            let (table, patient) = (table(Timeouts::within(wait)), table(Timeouts::patient()));
            Ok(State { table, patient, expiring: None, sealer: None, unseen })
        }
        #[cfg(feature = "embedded")]
        StoreChoice::Memory => Ok(State::embedded(EmbeddedTable::in_memory(Arc::clone(clock))?)),
        #[cfg(feature = "embedded")]
        StoreChoice::File(path) => {
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                let failed = |cause| StartError::StoreFolder { path: folder.to_owned(), cause };
                std::fs::create_dir_all(folder).map_err(failed)?;
            }
            Ok(State::embedded(EmbeddedTable::open(path, Arc::clone(clock))?))
        }
        #[cfg(not(feature = "embedded"))]
        StoreChoice::Memory | StoreChoice::File(_) => Err(StartError::FunctionNeedsTable),
    }
}

impl UnseenTable {
    /// Looks until the store answers, and makes the table where it is missing.
    pub async fn made(self) {
        loop {
            tokio::time::sleep(LOOK_PAUSE).await;
            match create_table_if_missing(&self.connection, &self.name).await {
                Ok(_) => return tracing::info!(table = self.name, "the store is back"),
                Err(CreateError::OutOfReach { .. }) => {}
                Err(error) => return tracing::error!(error = &error as &dyn Error, "the table cannot be used"),
            }
        }
    }
}

#[cfg(feature = "embedded")]
impl State {
    fn embedded(store: EmbeddedTable) -> Self {
        let store = Arc::new(store);
        let table: Arc<dyn Table> = Arc::clone(&store) as Arc<dyn Table>;
        Self { patient: Arc::clone(&table), table, expiring: Some(store), sealer: None, unseen: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_named_by_memory_a_path_or_a_table() {
        let named = |text: &str| text.parse::<StoreChoice>().ok();
        assert_eq!(named("memory"), Some(StoreChoice::Memory));
        assert_eq!(named("./postern.db"), Some(StoreChoice::File("./postern.db".into())));
        assert_eq!(named("dynamodb://postern"), Some(StoreChoice::DynamoDb("postern".into())));
        assert_eq!(named("redis://x"), None);
        assert_eq!((named(""), named("dynamodb:"), named("dynamodb:/postern")), (None, None, None));
    }
}
