//! Makes the table where it is missing. For `postern` and for tests; on AWS the template makes it.

use super::attribute::{EXPIRES, PARTITION, SORT};
use super::failure::is_throttling;
use crate::aws::connection::AwsConnection;
use crate::aws::settings::Service;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TableDescription, TableStatus,
    TimeToLiveSpecification, TimeToLiveStatus,
};
use std::error::Error;
use std::time::Duration;

/// How long a new table is waited for. AWS takes some seconds.
const ACTIVE_TIME_MAX: Duration = Duration::from_secs(60);
/// How long one look at the table may take, with the SDK's own repeats.
const LOOK_TIME_MAX: Duration = Duration::from_secs(2);
/// The pause between two looks at a table that is being made.
const ACTIVE_PAUSE: Duration = Duration::from_millis(500);

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableState {
    /// The table was there, of the right shape.
    Found,
    /// It was missing and has been made.
    Made,
}

/// Why there is no table to use.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// A table of that name has another key.
    #[error(
        "the DynamoDB table `{name}` has another shape: its keys are {found}, and Postern needs `pk` (HASH, S) and `sk` (RANGE, S). Name another table"
    )]
    OtherShape {
        /// The table.
        name: String,
        /// Its keys.
        found: String,
    },
    /// It is not ready after a minute.
    #[error("the DynamoDB table `{name}` is still not active")]
    NotActive {
        /// The table.
        name: String,
    },
    /// DynamoDB does not answer, cannot be reached or asks for less: it may later.
    #[error("DynamoDB cannot be asked for the table `{name}`")]
    OutOfReach {
        /// The table.
        name: String,
        /// The cause, for logs.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// DynamoDB refused.
    #[error("the DynamoDB table `{name}` could not be looked at or made")]
    Failed {
        /// The table.
        name: String,
        /// The cause, for logs.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

/// Sees to it that the table is there: string keys `pk` and `sk`, billed by request, TTL on `expires_at`. Content
/// where it exists; safe to call from several processes at once. Waits until the table can be used.
///
/// # Errors
/// [`CreateError`].
pub async fn create_table_if_missing(connection: &AwsConnection, name: &str) -> Result<TableState, CreateError> {
    let client = Client::new(&connection.sdk_config(Service::DynamoDb));
    let outcome = tokio::time::timeout(ACTIVE_TIME_MAX, Box::pin(ensure(&client, name))).await;
    outcome.unwrap_or_else(|_| Err(CreateError::NotActive { name: name.to_owned() }))
}

async fn ensure(client: &Client, name: &str) -> Result<TableState, CreateError> {
    let found = describe(client, name).await?;
    let state = if found.is_some() { TableState::Found } else { TableState::Made };
    if state == TableState::Made {
        create(client, name).await?;
    }
    let mut latest = found;
    while latest.as_ref().and_then(TableDescription::table_status) != Some(&TableStatus::Active) {
        latest = describe(client, name).await?;
        if latest.as_ref().and_then(TableDescription::table_status) != Some(&TableStatus::Active) {
            tokio::time::sleep(ACTIVE_PAUSE).await;
        }
    }
    if let Some(table) = &latest {
        check_shape(name, table)?;
    }
    let enabled = ttl_enabled(client, name).await;
    if state == TableState::Made || enabled == Some(false) {
        enable_ttl(client, name).await?;
    }
    Ok(state)
}

async fn describe(client: &Client, name: &str) -> Result<Option<TableDescription>, CreateError> {
    let out_of_reach = |cause| CreateError::OutOfReach { name: name.to_owned(), cause };
    let asked = tokio::time::timeout(LOOK_TIME_MAX, client.describe_table().table_name(name).send()).await;
    match asked.map_err(|late| out_of_reach(late.into()))? {
        Ok(answer) => Ok(answer.table),
        Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
        Err(error) if is_refusal(&error) => Err(failed(name, error.into())),
        Err(error) => Err(out_of_reach(error.into())),
    }
}

/// Whether asking again would be answered the same.
fn is_refusal<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    match error {
        SdkError::ServiceError(context) => {
            context.raw().status().is_client_error() && !is_throttling(context.err().code())
        }
        SdkError::ConstructionFailure(_) => true,
        _ => false,
    }
}

async fn create(client: &Client, name: &str) -> Result<(), CreateError> {
    let mut request = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    for (attribute, kind) in [(PARTITION, KeyType::Hash), (SORT, KeyType::Range)] {
        let (definition, schema) = key_attribute(attribute, kind).map_err(|error| failed(name, error.into()))?;
        request = request.attribute_definitions(definition).key_schema(schema);
    }
    match request.send().await {
        Ok(_) => Ok(()),
        // Another process was faster.
        Err(error) if error.code() == Some("ResourceInUseException") => Ok(()),
        Err(error) => Err(failed(name, error.into())),
    }
}

fn key_attribute(name: &str, kind: KeyType) -> Result<(AttributeDefinition, KeySchemaElement), BuildError> {
    let definition = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
    let schema = KeySchemaElement::builder().attribute_name(name).key_type(kind);
    Ok((definition.build()?, schema.build()?))
}

fn check_shape(name: &str, table: &TableDescription) -> Result<(), CreateError> {
    let kind_of = |attribute: &str| {
        let mut known = table.attribute_definitions().iter().filter(|known| known.attribute_name() == attribute);
        known.next().map_or("?", |known| known.attribute_type().as_str())
    };
    let shown = |key: &KeySchemaElement| {
        format!("`{}` ({}, {})", key.attribute_name(), key.key_type(), kind_of(key.attribute_name()))
    };
    let found: Vec<String> = table.key_schema().iter().map(shown).collect();
    let wanted = [format!("`{PARTITION}` (HASH, S)"), format!("`{SORT}` (RANGE, S)")];
    if found == wanted {
        return Ok(());
    }
    Err(CreateError::OtherShape { name: name.to_owned(), found: found.join(", ") })
}

/// Whether TTL is on, where this role may ask; a table that somebody else made may be closed to that question, and
/// is right without TTL too.
async fn ttl_enabled(client: &Client, name: &str) -> Option<bool> {
    let answer = client.describe_time_to_live().table_name(name).send().await.ok()?;
    let status = answer.time_to_live_description.and_then(|ttl| ttl.time_to_live_status);
    Some(matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)))
}

async fn enable_ttl(client: &Client, name: &str) -> Result<(), CreateError> {
    let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(EXPIRES).build();
    let ttl = ttl.map_err(|error| failed(name, error.into()))?;
    match client.update_time_to_live().table_name(name).time_to_live_specification(ttl).send().await {
        Ok(_) => Ok(()),
        // Another process was faster, or it is being switched on.
        Err(error) if error.code() == Some("ValidationException") => Ok(()),
        Err(error) => Err(failed(name, error.into())),
    }
}

fn failed(name: &str, cause: Box<dyn Error + Send + Sync>) -> CreateError {
    CreateError::Failed { name: name.to_owned(), cause }
}
