//! A gateway as clients see it: the router, over an empty store and a clock that the test moves.

use super::config::config;
use super::probes::health;
use super::sealed::encryption;
use super::served::Served;
use crate::accounting::spend_log::SpendLog;
use crate::admission::ledger::Ledger;
use crate::audit::audited::Audited;
use crate::audit::log::AuditLog;
use crate::auth::authenticate::Authenticator;
use crate::auth::cache::PrincipalCache;
use crate::auth::key_store::KeyStore;
use crate::auth::master::MasterKey;
use crate::auth::records::{Directory, RecordStore};
use crate::auth::sign_in::command_line_store::DoneLogins;
use crate::clock::{Clock, ManualClock, Random, SystemRandom, Timestamp};
use crate::config::sso::SignInAccess;
use crate::credentials::known::KnownCredentials;
use crate::credentials::store::CredentialStore;
use crate::crypto::Sealer;
use crate::crypto::litellm_value::Algorithm;
use crate::crypto::sealer::Keyring;
use crate::flow::admin::audit::{self, AuditAdmin};
use crate::flow::admin::cache_admin::CacheAdmin;
use crate::flow::admin::credentials::CredentialAdmin;
use crate::flow::admin::group_budgets::GroupAdmin;
use crate::flow::admin::keys::key_admin::KeyAdmin;
use crate::flow::admin::keys::rules::KeyRules;
use crate::flow::admin::models::ModelAdmin;
use crate::flow::admin::person::PersonAdmin;
use crate::flow::admin::records::record_admin::RecordAdmin;
use crate::flow::admin::spend::spend_admin::SpendAdmin;
use crate::flow::background::Background;
use crate::flow::maintenance::{Event, Maintenance};
use crate::flow::model_call::{Endpoints, GroupBudgets, HeaderRules, ModelCalls, ProxyLimits, RequestIds};
use crate::flow::sign_in::browser::SignIn;
use crate::flow::sign_in::sealing_key::SealingKey;
use crate::flow::sign_in::settings::SignInSettings;
use crate::money::NanoDollars;
use crate::providers::operation::Operation;
use crate::routing::rules::FailureRules;
use crate::routing::stored::StoredModels;
use crate::routing::tests::{entry, targets};
use crate::routing::{LiveModels, ModelTable};
use crate::secret::Secret;
use crate::store::embedded::EmbeddedTable;
use crate::store::table::Table;
use crate::surface::admin::Administration;
use crate::surface::front::Front;
use crate::surface::gate::Gate;
use crate::surface::router::{Parts, router};
use crate::upstream::identity::authorizer::Authorizer;
use crate::upstream::transport::{Bounds, Transport, TransportError, UpstreamBody};
use async_trait::async_trait;
use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::Response;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tower_service::Service;

pub(super) const MASTER: &str = "sk-master-key-of-the-test";

/// A status and a body.
pub(super) type Answer = (u16, Value);

pub(super) struct Gateway {
    pub(super) clock: Arc<ManualClock>,
    pub(super) log: SpendLog,
    pub(super) records: RecordStore,
    table: Arc<dyn Table>,
    router: Front,
}

/// Nothing here calls an upstream: the models' answers are made up.
struct Unreachable;

#[async_trait]
impl Transport for Unreachable {
    async fn send(&self, _: http::Request<Bytes>, _: Bounds) -> Result<Response<UpstreamBody>, TransportError> {
        panic!("no upstream is called")
    }
}

impl Gateway {
    /// A gateway with an empty store, whose cache may be an hour old: an administrator's change must count at once
    /// all the same.
    pub(super) fn new() -> Self {
        let clock = clock();
        let table = EmbeddedTable::in_memory(clock.clone()).unwrap();
        Self::over(Arc::new(table), clock, KeyRules::default())
    }

    /// The same with the configuration's rules for keys.
    pub(super) fn ruled_by(rules: KeyRules) -> Self {
        let clock = clock();
        let table = EmbeddedTable::in_memory(clock.clone()).unwrap();
        Self::over(Arc::new(table), clock, rules)
    }

    /// The same over a store in a file.
    pub(super) fn at(path: &Path) -> Self {
        let clock = clock();
        let table = EmbeddedTable::open(path, clock.clone()).unwrap();
        Self::over(Arc::new(table), clock, KeyRules::default())
    }

    fn over(table: Arc<dyn Table>, clock: Arc<ManualClock>, rules: KeyRules) -> Self {
        let audit = Arc::new(AuditAdmin::new(AuditLog::new(table.clone())));
        let table: Arc<dyn Table> = Arc::new(Audited::new(table, audit::object, clock.clone()));
        let (store, log) = (KeyStore::new(table.clone()), SpendLog::new(table.clone(), None));
        let records = RecordStore::new(table.clone());
        let cache = Arc::new(PrincipalCache::new(3_600_000, 1000));
        let directory = Arc::new(Directory::new(records.clone(), 3_600_000, 1000));
        let random = Arc::new(SystemRandom);
        let keys = Arc::new(KeyAdmin::new(store.clone(), records.clone(), cache.clone(), random).ruled_by(rules));
        let spend = Arc::new(SpendAdmin::new(log.clone(), store.clone()));
        let record_admin = RecordAdmin::new(
            records.clone(),
            Arc::clone(&keys),
            Arc::clone(&directory),
            Arc::clone(&cache),
            Arc::new(SystemRandom),
        );
        let record_admin = Arc::new(record_admin);
        let people =
            PersonAdmin { records: Arc::clone(&record_admin), spend: Arc::clone(&spend), audit: Arc::clone(&audit) };
        let (models, config) = (Arc::new(models(&table)), Arc::new(config(&table, sealer())));
        let budgets = GroupBudgets::new(Ledger::new(table.clone()), ProxyLimits::default());
        let administration = Administration {
            hub: Arc::default(),
            people: Arc::new(people),
            sign_in: Arc::new(sign_in(&table, (&record_admin, &keys))),
            records: record_admin,
            keys,
            spend,
            encryption: Arc::new(encryption(&table, clock.clone(), sealer())),
            credentials: credentials(&table, &clock),
            groups: Arc::new(GroupAdmin::new(Arc::clone(&models), Arc::clone(&config), budgets)),
            models,
            config,
            audit,
        };
        let master = MasterKey::new(&Secret::new(MASTER));
        let authenticator = Authenticator::new(Some(master), store, cache, directory);
        let calls = calls(authenticator, log.clone(), Ledger::new(table.clone()), clock.clone());
        let health = health(&calls, &table);
        let router = router(Parts {
            gate: Gate { authenticator: Arc::clone(&calls.authenticator), clock: clock.clone() },
            models: Some(Arc::clone(&calls.models)),
            admin: Some((administration, Arc::clone(&calls.models), Arc::clone(&calls.guardrails))),
            calls: Some((calls, &[Operation::Chat, Operation::Messages, Operation::Responses])),
            cache: Some(CacheAdmin { shelf: None }),
            endpoints: None,
            health: Some(health),
            body_bytes_max: 1 << 20,
            load: None,
        });
        Self { clock, log, records, table, router }
    }

    /// As many rounds of maintenance as there is something to do, and what the last did.
    pub(super) async fn maintained(&self) -> String {
        let jobs = Maintenance::new(Arc::clone(&self.table), None, None, self.clock.clone());
        loop {
            let report = jobs.run(&Event::default(), self.clock.now().plus_millis(60_000)).await;
            let report = serde_json::to_string(&report).unwrap();
            if !report.contains("unfinished") {
                return report;
            }
        }
    }

    /// Answers a request with these headers.
    pub(super) async fn call(&self, method: &str, url: &str, headers: &[(String, String)], body: &Value) -> Answer {
        let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(body).unwrap() };
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = self.router.clone().call(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// A call of the administrator that must succeed.
    pub(super) async fn admin(&self, path: &str, body: Value) -> Value {
        let headers = [("authorization".to_owned(), format!("Bearer {MASTER}"))];
        let (status, answer) = self.call("POST", path, &headers, &body).await;
        assert_eq!(status, 200, "{path} {body}: {answer}");
        answer
    }

    /// A call with a bearer token; just the status and the answer.
    pub(super) async fn with_key(&self, key: &str, method: &str, url: &str, body: Value) -> Answer {
        let headers = [("authorization".to_owned(), format!("Bearer {key}"))];
        self.call(method, url, &headers, &body).await
    }
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_millis(1_763_700_000_000)))
}

/// Nobody can sign in.
fn sign_in(table: &Arc<dyn Table>, (records, keys): (&Arc<RecordAdmin>, &Arc<KeyAdmin>)) -> SignIn {
    let settings = SignInSettings {
        base: None,
        admin: None,
        access: SignInAccess::All,
        session_budget: NanoDollars::ZERO,
        key_header: "Authorization".to_owned(),
        logout: None,
        teams_only: false,
        shown: Vec::new(),
    };
    let random: Arc<dyn Random> = Arc::new(SystemRandom);
    let sealer = Keyring::default().sealer(Algorithm::default(), Arc::clone(&random));
    SignIn {
        providers: Vec::new(),
        settings,
        sealing: SealingKey::new(Arc::clone(table), sealer, random),
        logins: DoneLogins::new(Arc::clone(table)),
        records: Arc::clone(records),
        keys: Arc::clone(keys),
    }
}

fn credentials(table: &Arc<dyn Table>, clock: &Arc<ManualClock>) -> Arc<CredentialAdmin> {
    let sealer = sealer();
    let store = CredentialStore::new(Arc::clone(table), sealer);
    let known = Arc::new(KnownCredentials::new(store.clone(), clock.clone(), 0));
    Arc::new(CredentialAdmin::new(store, known, Vec::new()))
}

fn calls(authenticator: Authenticator, log: SpendLog, ledger: Ledger, clock: Arc<dyn Clock>) -> Arc<ModelCalls> {
    let named = |name: &str| {
        let params = json!({"model": "openai/gpt-4o", "mock_response": "Hi", "input_cost_per_token": 0, "output_cost_per_token": 0});
        entry(json!({"model_name": name, "litellm_params": params}))
    };
    let wait = Duration::from_secs(60);
    Arc::new(ModelCalls {
        authenticator: Arc::new(authenticator),
        models: Arc::new(LiveModels::new(
            ModelTable::new(["gpt", "wild/*", "claude"].map(named).to_vec(), targets()).unwrap(),
        )),
        spend: Arc::new(log),
        ledger,
        limits: ProxyLimits::default(),
        failing: FailureRules::default(),
        queue: Arc::default(),
        guardrails: Arc::default(),
        named: None,
        kept: None,
        authorizer: Authorizer::new(Arc::new(Unreachable), clock.clone()),
        transport: Arc::new(Unreachable).into(),
        clock,
        random: Arc::new(SystemRandom),
        ids: RequestIds::new(Arc::new(SystemRandom)),
        sharing: None,
        cache: None,
        admits_in_outage: false,
        files: None,
        headers: HeaderRules::default(),
        endpoints: Endpoints::default(),
        background: Background::default(),
        bounds: Bounds { first_byte: wait, between_chunks: wait, total: wait },
    })
}

fn sealer() -> Sealer {
    Keyring::default().salt(&Secret::new("salt")).sealer(Algorithm::default(), Arc::new(SystemRandom))
}

fn models(table: &Arc<dyn Table>) -> ModelAdmin {
    ModelAdmin::new(StoredModels::new(table.clone(), sealer()), Arc::new(Served), Arc::new(SystemRandom), true)
}
