//! The real thing over any table: the ledger, the spend log, the key store and the jobs of maintenance, called one after
//! the other as the flow calls them.

use crate::model::{Answer, Limit, Limits, Wish};
use crate::steps::Which;
use postern_core::accounting::release::Release;
use postern_core::accounting::spend_log::{Settled, SpendLog, totals_key};
use postern_core::accounting::spend_row::{SpendDetails, SpendRow};
use postern_core::admission::hold::Hold;
use postern_core::admission::ledger::Ledger;
use postern_core::admission::limits::{Budget, Counter, Demand, ScopeLimits, Tokens, Wording};
use postern_core::admission::refusal::{Rate, Refusal};
use postern_core::auth::budget_period::{BudgetPeriods, Budgeted};
use postern_core::auth::key_record::KeyRecord;
use postern_core::auth::key_store::KeyStore;
use postern_core::clock::{Clock, ManualClock};
use postern_core::flow::maintenance::job::Job;
use postern_core::flow::maintenance::{Event, Maintenance, Task};
use postern_core::id::{KeyHash, RequestId};
use postern_core::limits::BudgetPeriod;
use postern_core::money::NanoDollars;
use postern_core::store::item::Key;
use postern_core::store::table::{Freshness, Table};
use postern_core::usage::Usage;
use std::sync::Arc;

/// The real thing.
pub(crate) struct Real {
    pub(crate) table: Arc<dyn Table>,
    clock: Arc<ManualClock>,
    keys: KeyStore,
    periods: BudgetPeriods,
    ledger: Ledger,
    spend: SpendLog,
    maintenance: Maintenance,
    /// Sets the cases that share a table apart.
    case: u8,
    calls: u16,
}

/// What stands in the table for one scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) used: i64,
    pub(crate) charged: i64,
    /// Whether its budget is counted apart, where what is charged is not told from what is held.
    pub(crate) is_apart: bool,
    /// Start, requests, tokens.
    pub(crate) window: Option<(i64, i64, i64)>,
    pub(crate) parallel: i64,
}

/// A call that was let in.
pub(crate) struct Held {
    hold: Hold,
    key: KeyHash,
}

impl Real {
    pub(crate) fn new(table: Arc<dyn Table>, clock: Arc<ManualClock>, case: u8) -> Self {
        let now = Arc::clone(&clock) as Arc<dyn Clock>;
        Self {
            keys: KeyStore::new(Arc::clone(&table)),
            periods: BudgetPeriods::new(Arc::clone(&table)),
            ledger: Ledger::new(Arc::clone(&table)),
            spend: SpendLog::new(Arc::clone(&table), None),
            maintenance: Maintenance::new(Arc::clone(&table), None, None, now),
            table,
            clock,
            case,
            calls: 0,
        }
    }

    /// The hash of the case's key.
    pub(crate) fn hash(&self, key: usize) -> KeyHash {
        let mut digest = [self.case; 32];
        digest[31] = u8::try_from(key).expect("few keys");
        KeyHash::of_digest(&digest)
    }

    /// Makes a key that has no limits yet.
    pub(crate) async fn make_key(&self, key: usize) {
        let name = format!("sk-...{key:04}");
        let record = KeyRecord::new(self.hash(key), name, self.clock.now(), None);
        self.keys.create(&record, NanoDollars::ZERO).await.expect("a new key");
    }

    async fn record(&self, key: usize) -> KeyRecord {
        self.keys.get(&self.hash(key)).await.expect("a read").expect("the key").record
    }

    async fn change(&self, key: usize, change: impl FnOnce(&mut KeyRecord)) {
        let before = self.record(key).await;
        let mut after = before.clone();
        change(&mut after);
        if after != before {
            self.keys.update(&before, &after).await.expect("an update");
        }
    }

    pub(crate) async fn set_limit(&self, key: usize, which: Which, to: Option<i64>) {
        self.change(key, |record| match which {
            Which::Budget => record.limits.max_budget = to.map(NanoDollars::new),
            Which::Requests => record.limits.rpm_limit = to,
            Which::Tokens => record.limits.tpm_limit = to,
            Which::Parallel => record.limits.max_parallel_requests = to,
        })
        .await;
    }

    pub(crate) async fn set_period(&self, key: usize, period: Option<&str>) {
        let now = self.clock.now();
        self.change(key, |record| {
            let period = period.map(|text| BudgetPeriod::parse(text).expect("a period"));
            record.limits.budget_reset_at = period.as_ref().map(|period| period.next_reset(now));
            record.limits.budget_duration = period;
        })
        .await;
    }

    /// When the present period of the key's budget ends.
    pub(crate) async fn period_end(&self, key: usize) -> Option<i64> {
        self.record(key).await.limits.budget_reset_at.map(postern_core::clock::Timestamp::millis)
    }

    pub(crate) async fn block(&self, key: usize, blocked: bool) {
        self.keys.set_blocked(&self.hash(key), blocked, None, self.clock.now()).await.expect("the key");
    }

    pub(crate) async fn is_blocked(&self, key: usize) -> bool {
        self.record(key).await.is_blocked()
    }

    /// What the record says that the key is limited to.
    pub(crate) async fn limits(&self, key: usize) -> Limits {
        let record = self.record(key).await.limits;
        Limits {
            budget: record.max_budget.map(NanoDollars::nanos),
            requests: record.rpm_limit,
            tokens: record.tpm_limit,
            parallel: record.max_parallel_requests,
        }
    }

    pub(crate) async fn reserve(&mut self, key: usize, wish: &Wish) -> Result<Held, Answer> {
        let now = self.clock.now();
        let hash = self.hash(key);
        if wish.scopes.first().is_some_and(|(_, limits)| limits.budget.is_some()) {
            self.periods.begin(&Budgeted::Key(hash.clone()), now).await.expect("a period");
        }
        self.calls += 1;
        let [high, low] = self.calls.to_be_bytes();
        let id = RequestId::at(now, &[self.case, 0, 0, 0, 0, 0, 0, 0, high, low]);
        let usage = Usage { prompt_tokens: 1, ..Usage::default() };
        let unsettled = self.row(id, &hash, wish.charged_unsettled(), usage);
        let demand = Demand {
            id,
            scopes: wish.scopes.iter().map(|(name, limits)| self.scope(name, limits, &hash)).collect(),
            totals: Vec::new(),
            is_bound: wish.is_bound,
            cost: NanoDollars::new(wish.cost),
            tokens: Tokens { input: wish.input, output: wish.output, is_bounded: wish.is_bounded },
            lasts_millis: wish.lasts,
            unsettled: unsettled.to_item(None, 1),
        };
        match self.ledger.reserve(demand, now).await {
            Ok(hold) => Ok(Held { hold, key: hash }),
            Err(Refusal::Budget { owner, .. }) => Err(Answer::Refused { scope: owner, limit: Limit::Budget }),
            Err(Refusal::Rate { kind: "api_key", rate, .. }) => Err(refused(format!("key-{key}"), rate)),
            Err(Refusal::Rate { id, rate, .. }) => {
                let scope = id.rsplit('/').next().unwrap_or_default().to_owned();
                Err(refused(scope, rate))
            }
            Err(other) => panic!("a store without faults: {other}"),
        }
    }

    /// Settles a call, and settles it again, which must do nothing.
    pub(crate) async fn settle(&self, held: &Held, cost: i64, tokens: u64) {
        let usage = Usage { prompt_tokens: tokens, ..Usage::default() };
        let row = self.row(held.hold.id, &held.key, cost, usage);
        let hold = &held.hold;
        let owned = |(key, nanos): (&Key, i64)| (key.clone(), NanoDollars::new(nanos));
        let release = || Release {
            totals: hold.totals().map(owned).collect(),
            counters: hold.counters().map(owned).collect(),
            ended: hold.ended(),
            corrected: hold.corrected(i64::try_from(tokens).unwrap_or(i64::MAX), self.clock.now()),
            trace: None,
        };
        self.spend.settle_held(&row, release()).await.expect("a settlement");
        assert_eq!(self.spend.settle_held(&row, release()).await.expect("a settlement"), Settled::Before);
    }

    /// Voids a call, and voids it again, which must do nothing.
    pub(crate) async fn void(&self, held: &Held) {
        for _ in 0..2 {
            self.ledger.void(&held.hold, self.clock.now()).await.expect("a void");
        }
    }

    /// Runs a job, and runs it again, which must do nothing.
    pub(crate) async fn maintain(&self, job: Job) {
        for _ in 0..2 {
            let event = Event { task: Task::One(job), ..Event::default() };
            let report = self.maintenance.run(&event, self.clock.now().plus_millis(600_000)).await;
            assert!(report.jobs.iter().all(|job| job.error.is_none()), "{report:?}");
        }
    }

    /// What stands in the table for the scope.
    pub(crate) async fn see(&self, name: &str) -> Seen {
        let key = name.strip_prefix("key-").and_then(|number| number.parse().ok());
        let (kind, id) = match key {
            Some(key) => ("api_key", self.hash(key).to_string()),
            None => ("team", self.shared(name)),
        };
        let read = async |key: Key| self.table.get(&key, Freshness::Latest).await.expect("a read");
        let totals = match key {
            Some(key) => read(totals_key(&self.hash(key))).await,
            None => read(self.counter(name).key().clone()).await,
        };
        let window = read(Key::new(format!("RATE#{kind}#{id}"), "WINDOW")).await;
        let parallel = read(Key::new(format!("RATE#{kind}#{id}"), "PARALLEL")).await;
        let total = |name| totals.as_ref().and_then(|item| item.number(name)).unwrap_or(0);
        Seen {
            used: total("used"),
            charged: total("spend") + total("spend_adjustment"),
            is_apart: key.is_none() && matches!(self.counter(name), Counter::Period { .. }),
            window: window
                .and_then(|item| Some((item.number("start")?, item.number("requests")?, item.number("tokens")?))),
            parallel: parallel.and_then(|item| item.number("count")).unwrap_or(0),
        }
    }

    fn scope(&self, name: &str, limits: &Limits, hash: &KeyHash) -> ScopeLimits {
        let is_key = name.starts_with("key-");
        let budget = limits.budget.map(|limit| Budget {
            counter: if is_key { Counter::Totals(totals_key(hash)) } else { self.counter(name) },
            limit: NanoDollars::new(limit),
            owner: name.to_owned(),
            wording: Wording::Exceeded,
            resets_at: None,
        });
        let (kind, id) = if is_key { ("api_key", hash.to_string()) } else { ("team", self.shared(name)) };
        let Limits { requests, tokens, parallel, .. } = *limits;
        ScopeLimits { budget, requests, tokens, parallel, ..ScopeLimits::new(kind, id) }
    }

    /// Where the budget of a shared scope is counted: with running totals, or apart.
    fn counter(&self, name: &str) -> Counter {
        let place = |sort| Key::new(format!("SHARED#{}", self.shared(name)), sort);
        if name == "shared-0" {
            Counter::Period { key: place("ALL"), expires_at: None }
        } else {
            Counter::Totals(place("SPEND"))
        }
    }

    fn shared(&self, name: &str) -> String {
        format!("{}/{name}", self.case)
    }

    fn row(&self, request_id: RequestId, key: &KeyHash, cost: i64, usage: Usage) -> SpendRow {
        let details = SpendDetails {
            started_at: request_id.arrived(),
            ended_at: self.clock.now(),
            usage,
            ..SpendDetails::default()
        };
        SpendRow { request_id, key: key.clone(), cost: NanoDollars::new(cost), details }
    }
}

fn refused(scope: String, rate: Rate) -> Answer {
    let limit = match rate {
        Rate::Requests => Limit::Requests,
        Rate::Tokens => Limit::Tokens,
        Rate::Parallel => Limit::Parallel,
    };
    Answer::Refused { scope, limit }
}
