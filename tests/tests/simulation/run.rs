//! One world from its seed to its end. Everything that happens, and in which order, follows from the seed.

use crate::administrator::meddle;
use crate::audited::Audited;
use crate::clock::VirtualClock;
use crate::container::Container;
use crate::frail::{Frail, Frailty};
use crate::keys;

use crate::network::{Faults, Network};
use crate::period::SKEW_MILLIS_MAX;
use crate::scenario::Scenario;
use postern_core::accounting::spend_log::{SpendLog, totals_key};
use postern_core::auth::key_store::KeyStore;
use postern_core::clock::Clock;
use postern_core::flow::maintenance::{Event, Maintenance};
use postern_core::money::NanoDollars;
use postern_core::store::table::Table;
use postern_core::store::write::Write;
use postern_tests::chance::Chance;
use postern_tests::mutation::{Mutation, Stripped};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Longest that a call's hold can stand after everybody has stopped.
const SETTLED_AFTER: Duration = Duration::from_secs(60);

/// How a world ended.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The first thing that was wrong.
    pub(crate) wrong: Option<String>,
    /// Batches of writes that were done.
    pub(crate) steps: u64,
    /// Calls that were made, and how many of them were sent.
    pub(crate) calls: usize,
    pub(crate) dispatched: usize,
}

/// Runs the world of a seed; with a mutation, without one of the conditions that hold it together.
pub(crate) fn run(seed: u64, mutation: Option<Mutation>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let mut chance = Chance::of(seed);
        let scenario = Arc::new(Scenario::of(&mut chance));
        let world = World::new(scenario, mutation);
        world.make_keys().await;
        world.live(&mut chance).await;
        world.close().await;
        let book = world.audited.book();
        Outcome {
            wrong: book.wrong.clone(),
            steps: book.steps,
            calls: book.calls.len(),
            dispatched: book.calls.values().filter(|call| call.billed.is_some()).count(),
        }
    })
}

struct World {
    scenario: Arc<Scenario>,
    audited: Arc<Audited>,
    /// The table as everybody's network reaches it.
    table: Arc<dyn Table>,
    clock: VirtualClock,
    calm: Arc<AtomicBool>,
}

impl World {
    fn new(scenario: Arc<Scenario>, mutation: Option<Mutation>) -> Self {
        let clock = VirtualClock::showing(scenario.begins);
        let audited = Arc::new(Audited::new(Arc::new(clock)));
        let table: Arc<dyn Table> = match mutation {
            Some(mutation) => Arc::new(Stripped::new(Arc::clone(&audited) as Arc<dyn Table>, mutation)),
            None => Arc::clone(&audited) as Arc<dyn Table>,
        };
        Self { scenario, audited, table, clock, calm: Arc::default() }
    }

    async fn make_keys(&self) {
        let store = KeyStore::new(Arc::clone(&self.audited) as Arc<dyn Table>);
        for (number, limits) in self.scenario.keys.iter().enumerate() {
            let record = keys::record(number, limits, self.clock.now());
            store.create(&record, NanoDollars::ZERO).await.expect("a new key");
            if !limits.has_totals {
                let delete = Write::Delete { key: totals_key(&record.hash), when: Vec::new() };
                self.audited.write(delete).await.expect("a delete without a condition");
            }
        }
    }

    fn network(&self, chance: &mut Chance) -> Arc<dyn Table> {
        let calm = Arc::clone(&self.calm);
        Arc::new(Network::new(Arc::clone(&self.table), self.scenario.faults, chance.fork(), calm))
    }

    fn clock(&self, chance: &mut Chance) -> Arc<dyn Clock> {
        Arc::new(self.clock.wrong_by(chance.between(-SKEW_MILLIS_MAX, SKEW_MILLIS_MAX)))
    }

    fn is_wrong(&self) -> bool {
        self.audited.book().wrong.is_some()
    }

    /// Containers serve, maintenance sweeps, an administrator changes limits, until every container is done.
    async fn live(&self, chance: &mut Chance) {
        let mut containers = JoinSet::new();
        for _ in 0..self.scenario.containers {
            let (table, clock) = (self.network(chance), self.clock(chance));
            let (audited, scenario) = (Arc::clone(&self.audited), Arc::clone(&self.scenario));
            let container = Container::new(audited, scenario, table, clock, chance.fork());
            containers.spawn(Frail::new(container.serve(), chance.fork(), self.scenario.frailty));
        }
        let mut others = JoinSet::new();
        for _ in 0..2 {
            others.spawn(self.repeat(chance, Other::Maintenance));
        }
        others.spawn(self.repeat(chance, Other::Administrator));
        while containers.join_next().await.is_some() {
            if self.is_wrong() {
                return;
            }
        }
        self.calm.store(true, Ordering::Relaxed);
        while others.join_next().await.is_some() {}
    }

    /// Has others at work until the faults stop.
    fn repeat(&self, chance: &mut Chance, other: Other) -> impl Future<Output = ()> + Send + 'static {
        let (table, clock, calm) = (self.network(chance), self.clock(chance), Arc::clone(&self.calm));
        let (scenario, mut chance) = (Arc::clone(&self.scenario), chance.fork());
        let every = match other {
            Other::Maintenance => scenario.maintenance_every_millis,
            Other::Administrator => scenario.administrator_every_millis,
        };
        async move {
            while !calm.load(Ordering::Relaxed) {
                let millis = match other {
                    Other::Administrator if scenario.administrator_at_ends => until_an_end(clock.as_ref(), &mut chance),
                    _ => chance.between(1, every),
                };
                sleep(Duration::from_millis(millis.unsigned_abs())).await;
                let (table, clock) = (Arc::clone(&table), Arc::clone(&clock));
                let own = chance.fork();
                let frailty = Frailty { frozen_millis_max: 10_000, ..scenario.frailty };
                match other {
                    Other::Maintenance => Frail::new(maintain(table, clock), own, frailty).await,
                    Other::Administrator => {
                        let meddling = meddle(table, clock, chance.fork(), &scenario);
                        Frail::new(meddling, own, frailty).await;
                    }
                }
            }
        }
    }

    /// The faults have stopped: what is late arrives, calls end, maintenance runs. Then the books are closed.
    async fn close(&self) {
        if self.is_wrong() {
            return;
        }
        let Faults { late_millis_max, .. } = self.scenario.faults;
        sleep(Duration::from_millis(late_millis_max.unsigned_abs())).await;
        sleep(SETTLED_AFTER).await;
        maintain(Arc::clone(&self.table), Arc::new(self.clock)).await;
        self.audited.book().close(&self.audited.table);
    }
}

#[derive(Clone, Copy)]
enum Other {
    Maintenance,
    Administrator,
}

/// Milliseconds until a moment close to the end of somebody's period.
fn until_an_end(clock: &dyn Clock, chance: &mut Chance) -> i64 {
    let left = 10_000 - clock.now().millis().rem_euclid(10_000);
    (left + chance.between(-2_000, 20)).max(1)
}

async fn maintain(table: Arc<dyn Table>, clock: Arc<dyn Clock>) {
    let deadline = clock.now().plus_millis(60_000);
    let spend = SpendLog::new(Arc::clone(&table), None);
    let maintenance = Maintenance::new(table, None, None, clock).charging(spend);
    drop(maintenance.run(&Event::default(), deadline).await);
}
