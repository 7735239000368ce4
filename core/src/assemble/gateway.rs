//! Puts the parts together.

use super::administration::{administration, audited, budgets, hub, key_rules};
use super::cache;
use super::catalog::{Catalog, InTable};
use super::egress::{egress, files};
use super::error::StartError;
use super::guardrails::guardrails;
use super::identity;
use super::pass_through::endpoints;
use super::rotation::Rotation;
use super::routing;
use super::sealed::Sealed;
use super::sealing;
use super::secrets::Secrets;
use super::sign_in;
use super::state::{State, store_wait};
use super::transports;
use crate::accounting::spend_log::SpendLog;
use crate::admission::ledger::Ledger;
use crate::admission::load::Load;
use crate::admission::queue::{Queue, QueueLimits};
use crate::audit::log::AuditLog;
use crate::auth::authenticate::Authenticator;
use crate::auth::cache::PrincipalCache;
use crate::auth::identity::tokens::Tokens;
use crate::auth::key_store::KeyStore;
use crate::auth::master::MasterKey;
use crate::auth::policy::RoutePolicy;
use crate::auth::records::{Directory, RecordStore};
use crate::clock::{Clock, Random};
use crate::config::{Config, Environment, Loaded};
use crate::flow::admin::cache_admin::CacheAdmin;
use crate::flow::admin::config::config_admin::Served;
use crate::flow::admin::config::versions::ConfigVersions;
use crate::flow::background::Background;
use crate::flow::health::Health;
use crate::flow::maintenance::Maintenance;
use crate::flow::model_call::{HeaderRules, ModelCalls, ProxyLimits, RequestIds};
use crate::providers::operation::Operation;
use crate::routing::rules::FailureRules;
use crate::store::table::Table;
use crate::surface::admin::Administration;
use crate::surface::caller_address::{CallerAddresses, NamedBy};
use crate::surface::front::Front;
use crate::surface::gate::Gate;
use crate::surface::router::{Parts, router};
use crate::upstream::identity::authorizer::Authorizer;
use crate::upstream::policies::Policies;
use crate::upstream::transport::{Bounds, Transport};
use http::HeaderName;
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
    /// Chat in each of its dialects, legacy completions, media, the list of models, and embeddings where the path names
    /// a model with a slash.
    Chat,
    /// Embeddings and reranks.
    Embeddings,
    /// Keys, spend, model information and health.
    Admin,
}

/// What stays below every gateway of a process: the seams to time and chance, and work that outlives its request.
#[derive(Clone)]
pub struct Ground {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// Wait for it before the process ends.
    pub background: Background,
}

/// A gateway, put together.
pub struct Gateway {
    /// Calls of models.
    pub calls: Arc<ModelCalls>,
    /// Work that outlives its request: wait for it before the process ends.
    pub background: Background,
    /// The jobs that keep the state tidy.
    pub maintenance: Arc<Maintenance>,
    /// Keeps secrets fresh, where there are any that may change.
    pub rotation: Option<Arc<Rotation>>,
    /// Keeps the models of the table fresh, where there may be some.
    pub catalog: Arc<Catalog>,
    /// The clients that call upstreams: their certificates can be read again.
    pub policies: Arc<Policies>,
    administration: Administration,
    gate: Gate,
    health: Arc<Health>,
    /// What is let in.
    pub intake: Intake,
}

impl Gateway {
    /// Puts a gateway together.
    ///
    /// # Errors
    /// [`StartError`] names the deployment or setting at fault.
    pub async fn assemble(
        (loaded, secrets): (Loaded, Secrets),
        state: State,
        staleness: KeyStaleness,
        ground: Ground,
        served: Arc<dyn Served>,
    ) -> Result<Self, StartError> {
        let State { table, patient, expiring, sealer, .. } = state;
        let staleness = staleness.within(loaded.config.general.user_api_key_cache_ttl);
        let Loaded { mut config, environment, objects, .. } = loaded;
        let (policies, intake) = (transports::policies(&mut config, &environment, objects)?, Intake::of(&config));
        let (spend, retention_days) = (spend_log(&table, &config, staleness), config.general.retention_days());
        let maintenance = Maintenance::new(Arc::clone(&patient), retention_days, expiring, Arc::clone(&ground.clock));
        let defaults = ((config.litellm.user_defaults(), config.litellm.default_team_params.clone()), hub(&config));
        let master = master_key(&config);
        let (stored, held) = (secrets.stored_keys(), (master.clone(), Rotation::ids(&config.models)));
        let sealer = sealer.unwrap_or_else(|| sealing::without_keys(Arc::clone(&ground.random)));
        let (audited, changes) = (audited(&config, &table, &ground.clock), audited(&config, &patient, &ground.clock));
        let settings = (ConfigVersions::new(Arc::clone(&changes), sealer.clone()), served);
        let in_table = InTable::of(&mut config, &environment, (&audited, &sealer))?;
        let sealed = Sealed::new(&config, (&audited, &sealer), (&ground.clock, &ground.random, staleness.millis()));
        let (targets, background) = (routing::targets(&environment), ground.background);
        let (named, kept) = (sealed.named(&targets), sealed.kept(&ground.random));
        let (models, sharing) = routing::models(&mut config, targets, &table, staleness == KeyStaleness::OnlyWriter)?;
        let (catalog, in_table) = in_table.served((&models, &policies), &environment, (&ground.clock, &ground.random));
        let rotation = Rotation::of(secrets, Arc::clone(&catalog), held, Arc::clone(&ground.clock)).await;
        let (cache, directory) = remembered(&table, staleness);
        let maintenance = maintenance.charging(SpendLog::clone(&spend)).forgetting(Arc::clone(&cache));
        let (maintenance, logs) = (Arc::new(maintenance.resealing(sealed.resealing())), (&sealed, &spend));
        let managed = (KeyStore::new(Arc::clone(&changes)), stored, key_rules(&config));
        let called = (policies.transports().global(), &ground.clock);
        let tokens = identity::tokens((&config, &environment), called, &audited)?;
        let stores = (managed, RecordStore::new(changes), AuditLog::new(patient));
        let people = |made| sign_in::of((&config, &environment), called.0, (&table, &sealer, &ground.random), made);
        let made = ((in_table, settings), people, (maintenance.as_ref(), budgets(&config, &table)));
        let administration = administration(defaults, stores, (&cache, &directory), &ground.random, logs, made)?;
        let authenticator = authenticator(&config, (master, &table), (cache, directory), tokens);
        let gate = Gate { authenticator: Arc::clone(&authenticator), clock: Arc::clone(&ground.clock) };
        let calls = Arc::new(ModelCalls {
            queue: Arc::new(Queue::new(queue_limits(&config))),
            authenticator,
            models,
            spend,
            ledger: Ledger::new(Arc::clone(&table)).waiting(store_wait(&config)),
            limits: ProxyLimits::of(&config),
            guardrails: guardrails(&config, &policies)?,
            failing: FailureRules::of(&config.failing),
            named,
            kept,
            authorizer: authorizer(policies.transports().global(), &ground.clock, &environment),
            files: Some(files(&policies, egress(&config, &environment))?),
            transport: policies.transports().clone(),
            cache: cache::shelf(&config.litellm, (&table, &sealed), &environment, (&ground.clock, &ground.random))?,
            clock: ground.clock,
            ids: request_ids(&ground.random, staleness),
            random: ground.random,
            sharing,
            admits_in_outage: config.general.allow_requests_on_db_unavailable,
            headers: HeaderRules::of(&config.general),
            endpoints: endpoints(&config)?,
            background: background.clone(),
            bounds: bounds(&config),
        });
        let health = routing::health(&calls, (table, store_wait(&config)), (&policies, catalog.clone()), &maintenance);
        Ok(Self { calls, background, maintenance, rotation, catalog, policies, administration, gate, health, intake })
    }

    /// The public names of its models.
    pub(super) fn model_names(&self) -> Vec<String> {
        self.calls.models.now().names().to_vec()
    }

    /// The routes that a process serves.
    pub fn router(&self, serves: Serves) -> Front {
        let operations: &'static [Operation] = match serves {
            Serves::All => &Operation::ALL,
            Serves::Chat => &[
                Operation::Chat,
                Operation::Completion,
                // A path that names a model with a slash comes here whatever it asks for: no route tells it apart.
                Operation::Embedding,
                Operation::Messages,
                Operation::Responses,
                Operation::CountTokens,
                Operation::ImageGeneration,
                Operation::ImageEdit,
                Operation::Speech,
                Operation::Transcription,
                Operation::Translation,
                Operation::Moderation,
                Operation::GenerateContent,
                Operation::StreamGenerateContent,
                Operation::CountContent,
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
            admin: is_admin.then(|| {
                let calls = &self.calls;
                (self.administration.clone(), Arc::clone(&calls.models), Arc::clone(&calls.guardrails))
            }),
            health: is_admin.then(|| Arc::clone(&self.health)),
            cache: is_admin.then(|| CacheAdmin { shelf: self.calls.cache.clone() }),
            endpoints: (serves != Serves::Embeddings).then(|| Arc::clone(&self.calls)),
            body_bytes_max: self.intake.body_bytes_max,
            load: matches!(serves, Serves::All).then(|| Arc::clone(&self.intake.load)),
        })
        .for_callers(self.intake.addresses.clone())
    }
}

impl KeyStaleness {
    /// The same, for as many seconds as the operator says where others write too.
    fn within(self, seconds: Option<f64>) -> Self {
        match (self, seconds) {
            (Self::Millis(_), Some(seconds)) => Self::Millis((seconds * 1_000.0) as i64),
            (same, _) => same,
        }
    }

    fn millis(self) -> i64 {
        match self {
            Self::OnlyWriter => ONLY_WRITER_MILLIS,
            Self::Millis(millis) => millis,
        }
    }
}

/// The administrator's keys.
fn master_key(config: &Config) -> Option<MasterKey> {
    let master = config.general.master_key.as_ref().map(MasterKey::new);
    master.map(|master| master.beside(&config.general.master_keys))
}

/// Who recognises callers.
fn authenticator(
    config: &Config,
    (master, table): (Option<MasterKey>, &Arc<dyn Table>),
    (cache, directory): (Arc<PrincipalCache>, Arc<Directory>),
    tokens: Option<Tokens>,
) -> Arc<Authenticator> {
    let general = &config.general;
    let policy = RoutePolicy {
        admin_only: general.admin_only_routes.clone(),
        allowed: general.allowed_routes.clone(),
        public: general.public_routes.clone(),
    };
    let key_header = general.litellm_key_header_name.as_deref().and_then(|name| name.parse::<HeaderName>().ok());
    let keys = KeyStore::new(Arc::clone(table));
    let authenticator = Authenticator::new(master, keys, cache, directory).waiting(store_wait(config));
    let authenticator = authenticator.trusting_known(general.allow_requests_on_db_unavailable);
    Arc::new(authenticator.under(policy).reading(key_header).accepting(tokens))
}

/// What is remembered of callers, and of the records above and beside them.
fn remembered(table: &Arc<dyn Table>, staleness: KeyStaleness) -> (Arc<PrincipalCache>, Arc<Directory>) {
    let records = RecordStore::new(Arc::clone(table));
    let callers = PrincipalCache::new(staleness.millis(), CALLERS_MAX);
    (Arc::new(callers), Arc::new(Directory::new(records, staleness.millis(), RECORDS_MAX)))
}

/// Ids of a process that writes alone need no shards.
fn request_ids(random: &Arc<dyn Random>, staleness: KeyStaleness) -> RequestIds {
    let ids = RequestIds::new(Arc::clone(random));
    if staleness == KeyStaleness::OnlyWriter { ids.unsharded() } else { ids }
}

/// Totals of a process that writes alone need no shards.
fn spend_log(table: &Arc<dyn Table>, config: &Config, staleness: KeyStaleness) -> Arc<SpendLog> {
    let spend = SpendLog::new(Arc::clone(table), config.general.retention_days()).waiting(store_wait(config));
    Arc::new(if staleness == KeyStaleness::OnlyWriter { spend.unsharded() } else { spend })
}

/// What a process lets in.
pub struct Intake {
    /// Largest request body in bytes.
    body_bytes_max: usize,
    /// Where callers may call from.
    addresses: CallerAddresses,
    /// What a process that serves everything takes on: a container of a function has one call at a time.
    pub load: Arc<Load>,
}

impl Intake {
    fn of(config: &Config) -> Self {
        let general = &config.general;
        let load = Load::of(general.max_calls_in_flight, general.max_scheduling_delay);
        let allowed = general.allowed_ips.as_ref().map(|networks| networks.clone().into());
        let named = general.proxied.is_enabled.then(|| {
            let headers = general.proxied.headers.values().cloned().collect();
            Arc::new(NamedBy { headers, proxies: general.proxied.proxies.clone().unwrap_or_default() })
        });
        let addresses = CallerAddresses { allowed, named, trusts_proxy: general.use_x_forwarded_for };
        Self { body_bytes_max: general.request_body_bytes_max, addresses, load: Arc::new(load) }
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

fn authorizer(transport: &Arc<dyn Transport>, clock: &Arc<dyn Clock>, environment: &Environment) -> Authorizer {
    let authorizer = Authorizer::new(Arc::clone(transport), Arc::clone(clock));
    #[cfg(feature = "aws")]
    let authorizer = authorizer.with_environment(environment.clone());
    #[cfg(not(feature = "aws"))]
    let _ = environment;
    authorizer
}

fn bounds(config: &Config) -> Bounds {
    let total = config.litellm.request_timeout.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let total = total.filter(|total| !total.is_zero()).unwrap_or(CALL_WAIT);
    Bounds { first_byte: total, between_chunks: SILENCE_WAIT.min(total), total }
}
