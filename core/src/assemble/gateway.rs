//! Puts the parts together.

use super::error::StartError;
use super::state::State;
use crate::accounting::spend_log::SpendLog;
use crate::admission::ledger::Ledger;
use crate::admission::load::Load;
use crate::admission::queue::{Queue, QueueLimits};
use crate::auth::authenticate::Authenticator;
use crate::auth::cache::PrincipalCache;
use crate::auth::key_store::KeyStore;
use crate::auth::master::MasterKey;
use crate::auth::records::{Directory, RecordStore};
use crate::clock::{Clock, Random};
use crate::config::{Config, Environment, Loaded};
use crate::flow::admin::keys::key_admin::KeyAdmin;
use crate::flow::admin::records::record_admin::RecordAdmin;
use crate::flow::admin::spend::spend_admin::SpendAdmin;
use crate::flow::background::Background;
use crate::flow::health::Health;
use crate::flow::maintenance::Maintenance;
use crate::flow::model_call::{ModelCalls, ProxyLimits};
use crate::providers::operation::Operation;
use crate::providers::resolve::target_of;
use crate::routing::ModelTable;
use crate::surface::admin::Administration;
use crate::surface::front::Front;
use crate::surface::gate::Gate;
use crate::surface::router::{Parts, router};
use crate::tls;
use crate::upstream::client::{HttpClient, PROXY_VARIABLES, Way};
use crate::upstream::identity::authorizer::Authorizer;
use crate::upstream::transport::{Bounds, Transport};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long a whole call may take where nobody says anything: as OpenAI's own clients wait.
const CALL_WAIT: Duration = Duration::from_secs(600);
/// How long a stream may be silent where nobody says anything: reasoning models think for minutes.
const SILENCE_WAIT: Duration = Duration::from_secs(300);
/// Callers remembered at once. Each takes about a kilobyte.
const CALLERS_MAX: usize = 10_000;
/// Records above and beside keys remembered at once, end users without one among them. Each takes a few hundred bytes.
const RECORDS_MAX: usize = 50_000;

/// How late a change of a key made by another process may be noticed, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStaleness {
    /// This process makes all changes and notices them at once.
    OnlyWriter,
    /// Others write too.
    Millis(i64),
}

/// Remembered for as long as nothing changes: far above any caller's patience, below overflow.
const ONLY_WRITER_MILLIS: i64 = 60 * 60 * 1000;

/// What a process serves of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serves {
    /// Everything: `postern`.
    All,
    /// Chat in each of its dialects, legacy completions and the list of models.
    Chat,
    /// Embeddings and reranks.
    Embeddings,
    /// Keys, spend, model information and health.
    Admin,
}

/// The seams to time and chance.
#[derive(Clone)]
pub struct Ground {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
}

/// A gateway, put together.
pub struct Gateway {
    /// Calls of models.
    pub calls: Arc<ModelCalls>,
    /// Work that outlives its request: wait for it before the process ends.
    pub background: Background,
    /// The jobs that keep the state tidy.
    pub maintenance: Arc<Maintenance>,
    administration: Administration,
    gate: Gate,
    health: Arc<Health>,
    body_bytes_max: usize,
    /// What a process that serves everything takes on: a container of a function has one call at a time.
    pub load: Arc<Load>,
}

impl Gateway {
    /// Puts a gateway together.
    ///
    /// # Errors
    /// [`StartError`] names the deployment or setting at fault.
    pub fn assemble(loaded: Loaded, state: State, staleness: KeyStaleness, ground: Ground) -> Result<Self, StartError> {
        let State { table, expiring, .. } = state;
        let Loaded { config, environment, .. } = loaded;
        let roots = tls::roots::trusted(environment.text(tls::roots::FILE_VARIABLE).map(Path::new))?;
        let transport: Arc<dyn Transport> = Arc::new(HttpClient::new(tls::client::config(roots)?, way(&environment))?);
        let bounds = bounds(&config);
        let body_bytes_max = config.general.request_body_bytes_max;
        let queue = Arc::new(Queue::new(queue_limits(&config)));
        let load = Arc::new(Load::of(config.general.max_calls_in_flight));
        let admits_in_outage = config.general.allow_requests_on_db_unavailable;
        let passes_headers_on = config.general.forward_client_headers_to_llm_api;
        let retention_days = config.general.spend_log_retention_days;
        let limits = ProxyLimits::of(&config);
        let ledger = Ledger::new(Arc::clone(&table));
        let spend = SpendLog::new(Arc::clone(&table), retention_days);
        let spend = Arc::new(if staleness == KeyStaleness::OnlyWriter { spend.unsharded() } else { spend });
        let maintenance = Maintenance::new(Arc::clone(&table), retention_days, expiring, Arc::clone(&ground.clock));
        let master = config.general.master_key.as_ref().map(MasterKey::new);
        let (user_defaults, team_defaults) =
            (config.litellm.user_defaults(), config.litellm.default_team_params.clone());
        let authorizer = authorizer(&transport, &ground.clock, &environment);
        let models = Arc::new(models(config, environment)?);
        let keys = KeyStore::new(Arc::clone(&table));
        let cache = Arc::new(PrincipalCache::new(staleness.millis(), CALLERS_MAX));
        let maintenance = Arc::new(maintenance.charging(SpendLog::clone(&spend)).forgetting(Arc::clone(&cache)));
        let records = RecordStore::new(Arc::clone(&table));
        let directory = Arc::new(Directory::new(records.clone(), staleness.millis(), RECORDS_MAX));
        let (shared_cache, random) = (Arc::clone(&cache), Arc::clone(&ground.random));
        let key_admin = Arc::new(KeyAdmin::new(keys.clone(), records.clone(), shared_cache, random));
        let record_admin = RecordAdmin::new(
            records,
            Arc::clone(&key_admin),
            Arc::clone(&directory),
            Arc::clone(&cache),
            Arc::clone(&ground.random),
        );
        let administration = Administration {
            records: Arc::new(record_admin.with_defaults(user_defaults, team_defaults)),
            keys: key_admin,
            spend: Arc::new(SpendAdmin::new(SpendLog::clone(&spend), keys.clone())),
        };
        let authenticator = Authenticator::new(master, keys, cache, directory).trusting_known(admits_in_outage);
        let authenticator = Arc::new(authenticator);
        let background = Background::default();
        let gate = Gate { authenticator: Arc::clone(&authenticator), clock: Arc::clone(&ground.clock) };
        let calls = ModelCalls {
            queue,
            authenticator,
            models,
            spend,
            ledger,
            limits,
            authorizer,
            transport,
            clock: ground.clock,
            random: ground.random,
            admits_in_outage,
            passes_headers_on,
            background: background.clone(),
            bounds,
        };
        let calls = Arc::new(calls);
        let health = Arc::new(Health { calls: Arc::clone(&calls), table });
        Ok(Self { calls, background, maintenance, administration, gate, health, body_bytes_max, load })
    }

    /// The routes that a process serves.
    pub fn router(&self, serves: Serves) -> Front {
        let operations: &'static [Operation] = match serves {
            Serves::All => &Operation::ALL,
            Serves::Chat => &[
                Operation::Chat,
                Operation::Completion,
                Operation::Messages,
                Operation::Responses,
                Operation::CountTokens,
                Operation::ImageGeneration,
                Operation::ImageEdit,
                Operation::Speech,
                Operation::Transcription,
                Operation::Translation,
                Operation::Moderation,
            ],
            Serves::Embeddings => &[Operation::Embedding, Operation::Rerank],
            Serves::Admin => &[],
        };
        let is_admin = matches!(serves, Serves::All | Serves::Admin);
        let shows_models = matches!(serves, Serves::All | Serves::Chat);
        router(Parts {
            gate: self.gate.clone(),
            calls: (!operations.is_empty()).then(|| (Arc::clone(&self.calls), operations)),
            models: shows_models.then(|| Arc::clone(&self.calls.models)),
            admin: is_admin.then(|| (self.administration.clone(), Arc::clone(&self.calls.models))),
            health: is_admin.then(|| Arc::clone(&self.health)),
            body_bytes_max: self.body_bytes_max,
            load: matches!(serves, Serves::All).then(|| Arc::clone(&self.load)),
        })
    }
}

impl KeyStaleness {
    fn millis(self) -> i64 {
        match self {
            Self::OnlyWriter => ONLY_WRITER_MILLIS,
            Self::Millis(millis) => millis,
        }
    }
}

/// How many calls wait, and for how long.
fn queue_limits(config: &Config) -> QueueLimits {
    let (general, usual) = (&config.general, QueueLimits::default());
    let size = |most: i64| usize::try_from(most).unwrap_or(usize::MAX);
    QueueLimits {
        waiting: general.max_queue_size.map_or(usual.waiting, size),
        wait: general.max_queue_wait.map_or(usual.wait, Duration::from_secs_f64),
        priority: general.default_priority.map_or(usual.priority, |priority| u8::try_from(priority).unwrap_or(u8::MAX)),
    }
}

fn models(config: Config, environment: Environment) -> Result<ModelTable, StartError> {
    let targets = move |params: &_| target_of(params, &environment).map_err(Into::into);
    Ok(ModelTable::new(config.models, Arc::new(targets))?)
}

fn authorizer(transport: &Arc<dyn Transport>, clock: &Arc<dyn Clock>, environment: &Environment) -> Authorizer {
    let authorizer = Authorizer::new(Arc::clone(transport), Arc::clone(clock));
    #[cfg(feature = "aws")]
    let authorizer = authorizer.with_environment(environment.clone());
    #[cfg(not(feature = "aws"))]
    let _ = environment;
    authorizer
}

fn way(environment: &Environment) -> Way {
    let names_a_proxy = PROXY_VARIABLES.iter().any(|name| environment.text(name).is_some());
    if names_a_proxy { Way::Proxied } else { Way::Direct }
}

fn bounds(config: &Config) -> Bounds {
    let total = config.litellm.request_timeout.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let total = total.filter(|total| !total.is_zero()).unwrap_or(CALL_WAIT);
    Bounds { first_byte: total, between_chunks: SILENCE_WAIT.min(total), total }
}
