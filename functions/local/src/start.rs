//! From options to a running server.

use crate::banner;
use crate::cli::Options;
use crate::serve::{self, Secured};
use crate::strain;
use crate::upkeep::Upkeep;
use postern_core::assemble::StartError;
use postern_core::assemble::aws::AwsOnDemand;
use postern_core::assemble::configuration::{self, ConfigSource};
use postern_core::assemble::gateway::{Gateway, Ground, KeyStaleness, Serves};
use postern_core::assemble::sealing;
use postern_core::assemble::secrets::Secrets;
use postern_core::assemble::state::{self, IfMissing, StoreChoice, UnseenTable};
use postern_core::clock::{Clock, Random, SystemClock, SystemRandom};
use postern_core::config::{Environment, Loaded};
use postern_core::crypto::{Sealer, key_hash};
use postern_core::secret::Secret;
use postern_core::surface::security_headers::SecurityHeaders;
use postern_core::telemetry::logs::{self, LogSettings};
use postern_core::tls::listener::ListenerTls;
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

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
    let (mut loaded, secrets) = configuration::load(&source(&options), &environment, &aws).await?;
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
    let ground = Ground { clock: Arc::new(SystemClock), random };
    let new_master_key = master_key(&options, &mut loaded, ground.random.as_ref())?;
    let model = loaded.config.models.iter().map(|entry| entry.model_name.clone()).find(|name| !name.contains('*'));
    let (gateway, unseen) = Box::pin(open(&options, (&environment, sealer), &aws, (loaded, secrets), ground)).await?;
    let asked = SocketAddr::new(options.host, options.port);
    let listener = TcpListener::bind(asked).await.map_err(|cause| Refused::Port { address: asked, cause })?;
    let scheme = if secured.is_some() { "https" } else { "http" };
    banner::welcome(scheme, listener.local_addr()?, new_master_key.as_ref().map(Secret::expose), model.as_deref());
    let mut watching = JoinSet::new();
    watching.spawn(strain::watch(Arc::clone(&gateway.intake.load)));
    let upkeep =
        Upkeep::begin(Arc::clone(&gateway.maintenance), Arc::clone(&gateway.policies), unseen, &gateway.background);
    let rotation = gateway.rotation.clone().map(|rotation| Upkeep::turning(rotation, &gateway.background));
    gateway.catalog.look_if_due().await;
    let watching = Upkeep::watching(Arc::clone(&gateway.catalog), &gateway.background);
    let security = match &secured {
        Some(_) => SecurityHeaders::by_https(options.tls.hsts_seconds()),
        None => SecurityHeaders::default(),
    };
    serve::serve(listener, secured, gateway.router(Serves::All).with_security(security)).await?;
    upkeep.end();
    rotation.into_iter().chain([watching]).for_each(Upkeep::end);
    gateway.background.drained().await;
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
    (environment, sealer): (&Environment, Sealer),
    aws: &AwsOnDemand,
    loaded: (Loaded, Secrets),
    ground: Ground,
) -> Result<(Gateway, Option<UnseenTable>), StartError> {
    let choice = match &options.store {
        Some(store) => store.parse()?,
        None => StoreChoice::File(default_file(environment)),
    };
    let clock: Arc<dyn Clock> = Arc::clone(&ground.clock);
    let mut state = state::open(&choice, IfMissing::Create, aws, (&clock, state::store_wait(&loaded.0.config))).await?;
    let staleness = match choice {
        StoreChoice::DynamoDb(_) => KeyStaleness::Millis(SHARED_STALENESS_MILLIS),
        StoreChoice::Memory | StoreChoice::File(_) => KeyStaleness::OnlyWriter,
    };
    let unseen = state.unseen.take();
    state.sealer = Some(sealer);
    Ok((Box::pin(Gateway::assemble(loaded, state, staleness, ground)).await?, unseen))
}

/// The store's file in the user's data folder, where the XDG base directory rules put it.
fn default_file(environment: &Environment) -> PathBuf {
    let folder = environment.text("XDG_DATA_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let home = || environment.text("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    folder.or_else(home).unwrap_or_default().join("postern/postern.db")
}
