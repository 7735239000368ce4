//! From options to a running server.

use crate::banner;
use crate::cli::Options;
use crate::serve::{self, Secured};
use crate::upkeep::Upkeep;
use postern_core::assemble::aws::AwsOnDemand;
use postern_core::assemble::configuration::{self, ConfigSource};
use postern_core::assemble::gateway::{Ground, KeyStaleness, Serves};
use postern_core::assemble::live::Live;
use postern_core::assemble::recipe::Recipe;
use postern_core::assemble::sealing;
use postern_core::assemble::state::{self, IfMissing, State, StoreChoice};
use postern_core::assemble::{Door, StartError};
use postern_core::clock::{Random, SystemClock, SystemRandom};
use postern_core::config::{Environment, Loaded};
use postern_core::crypto::key_hash;
use postern_core::flow::background::Background;
use postern_core::secret::Secret;
use postern_core::surface::security_headers::SecurityHeaders;
use postern_core::telemetry::logs::{self, LogSettings};
use postern_core::tls::listener::ListenerTls;
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;

/// How late a key changed through another process may be noticed where the store is shared, in milliseconds.
const SHARED_STALENESS_MILLIS: i64 = 5_000;

/// Why `postern` stops before it serves.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(
        "no master key is set, so `--host {0}` would let everybody in: set LITELLM_MASTER_KEY, or leave --host out"
    )]
    OpenToAll(std::net::IpAddr),
    #[error("cannot listen on {address}: {cause}. Choose another with --port")]
    Port { address: SocketAddr, cause: std::io::Error },
}

/// Runs until the process is asked to stop.
pub(crate) async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let environment = Environment::of_process();
    let aws = AwsOnDemand::new(environment.clone());
    let found = configuration::find(&source(&options), &environment, &aws).await?;
    let (mut loaded, secrets) = found.load().await?;
    start_logs(&options, &loaded);
    for warning in &loaded.warnings {
        banner::warn(warning);
    }
    let random: Arc<dyn Random> = Arc::new(SystemRandom);
    let sealer = sealing::of_loaded(&loaded, &aws, &random).await?;
    let secured = secured(&options)?;
    if options.check {
        banner::say(&format!("The configuration is right: {} models.\n", loaded.config.models.len()));
        return Ok(());
    }
    let ground = Ground { clock: Arc::new(SystemClock), random, background: Background::default() };
    let new_master_key = master_key(&options, &mut loaded, ground.random.as_ref())?;
    let model = loaded.config.models.iter().map(|entry| entry.model_name.clone()).find(|name| !name.contains('*'));
    let (mut state, staleness) = Box::pin(open(&options, &environment, &aws, (&ground, &loaded))).await?;
    let unseen = state.unseen.take();
    state.sealer = Some(sealer);
    let recipe = Recipe { found, master_key: new_master_key.clone(), state, staleness, ground };
    let live = Box::pin(Live::begin(recipe, (loaded, secrets))).await?;
    let asked = SocketAddr::new(options.host, options.port);
    let listener = TcpListener::bind(asked).await.map_err(|cause| Refused::Port { address: asked, cause })?;
    let scheme = if secured.is_some() { "https" } else { "http" };
    banner::welcome(scheme, listener.local_addr()?, new_master_key.as_ref().map(Secret::expose), model.as_deref());
    let background = live.now().gateway.background.clone();
    live.tend().await;
    let upkeep = Upkeep::begin(Arc::clone(&live), unseen, &background);
    let security = match &secured {
        Some(_) => SecurityHeaders::by_https(options.tls.hsts_seconds()),
        None => SecurityHeaders::default(),
    };
    serve::serve(listener, secured, Door::new(live, Serves::All, security)).await?;
    upkeep.end();
    background.drained().await;
    Ok(())
}

/// TLS, where the listener is to speak it. What is wrong with its files stops the start.
fn secured(options: &Options) -> Result<Option<Secured>, Box<dyn Error>> {
    let Some(settings) = options.tls.settings()? else {
        return Ok(None);
    };
    let tls = Arc::new(ListenerTls::open(settings)?);
    Ok(Some(Secured { tls, look_again: options.tls.look_again() }))
}

fn source(options: &Options) -> ConfigSource {
    match (&options.config, &options.model) {
        (Some(config), _) => ConfigSource::named(config),
        (None, Some(model)) => ConfigSource::Model { model: model.clone(), api_base: options.api_base.clone() },
        (None, None) => ConfigSource::Nothing,
    }
}

fn start_logs(options: &Options, loaded: &Loaded) {
    let settings = &loaded.config.litellm;
    let filter = loaded.environment.text("RUST_LOG").map(str::to_owned);
    logs::start(&LogSettings {
        debug: options.detailed_debug || settings.set_verbose,
        json: settings.json_logs,
        filter,
    });
}

/// Makes a master key where none is set. Without one of the operator's own, only this machine may connect.
fn master_key(options: &Options, loaded: &mut Loaded, random: &dyn Random) -> Result<Option<Secret>, Box<dyn Error>> {
    if loaded.config.general.master_key.is_some() {
        return Ok(None);
    }
    if !options.host.is_loopback() {
        return Err(Refused::OpenToAll(options.host).into());
    }
    let key = key_hash::generate(random)?;
    loaded.config.general.master_key = Some(key.clone());
    Ok(Some(key))
}

async fn open(
    options: &Options,
    environment: &Environment,
    aws: &AwsOnDemand,
    (ground, loaded): (&Ground, &Loaded),
) -> Result<(State, KeyStaleness), StartError> {
    let choice = match &options.store {
        Some(store) => store.parse()?,
        None => StoreChoice::File(default_file(environment)),
    };
    let wait = state::store_wait(&loaded.config);
    let state = state::open(&choice, IfMissing::Create, aws, (&ground.clock, wait)).await?;
    let staleness = match choice {
        StoreChoice::DynamoDb(_) => KeyStaleness::Millis(SHARED_STALENESS_MILLIS),
        StoreChoice::Memory | StoreChoice::File(_) => KeyStaleness::OnlyWriter,
    };
    Ok((state, staleness))
}

/// The store's file in the user's data folder, where the XDG base directory rules put it.
fn default_file(environment: &Environment) -> PathBuf {
    let folder = environment.text("XDG_DATA_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let home = || environment.text("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    folder.or_else(home).unwrap_or_default().join("postern/postern.db")
}
