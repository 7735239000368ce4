//! A Lambda function's start: everything it needs to know comes from its environment.

use super::aws::AwsOnDemand;
use super::configuration::{self, ConfigSource};
use super::error::StartError;
use super::gateway::{Ground, KeyStaleness};
use super::live::Live;
use super::recipe::Recipe;
use super::sealing;
use super::state::{self, IfMissing, StoreChoice};
use crate::clock::{SystemClock, SystemRandom};
use crate::config::Environment;
use crate::flow::background::Background;
use crate::telemetry::logs::{self, LogSettings};
use std::sync::Arc;

/// How late a function notices that a key was changed by another, in milliseconds. Named in `docs/ARCHITECTURE.md`.
const KEY_STALENESS_MILLIS: i64 = 5_000;

/// Starts a function: reads `CONFIG_FILE_PATH` and `POSTERN_STORE`, fetches the secrets they name, and puts the
/// gateway together.
///
/// # Errors
/// [`StartError`] names the variable or setting at fault.
pub async fn start(environment: Environment) -> Result<Arc<Live>, StartError> {
    let debug = environment.text("LITELLM_LOG").is_some_and(|level| level.eq_ignore_ascii_case("debug"));
    logs::start(&LogSettings { debug, json: true, filter: environment.text("RUST_LOG").map(str::to_owned) });
    let store: StoreChoice = environment.text("POSTERN_STORE").unwrap_or_default().parse()?;
    if !matches!(store, StoreChoice::DynamoDb(_)) {
        return Err(StartError::FunctionNeedsTable);
    }
    let source = environment.text("CONFIG_FILE_PATH").map_or(ConfigSource::Nothing, ConfigSource::named);
    let aws = AwsOnDemand::new(environment.clone());
    let found = configuration::find(&source, &environment, &aws).await?;
    let (loaded, secrets) = found.load().await?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    if loaded.config.general.master_key.is_none() {
        return Err(StartError::NoMasterKey);
    }
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    let ground = Ground { clock, random, background: Background::default() };
    let sealer = sealing::of_loaded(&loaded, &aws, &ground.random).await?;
    let mut state =
        state::open(&store, IfMissing::Fail, &aws, (&ground.clock, state::store_wait(&loaded.config))).await?;
    state.sealer = Some(sealer);
    let staleness = KeyStaleness::Millis(KEY_STALENESS_MILLIS);
    let recipe = Recipe { found, master_key: None, state, staleness, ground };
    Box::pin(Live::begin(recipe, (loaded, secrets))).await
}
