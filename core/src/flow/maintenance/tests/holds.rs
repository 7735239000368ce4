//! Calls whose process died: charged what they held, once, and corrected where the settlement comes after all.

use super::*;
use crate::accounting::release::Release;
use crate::accounting::spend_log::{Settled, totals_key};
use crate::admission::hold::{Hold, SHARDS};
use crate::admission::ledger::Ledger;
use crate::admission::limits::{Budget, Counter, Demand, ScopeLimits, Tokens, Wording};
use crate::flow::maintenance::report::Status;
use crate::store::faulty::{Fault, FaultyTable, Plan};
use crate::store::table::TRANSACTION_WRITES_MAX;
use crate::usage::Usage;

struct Crashed {
    table: Arc<dyn Table>,
    maintenance: Maintenance,
    spend: SpendLog,
    clock: Arc<ManualClock>,
    demand: Demand,
    hold: Hold,
    row: SpendRow,
}

/// A call that holds 500 nano-dollars of a budget of 1,000 and one of one request in flight, for a minute.
async fn crashed() -> Crashed {
    let clock = Arc::new(ManualClock::at(NOW));
    let table: Arc<dyn Table> = Arc::new(EmbeddedTable::in_memory(Arc::clone(&clock) as Arc<dyn Clock>).unwrap());
    let spend = SpendLog::new(Arc::clone(&table), None);
    let key = key_hash::hash("sk-1");
    let row = SpendRow {
        request_id: RequestId::at(NOW, &[9; 10]),
        key: key.clone(),
        cost: NanoDollars::new(500),
        details: SpendDetails {
            started_at: NOW,
            usage: Usage { prompt_tokens: 100, ..Usage::default() },
            ..SpendDetails::default()
        },
    };
    let budget = Budget {
        counter: Counter::Totals(totals_key(&key)),
        limit: NanoDollars::new(1_000),
        owner: String::new(),
        wording: Wording::Exceeded,
        resets_at: None,
    };
    let scope = ScopeLimits { budget: Some(budget), parallel: Some(1), ..ScopeLimits::new("api_key", key.as_str()) };
    let demand = Demand {
        totals: Vec::new(),
        is_bound: false,
        id: row.request_id,
        scopes: vec![scope],
        cost: row.cost,
        tokens: Tokens { input: 100, output: 0, is_bounded: true },
        lasts_millis: 60_000,
        unsettled: row.to_item(None, 1),
    };
    let hold = Ledger::new(Arc::clone(&table)).reserve(demand.clone(), NOW).await.unwrap();
    let maintenance = Maintenance::new(Arc::clone(&table), None, None, Arc::clone(&clock) as Arc<dyn Clock>);
    Crashed { table, maintenance, spend, clock, demand, hold, row }
}

impl Crashed {
    async fn run(&self) -> JobReport {
        let event = Event { task: Task::One(Job::ExpiredHolds), ..Event::default() };
        self.maintenance.run(&event, LATER).await.jobs.remove(0)
    }

    /// What the key has spent, and what counts against its budget.
    async fn totals(&self) -> (i64, i64) {
        let item = self.table.get(&totals_key(&self.row.key), Freshness::Latest).await.unwrap().unwrap();
        (item.number("spend").unwrap_or(0), item.number("used").unwrap_or(0))
    }

    async fn tokens(&self) -> i64 {
        let item = self.table.get(&totals_key(&self.row.key), Freshness::Latest).await.unwrap().unwrap();
        item.number("tokens").unwrap_or(0)
    }

    fn release(&self) -> Release {
        Release {
            counters: Vec::new(),
            totals: self.hold.totals().map(|(key, nanos)| (key.clone(), NanoDollars::new(nanos))).collect(),
            ended: self.hold.ended(),
            ..Release::default()
        }
    }
}

#[tokio::test]
async fn a_call_under_way_is_left_alone() {
    let crashed = crashed().await;
    assert_eq!(crashed.run().await.done, 0);
    assert_eq!(crashed.totals().await, (0, 500));
}

#[tokio::test]
async fn a_call_left_behind_is_charged_what_it_held_once() {
    let crashed = crashed().await;
    crashed.clock.advance_millis(60_000);
    assert_eq!(crashed.run().await.done, 1);
    assert_eq!(crashed.run().await.done, 0);
    assert_eq!(crashed.totals().await, (500, 500));
    assert_eq!(crashed.spend.find(crashed.row.request_id).await.unwrap().unwrap().cost.nanos(), 500);
}

#[tokio::test]
async fn a_late_settlement_corrects_the_charge_once() {
    let crashed = crashed().await;
    crashed.clock.advance_millis(60_000);
    crashed.run().await;
    assert_eq!(crashed.tokens().await, 100);
    let mut settled = SpendRow { cost: NanoDollars::new(120), ..crashed.row.clone() };
    settled.details.usage.prompt_tokens = 24;
    assert_eq!(crashed.spend.settle_held(&settled, crashed.release()).await.unwrap(), Settled::Now);
    assert_eq!(crashed.spend.settle_held(&settled, crashed.release()).await.unwrap(), Settled::Before);
    assert_eq!(crashed.totals().await, (120, 120));
    assert_eq!(crashed.tokens().await, 24);
    assert_eq!(crashed.run().await.done, 0);
}

#[tokio::test]
async fn a_hold_whose_call_was_charged_without_it_is_given_back() {
    let crashed = crashed().await;
    let settled = SpendRow { cost: NanoDollars::new(120), ..crashed.row.clone() };
    crashed.spend.settle(&settled).await.unwrap();
    assert_eq!(crashed.totals().await, (120, 620));
    crashed.clock.advance_millis(60_000);
    assert_eq!(crashed.run().await.done, 0);
    assert_eq!(crashed.totals().await, (120, 120));
}

#[tokio::test]
async fn a_settled_call_gives_back_what_it_did_not_use() {
    let crashed = crashed().await;
    let settled = SpendRow { cost: NanoDollars::new(120), ..crashed.row.clone() };
    crashed.spend.settle_held(&settled, crashed.release()).await.unwrap();
    assert_eq!(crashed.totals().await, (120, 120));
    crashed.clock.advance_millis(60_000);
    assert_eq!(crashed.run().await.done, 0);
}

#[tokio::test]
async fn a_reservation_that_arrives_again_after_its_settlement_is_given_back() {
    let crashed = crashed().await;
    let settled = SpendRow { cost: NanoDollars::new(120), ..crashed.row.clone() };
    crashed.spend.settle_held(&settled, crashed.release()).await.unwrap();
    Ledger::new(Arc::clone(&crashed.table)).reserve(crashed.demand.clone(), NOW).await.unwrap();
    assert_eq!(crashed.totals().await, (120, 620));
    crashed.clock.advance_millis(60_000);
    crashed.run().await;
    assert_eq!(crashed.totals().await, (120, 120));
    assert_eq!(crashed.run().await.examined, 0);
}

#[tokio::test]
async fn a_settlement_without_an_answer_does_not_take_the_charged_reservation_for_its_own() {
    let crashed = crashed().await;
    crashed.clock.advance_millis(60_000);
    crashed.run().await;
    let lost = FaultyTable::new(Arc::clone(&crashed.table), Plan::script([Some(Fault::LostRequest)]));
    let settled = SpendRow { cost: NanoDollars::new(120), ..crashed.row.clone() };
    let spend = SpendLog::new(Arc::new(lost), None);
    assert_eq!(spend.settle_held(&settled, crashed.release()).await.unwrap(), Settled::Now);
    assert_eq!(crashed.totals().await, (120, 120));
}

#[tokio::test]
async fn a_call_without_limits_that_is_left_behind_is_charged_wherever_it_counts_and_given_back_nothing() {
    let crashed = crashed().await;
    crashed.spend.settle_held(&crashed.row, crashed.release()).await.unwrap();
    let (team, id) = (Key::new("TEAM#t", "SPEND"), RequestId::at(NOW, &[8; 10]));
    let row = SpendRow { request_id: id, ..crashed.row.clone() };
    let (scopes, totals, unsettled) = (Vec::new(), vec![team.clone()], row.to_item(None, 1));
    let demand = Demand { id, scopes, totals, unsettled, ..crashed.demand.clone() };
    let ledger = Ledger::new(Arc::clone(&crashed.table));
    ledger.trace(demand.clone(), NOW).await.unwrap();
    assert!(ledger.trace(demand, NOW).await.is_err(), "there is one already");
    assert_eq!(crashed.totals().await, (500, 500));
    crashed.clock.advance_millis(60_000);
    assert_eq!((crashed.run().await.done, crashed.run().await.done), (1, 0));
    assert_eq!(crashed.totals().await, (1_000, 1_000));
    let team = crashed.table.get(&team, Freshness::Latest).await.unwrap().unwrap();
    assert_eq!((team.number("spend"), team.number("used")), (Some(500), Some(500)));
}

#[tokio::test]
async fn a_hold_that_cannot_be_charged_does_not_keep_others_from_being_charged() {
    let crashed = crashed().await;
    // It is charged in more places than one transaction has room for. Held by a call of the same shard, which came first.
    let request_id = RequestId::at(NOW.plus_millis(-1), &[9; 10]);
    let row = SpendRow { request_id, ..crashed.row.clone() };
    let totals = (0..TRANSACTION_WRITES_MAX).map(|number| Key::new(format!("TAG#{number}"), "SPEND")).collect();
    let (scopes, unsettled) = (Vec::new(), row.to_item(None, 1));
    let demand = Demand { id: request_id, totals, scopes, unsettled, ..crashed.demand.clone() };
    Ledger::new(Arc::clone(&crashed.table)).reserve(demand, NOW).await.unwrap();
    crashed.clock.advance_millis(60_000);
    let report = crashed.run().await;
    assert_eq!((report.status, report.error), (Status::Finished, None));
    assert_eq!((report.examined, report.done, report.passed_over), (2, 1, 1));
    assert_eq!(crashed.totals().await, (500, 500));
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_store_ends_the_run() {
    let crashed = crashed().await;
    crashed.clock.advance_millis(60_000);
    // The shards before it are read, and its own; then the store is gone.
    let shards = usize::from(crashed.row.request_id.shard() % SHARDS) + 1;
    let faults = std::iter::repeat_n(None, shards).chain(std::iter::repeat_n(Some(Fault::Unavailable), 10_000));
    let table: Arc<dyn Table> = Arc::new(FaultyTable::new(Arc::clone(&crashed.table), Plan::script(faults)));
    let maintenance = Maintenance::new(table, None, None, Arc::clone(&crashed.clock) as Arc<dyn Clock>);
    let report = run_one(&maintenance, Job::ExpiredHolds, LATER).await;
    assert_eq!((report.status, report.passed_over), (Status::Failed, 0));
}
