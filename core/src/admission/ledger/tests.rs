//! Limits hold under any number of calls at once, whatever the store does.

use super::*;
use crate::admission::counters::USED;
use crate::admission::limits::{Budget, Counter, ScopeLimits, Tokens, Wording};
use crate::admission::refusal::Rate;
use crate::clock::{Clock, ManualClock};
use crate::money::NanoDollars;
use crate::store::embedded::EmbeddedTable;
use crate::store::faulty::{Fault, FaultyTable, Plan};
use crate::store::item::Key;
use futures_util::future::join_all;

const START: Timestamp = Timestamp::from_millis(1_763_700_000_000);

struct Fixture {
    ledger: Ledger,
    table: Arc<FaultyTable>,
    clock: Arc<ManualClock>,
}

fn fixture() -> Fixture {
    let clock = Arc::new(ManualClock::at(START));
    let store = Arc::new(EmbeddedTable::in_memory(Arc::clone(&clock) as Arc<dyn Clock>).unwrap());
    let table = Arc::new(FaultyTable::new(store, Plan::script([])));
    Fixture { ledger: Ledger::new(table.clone()), table, clock }
}

fn totals() -> Key {
    Key::new("KEY#k", "SPEND")
}

fn budget(nanos: i64) -> ScopeLimits {
    let budget = Budget {
        counter: Counter::Totals(totals()),
        limit: NanoDollars::new(nanos),
        owner: "Key=k".to_owned(),
        wording: Wording::Exceeded,
        resets_at: None,
    };
    ScopeLimits { budget: Some(budget), ..ScopeLimits::new("api_key", "k") }
}

fn rates(requests: Option<i64>, tokens: Option<i64>, parallel: Option<i64>) -> ScopeLimits {
    ScopeLimits { requests, tokens, parallel, ..ScopeLimits::new("api_key", "k") }
}

fn demand(call: u16, scopes: &[ScopeLimits], cost: i64, tokens: i64) -> Demand {
    let [high, low] = call.to_be_bytes();
    let id = RequestId::at(START, &[0, 0, 0, 0, 0, 0, 0, 0, high, low]);
    Demand {
        id,
        scopes: scopes.to_vec(),
        totals: Vec::new(),
        is_bound: false,
        cost: NanoDollars::new(cost),
        tokens: Tokens { input: tokens, output: 0, is_bounded: true },
        lasts_millis: 60_000,
        unsettled: Item::new(Key::new("unused", "unused")).with("spend", cost),
    }
}

impl Fixture {
    async fn reserve(&self, call: u16, scopes: &[ScopeLimits], cost: i64, tokens: i64) -> Result<Hold, Refusal> {
        self.ledger.reserve(demand(call, scopes, cost, tokens), self.clock.now()).await
    }

    async fn used(&self) -> i64 {
        let item = self.table.get(&totals(), Freshness::Latest).await.unwrap();
        item.and_then(|item| item.number(USED)).unwrap_or(0)
    }
}

fn rate(refusal: Refusal) -> (Rate, i64, i64) {
    match refusal {
        Refusal::Rate { rate, remaining, retry_after, .. } => (rate, remaining, retry_after),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn of_many_calls_at_once_a_budget_admits_as_many_as_it_is_worth() {
    let fixture = fixture();
    let scopes = [budget(100)];
    let reserved = join_all((0..500).map(|call| fixture.reserve(call, &scopes, 10, 1))).await;
    assert_eq!(reserved.iter().filter(|reserved| reserved.is_ok()).count(), 10);
    assert_eq!(fixture.used().await, 100);
    let refusal = reserved.into_iter().find_map(Result::err).unwrap();
    assert!(matches!(refusal, Refusal::Budget { used, .. } if used.nanos() == 100));
}

#[tokio::test]
async fn a_budget_smaller_than_a_call_is_one_calls_alone() {
    let fixture = fixture();
    let scopes = [budget(5)];
    let hold = fixture.reserve(1, &scopes, 1_000, 1).await.unwrap();
    assert_eq!(hold.totals().map(|(_, nanos)| nanos).collect::<Vec<_>>(), [5]);
    assert!(fixture.reserve(2, &scopes, 1_000, 1).await.is_err());
}

#[tokio::test]
async fn an_empty_budget_admits_not_even_what_costs_nothing() {
    let fixture = fixture();
    let refusal = fixture.reserve(1, &[budget(0)], 0, 1).await.unwrap_err();
    assert_eq!(refusal.to_string(), "Budget has been exceeded! Key=k Current cost: 0.0, Max budget: 0.0");
}

#[tokio::test]
async fn a_window_lasts_a_minute_from_its_first_request() {
    let fixture = fixture();
    let scopes = [rates(Some(2), None, None)];
    let reserved = join_all((0..50).map(|call| fixture.reserve(call, &scopes, 0, 1))).await;
    assert_eq!(reserved.iter().filter(|reserved| reserved.is_ok()).count(), 2);
    fixture.clock.advance_millis(59_999);
    assert_eq!(rate(fixture.reserve(100, &scopes, 0, 1).await.unwrap_err()), (Rate::Requests, 0, 1));
    fixture.clock.advance_millis(1);
    let reserved = join_all((101..150).map(|call| fixture.reserve(call, &scopes, 0, 1))).await;
    assert_eq!(reserved.iter().filter(|reserved| reserved.is_ok()).count(), 2);
}

/// How many steps of the store it took.
async fn steps(fixture: &Fixture, ledger: &Ledger, call: u16, scopes: &[ScopeLimits]) -> usize {
    // Calls that go through take a step of the script, too.
    fixture.table.follow(Plan::script(vec![None; 10]));
    ledger.reserve(demand(call, scopes, 0, 1), fixture.clock.now()).await.unwrap();
    10 - fixture.table.steps_left()
}

#[tokio::test]
async fn the_process_that_opens_a_scopes_windows_opens_the_next_in_one_step() {
    let fixture = fixture();
    let scopes = [rates(Some(5), None, None), ScopeLimits { requests: Some(5), ..ScopeLimits::new("team", "t") }];
    let other = Ledger::new(fixture.table.clone());
    assert_eq!(steps(&fixture, &fixture.ledger, 1, &scopes).await, 1, "the first windows of all");
    assert_eq!(steps(&fixture, &fixture.ledger, 2, &scopes).await, 1);
    for minute in 1..4 {
        fixture.clock.advance_millis(60_000 * minute);
        assert_eq!(steps(&fixture, &fixture.ledger, 10 + minute as u16, &scopes).await, 1);
        // The other process takes the first windows that it meets for over, and is wrong once for both.
        let others = if minute == 1 { 2 } else { 1 };
        assert_eq!(steps(&fixture, &other, 20 + minute as u16, &scopes).await, others);
    }
    // Where another was faster the guess is wrong, once, and counts nothing.
    fixture.clock.advance_millis(60_000);
    assert_eq!(steps(&fixture, &other, 30, &scopes[..1]).await, 2);
    assert_eq!(steps(&fixture, &fixture.ledger, 31, &scopes[..1]).await, 2);
    assert_eq!(steps(&fixture, &fixture.ledger, 32, &scopes[..1]).await, 1);
    let rest = join_all((40..60).map(|call| fixture.reserve(call, &scopes[..1], 0, 1))).await;
    assert_eq!(rest.iter().filter(|reserved| reserved.is_ok()).count(), 2);
}

#[tokio::test]
async fn processes_that_take_turns_at_rare_calls_open_each_window_in_one_step() {
    let fixture = fixture();
    let scopes = [rates(Some(1), None, None)];
    let processes = [fixture.ledger.clone(), Ledger::new(fixture.table.clone())];
    for (call, process) in (1..9).zip(processes.iter().cycle()) {
        assert_eq!(steps(&fixture, process, call, &scopes).await, 1, "call {call}");
        fixture.clock.advance_millis(90_000);
    }
}

#[tokio::test]
async fn containers_that_were_frozen_since_they_looked_at_the_clock_share_one_window() {
    let fixture = fixture();
    let (scopes, looked_at) = ([rates(Some(2), None, None)], fixture.clock.now());
    fixture.clock.advance_millis(600_000);
    let thawed = |call| fixture.ledger.reserve(demand(call, &scopes, 0, 1), looked_at);
    let reserved = [thawed(1).await, thawed(2).await, thawed(3).await, thawed(4).await];
    assert_eq!(reserved.iter().filter(|reserved| reserved.is_ok()).count(), 2);
}

#[tokio::test]
async fn tokens_are_counted_before_they_are_used_and_a_large_call_has_a_window_alone() {
    let fixture = fixture();
    let scopes = [rates(None, Some(100), None)];
    fixture.reserve(1, &scopes, 0, 60).await.unwrap();
    assert_eq!(rate(fixture.reserve(2, &scopes, 0, 60).await.unwrap_err()), (Rate::Tokens, 40, 60));
    fixture.reserve(3, &scopes, 0, 40).await.unwrap();
    fixture.clock.advance_millis(60_000);
    fixture.reserve(4, &scopes, 0, 5_000).await.unwrap();
    assert_eq!(rate(fixture.reserve(5, &scopes, 0, 1).await.unwrap_err()), (Rate::Tokens, 0, 60));
}

#[tokio::test]
async fn a_refused_call_is_counted_nowhere() {
    let fixture = fixture();
    let scopes = [budget(100), ScopeLimits { requests: Some(1), ..ScopeLimits::new("model_per_key", "k:m") }];
    fixture.reserve(1, &scopes, 10, 1).await.unwrap();
    assert!(fixture.reserve(2, &scopes, 10, 1).await.is_err());
    assert_eq!(fixture.used().await, 10);
}

#[tokio::test]
async fn what_is_void_is_given_back_once() {
    let fixture = fixture();
    let scopes = [budget(100), rates(None, Some(50), Some(1))];
    let hold = fixture.reserve(1, &scopes, 100, 50).await.unwrap();
    assert_eq!(rate(fixture.reserve(2, &scopes[1..], 0, 1).await.unwrap_err()).0, Rate::Tokens);
    for _ in 0..2 {
        fixture.ledger.void(&hold, fixture.clock.now()).await.unwrap();
    }
    assert_eq!(fixture.used().await, 0);
    fixture.reserve(3, &scopes, 100, 50).await.unwrap();
}

#[tokio::test]
async fn a_call_that_was_made_and_used_nothing_stays_counted_and_one_that_was_never_made_does_not() {
    for limits in [rates(Some(1), None, None), rates(Some(1), Some(50), None)] {
        let fixture = fixture();
        let scopes = [limits];
        let hold = fixture.reserve(1, &scopes, 0, 50).await.unwrap();
        fixture.ledger.void(&hold, START).await.unwrap();
        assert_eq!(rate(fixture.reserve(2, &scopes, 0, 50).await.unwrap_err()).0, Rate::Requests);
        let fixture = self::fixture();
        fixture.reserve(1, &scopes, 0, 50).await.unwrap();
        for is_held in [true, false] {
            assert_eq!(fixture.ledger.void_unanswered(demand(1, &[], 0, 0).id, START).await.unwrap(), is_held);
        }
        fixture.reserve(2, &scopes, 0, 50).await.unwrap();
        assert_eq!(rate(fixture.reserve(3, &scopes, 0, 50).await.unwrap_err()).0, Rate::Requests);
    }
}

#[tokio::test]
async fn a_void_hold_of_an_old_window_leaves_the_new_one_alone() {
    let fixture = fixture();
    let scopes = [rates(None, Some(50), None)];
    let hold = fixture.reserve(1, &scopes, 0, 50).await.unwrap();
    fixture.clock.advance_millis(60_000);
    fixture.reserve(2, &scopes, 0, 50).await.unwrap();
    fixture.ledger.void(&hold, fixture.clock.now()).await.unwrap();
    assert!(fixture.reserve(3, &scopes, 0, 1).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_reservation_whose_answer_is_lost_counts_once() {
    let fixture = fixture();
    fixture.table.follow(Plan::script([Some(Fault::LostAnswer), Some(Fault::Unavailable)]));
    fixture.reserve(1, &[budget(100)], 60, 1).await.unwrap();
    assert_eq!(fixture.used().await, 60);
}

#[tokio::test(start_paused = true)]
async fn without_the_store_nothing_is_admitted() {
    let fixture = fixture();
    fixture.table.follow(Plan::script(vec![Some(Fault::Unavailable); 40]));
    assert!(matches!(fixture.reserve(1, &[budget(100)], 60, 1).await, Err(Refusal::Unavailable(_))));
}

/// A table that takes what it is given and never says so.
struct Silent(Arc<dyn Table>);

#[async_trait::async_trait]
impl Table for Silent {
    async fn get(&self, _: &Key, _: Freshness) -> Result<Option<Item>, ReadError> {
        std::future::pending().await
    }

    async fn query(&self, _: &Query) -> Result<crate::store::table::Page, ReadError> {
        std::future::pending().await
    }

    async fn write(&self, _: Write) -> Result<Option<Item>, WriteError> {
        std::future::pending().await
    }

    async fn transact(
        &self,
        token: Option<crate::store::table::IdempotencyToken>,
        writes: Vec<Write>,
    ) -> Result<(), WriteError> {
        self.0.transact(token, writes).await?;
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_says_nothing_is_waited_for_a_quarter_of_a_second_from_the_calls_arrival() {
    for (waited, most) in [(0, 250), (150, 100), (10_000, 70)] {
        let fixture = fixture();
        fixture.reserve(0, &[budget(100)], 10, 1).await.unwrap();
        let ledger = Ledger::new(Arc::new(Silent(fixture.table.clone())));
        let began = Instant::now();
        let refused = ledger.reserve(demand(1, &[budget(100)], 60, 1), START.plus_millis(waited)).await;
        assert!(matches!(refused, Err(Refusal::Unavailable(failure)) if failure.is_outage()));
        assert!(began.elapsed() <= Duration::from_millis(most), "{:?}", began.elapsed());
        // What it holds is given back by whoever sees the store again.
        assert!(fixture.ledger.void_unanswered(demand(1, &[], 0, 0).id, START).await.unwrap());
        assert_eq!(fixture.used().await, 10);
    }
}

#[tokio::test(start_paused = true)]
async fn a_crowd_is_no_outage() {
    let fixture = fixture();
    fixture.table.follow(Plan::script(vec![Some(Fault::Conflict); 1_000]));
    let refused = fixture.reserve(1, &[budget(100)], 60, 1).await;
    assert!(matches!(refused, Err(Refusal::Unavailable(failure)) if !failure.is_outage()));
}

#[tokio::test]
async fn a_hold_left_behind_is_found_when_its_call_is_over() {
    let fixture = fixture();
    let hold = fixture.reserve(7, &[budget(100)], 60, 1).await.unwrap();
    let shard = hold.id.shard();
    assert!(fixture.ledger.expired(shard, None, 10, fixture.clock.now()).await.unwrap().holds.is_empty());
    fixture.clock.advance_millis(60_000);
    let expired = fixture.ledger.expired(shard, None, 10, fixture.clock.now()).await.unwrap();
    let (found, row) = expired.holds.into_iter().next().unwrap();
    assert_eq!((found, row.number("spend")), (hold, Some(60)));
}

#[tokio::test]
async fn tokens_that_were_not_limited_when_a_window_began_count_from_then_on() {
    let fixture = fixture();
    fixture.reserve(1, &[rates(Some(10), None, None)], 0, 60).await.unwrap();
    let both = [rates(Some(10), Some(100), None)];
    fixture.reserve(2, &both, 0, 60).await.unwrap();
    assert_eq!(rate(fixture.reserve(3, &both, 0, 60).await.unwrap_err()), (Rate::Tokens, 40, 60));
}

#[tokio::test]
async fn a_guess_of_the_output_takes_a_tenth_of_a_window_at_most() {
    let fixture = fixture();
    let scopes = [rates(None, Some(100), None)];
    let guessed =
        |call| Demand { tokens: Tokens { input: 0, output: 4_096, is_bounded: false }, ..demand(call, &scopes, 0, 0) };
    let reserved = join_all((0..20).map(|call| fixture.ledger.reserve(guessed(call), START))).await;
    assert_eq!(reserved.iter().filter(|reserved| reserved.is_ok()).count(), 10);
}

#[tokio::test]
async fn a_window_that_has_ended_does_not_keep_others_from_getting_their_tokens_back() {
    let fixture = fixture();
    let keys = [rates(None, Some(100), None)];
    let both = [keys[0].clone(), ScopeLimits { tokens: Some(100), ..ScopeLimits::new("team", "t") }];
    fixture.reserve(1, &keys, 0, 1).await.unwrap();
    fixture.clock.advance_millis(59_000);
    let hold = fixture.reserve(2, &both, 0, 60).await.unwrap();
    fixture.clock.advance_millis(1_000);
    fixture.reserve(3, &keys, 0, 1).await.unwrap();
    fixture.ledger.void(&hold, fixture.clock.now()).await.unwrap();
    fixture.reserve(4, &both[1..], 0, 100).await.unwrap();
}

#[tokio::test]
async fn an_extension_that_is_delivered_twice_holds_its_slice_once() {
    let fixture = fixture();
    let scopes = [budget(100)];
    let mut hold = fixture.reserve(1, &scopes, 10, 1).await.unwrap();
    fixture.table.follow(Plan::script([Some(Fault::Duplicate)]));
    fixture.ledger.extend(&mut hold, &scopes, NanoDollars::new(20), START).await.unwrap();
    assert_eq!((fixture.used().await, hold.least()), (30, Some(30)));
    fixture.ledger.void(&hold, START).await.unwrap();
    assert_eq!(fixture.used().await, 0);
}

#[tokio::test]
async fn a_hold_that_holds_more_than_is_given_back_does_not_end() {
    let fixture = fixture();
    let scopes = [budget(100)];
    let before = fixture.reserve(1, &scopes, 10, 1).await.unwrap();
    let mut extended = before.clone();
    fixture.ledger.extend(&mut extended, &scopes, NanoDollars::new(20), START).await.unwrap();
    fixture.ledger.void(&before, START).await.unwrap();
    assert_eq!(fixture.used().await, 30);
    fixture.ledger.void(&extended, START).await.unwrap();
    assert_eq!(fixture.used().await, 0);
}

#[tokio::test]
async fn a_hold_that_cannot_be_read_does_not_stand_in_the_way_of_others() {
    let fixture = fixture();
    let hold = fixture.reserve(7, &[budget(100)], 60, 1).await.unwrap();
    let shard = hold.id.shard();
    let broken = Item::new(Key::new(format!("HOLD#{:x}", shard % SHARDS), "not a call"));
    fixture.table.write(Write::Put { item: broken, when: Vec::new() }).await.unwrap();
    fixture.clock.advance_millis(60_000);
    let expired = fixture.ledger.expired(shard, None, 10, fixture.clock.now()).await.unwrap();
    assert_eq!(expired.holds.into_iter().map(|(found, _)| found).collect::<Vec<_>>(), [hold]);
}

#[tokio::test]
async fn a_reservation_that_arrives_when_its_caller_has_given_up_is_refused() {
    let fixture = fixture();
    let (scopes, id) = ([budget(100)], demand(1, &[], 0, 0).id);
    for _ in 0..2 {
        assert!(!fixture.ledger.void_unanswered(id, START).await.unwrap());
    }
    assert!(matches!(fixture.reserve(1, &scopes, 60, 1).await, Err(Refusal::Unavailable(_))));
    assert_eq!(fixture.used().await, 0);
    fixture.clock.advance_millis(60_000);
    assert!(fixture.ledger.expired(id.shard(), None, 10, fixture.clock.now()).await.unwrap().holds.is_empty());
}
