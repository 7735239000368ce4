//! A gateway as far as administrators see it: authentication, the route's rule, the use case.

use super::answer::{self, Answer};
use crate::accounting::spend_log::SpendLog;
use crate::auth::authenticate::Authenticator;
use crate::auth::cache::PrincipalCache;
use crate::auth::key_store::KeyStore;
use crate::auth::master::MasterKey;
use crate::auth::route::authorize_route;
use crate::clock::{Clock, ManualClock, SystemRandom, Timestamp};
use crate::flow::admin::error::AdminError;
use crate::flow::admin::keys::key_admin::KeyAdmin;
use crate::flow::admin::params::Params;
use crate::flow::admin::spend::spend_admin::SpendAdmin;
use crate::principal::Principal;
use crate::secret::Secret;
use crate::store::embedded::EmbeddedTable;
use crate::store::table::Table;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use std::sync::Arc;

pub(super) const MASTER: &str = "sk-master-key-of-the-test";

pub(super) struct Gateway {
    pub(super) clock: Arc<ManualClock>,
    pub(super) log: SpendLog,
    authenticator: Authenticator,
    keys: KeyAdmin,
    spend: SpendAdmin,
}

impl Gateway {
    /// A gateway with an empty store, whose cache may be an hour old: an administrator's change must count at once
    /// all the same.
    pub(super) fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_763_700_000_000)));
        let table: Arc<dyn Table> = Arc::new(EmbeddedTable::in_memory(clock.clone()).unwrap());
        let (store, log) = (KeyStore::new(table.clone()), SpendLog::new(table, None));
        let cache = Arc::new(PrincipalCache::new(3_600_000, 1000));
        let master = MasterKey::new(&Secret::new(MASTER));
        Self {
            authenticator: Authenticator::new(Some(master), store.clone(), cache.clone()),
            keys: KeyAdmin::new(store.clone(), cache, Arc::new(SystemRandom)),
            spend: SpendAdmin::new(log.clone(), store),
            clock,
            log,
        }
    }

    /// Answers a request with these headers.
    pub(super) async fn call(&self, method: &str, url: &str, headers: &[(String, String)], body: &Value) -> Answer {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let caller = match self.caller(headers).await {
            Ok(caller) => caller,
            Err(refusal) => return refusal,
        };
        if let Err(denied) = authorize_route(&caller, path) {
            return answer::of_route(&denied);
        }
        let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(body).unwrap() };
        let done = self.dispatch(&caller, (method, path), &params(query), &body).await;
        done.map_or_else(|error| answer::of_admin(&error), |value| (200, value))
    }

    /// A call of the administrator that must succeed.
    pub(super) async fn admin(&self, path: &str, body: Value) -> Value {
        let headers = [("authorization".to_owned(), format!("Bearer {MASTER}"))];
        let (status, answer) = self.call("POST", path, &headers, &body).await;
        assert_eq!(status, 200, "{path} {body}: {answer}");
        answer
    }

    /// A call with a bearer token; just the status and the answer.
    pub(super) async fn with_key(&self, key: &str, method: &str, url: &str) -> Answer {
        let headers = [("authorization".to_owned(), format!("Bearer {key}"))];
        self.call(method, url, &headers, &Value::Null).await
    }

    async fn caller(&self, headers: &[(String, String)]) -> Result<Arc<Principal>, Answer> {
        let map: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect();
        self.authenticator.authenticate(&map, self.clock.now()).await.map_err(|error| answer::of_auth(&error))
    }

    async fn dispatch(
        &self,
        actor: &Principal,
        (method, path): (&str, &str),
        params: &Params,
        body: &[u8],
    ) -> Result<Value, AdminError> {
        let now = self.clock.now();
        match (method, path) {
            ("POST", "/key/generate") => self.keys.generate(actor, body, now).await,
            ("POST", "/key/service-account/generate") => self.keys.generate_for_service_account(body),
            ("GET", "/key/info") => self.keys.info(actor, params, now).await,
            ("GET", "/key/list") => self.keys.list(params).await,
            ("GET", "/key/aliases") => self.keys.aliases(params).await,
            ("POST", "/key/update") => self.keys.update(actor, body, now).await,
            ("POST", "/key/delete") => self.keys.delete(body).await,
            ("POST", "/key/block") => self.keys.block(actor, body, now).await,
            ("POST", "/key/unblock") => self.keys.unblock(actor, body, now).await,
            ("POST", "/v2/key/info") => self.keys.info_of_many(actor, body, now).await,
            ("POST", "/global/spend/reset") => self.keys.reset_all_spend().await,
            ("GET", "/spend/logs") => self.spend.logs(params, now).await,
            ("GET", "/spend/logs/v2") => self.spend.logs_page(params, now).await,
            ("GET", "/spend/keys") => self.spend.keys().await,
            ("GET", "/global/spend") => self.spend.global().await,
            ("GET", "/global/spend/keys") => self.spend.global_keys(params).await,
            ("GET", "/global/spend/models") => self.spend.global_models(params, now).await,
            ("POST", "/v1/chat/completions") => Ok(Value::Null),
            _ => match path.strip_prefix("/key/").and_then(|rest| rest.strip_suffix("/reset_spend")) {
                Some(key) => self.keys.reset_spend(key, body).await,
                None => panic!("no such route: {method} {path}"),
            },
        }
    }
}

fn params(query: &str) -> Params {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    Params::new(pairs.map(|(name, value)| (name.to_owned(), value.replace("%20", " "))))
}
