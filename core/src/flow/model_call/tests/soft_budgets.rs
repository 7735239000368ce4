//! Soft budgets: whoever has one, the operator is told once a period.

use super::*;
use crate::auth::records::{Record, RecordId, RecordKind};
use crate::calendar::DAY_MILLIS;
use crate::limits::BudgetPeriod;
use serde_json::json;
use std::io;

const KEY: &str = "sk-soft";
/// Passed by the second answer, of 80,000 nano-dollars each.
const SOFT: i64 = 120_000;
const ANSWER: &str = "{\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5}}";
const OF_EVERYBODY: &str = r#"{"model":"gpt","messages":[],"user":"somebody","metadata":{"tags":["a tag"]}}"#;

/// What this thread logs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// What was said of soft budgets that name this owner.
    fn told(&self, owner: &str) -> usize {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().filter(|line| line.contains("a soft budget has been passed"));
        lines.filter(|line| line.contains(&format!("name=\"{owner}\""))).count()
    }
}

struct Room {
    gateway: Gateway,
    clock: Arc<ManualClock>,
    log: Log,
    _logging: tracing::subscriber::DefaultGuard,
}

impl Room {
    fn new() -> Self {
        let log = Log::default();
        let writer = log.clone();
        let lines = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone());
        let mut gateway = Gateway::answering(200, pieces(&[]));
        let clock = Arc::new(ManualClock::at(gateway.calls.clock.now()));
        Arc::get_mut(&mut gateway.calls).unwrap().clock = clock.clone();
        Self { gateway, clock, log, _logging: tracing::subscriber::set_default(lines.finish()) }
    }

    async fn key(&self, change: impl FnOnce(&mut KeyRecord)) {
        let mut key = KeyRecord::new(key_hash::hash(KEY), "sk-...soft".to_owned(), self.clock.now(), None);
        change(&mut key);
        KeyStore::new(self.gateway.table.clone()).create(&key, NanoDollars::ZERO).await.unwrap();
    }

    async fn record(&self, id: RecordId, change: impl FnOnce(&mut Record)) {
        let mut record = Record::new(id, self.clock.now(), None);
        change(&mut record);
        RecordStore::new(self.gateway.table.clone()).create(&record, Vec::new()).await.unwrap();
    }

    /// How often the owner was told of after each of three calls.
    async fn told(&self, owner: &str) -> [usize; 3] {
        let mut told = [0; 3];
        for told in &mut told {
            *self.gateway.upstream.answer.lock().unwrap() = Some((200, pieces(&[ANSWER])));
            self.gateway.call_as(KEY, OF_EVERYBODY).await.result.unwrap();
            self.gateway.calls.background.drained().await;
            *told = self.log.told(owner);
        }
        told
    }
}

fn soft(record: &mut Record) {
    record.limits.soft_budget = Some(NanoDollars::new(SOFT));
}

#[tokio::test]
async fn a_soft_budget_is_told_of_by_the_call_that_passes_it_whatever_it_is_set_on() {
    let of = |kind, id: &str| RecordId::of(kind, id);
    for (id, owner) in [
        (of(RecordKind::Customer, "somebody"), "End User=somebody"),
        (of(RecordKind::Tag, "a tag"), "Tag=a tag"),
        (of(RecordKind::Team, "t"), "Team=t"),
        (RecordId::member("t", "u"), "User=u in Team=t"),
        (of(RecordKind::User, "alone"), "User=alone"),
    ] {
        let room = Room::new();
        let (is_in_team, is_of_user) = (owner.contains("Team"), owner == "User=alone");
        room.key(|key| {
            key.team_id = is_in_team.then(|| "t".to_owned());
            key.user_id = if is_of_user { Some("alone".to_owned()) } else { is_in_team.then(|| "u".to_owned()) };
        })
        .await;
        if owner.contains(" in ") {
            room.record(of(RecordKind::Team, "t"), |_| ()).await;
        }
        room.record(id, soft).await;
        assert_eq!(room.told(owner).await, [0, 1, 1], "{owner}");
    }
}

#[tokio::test]
async fn a_key_and_a_model_on_it_have_soft_budgets_of_their_own() {
    let room = Room::new();
    room.key(|key| {
        key.limits.soft_budget = Some(NanoDollars::new(SOFT / 2));
        let of_model = json!({"gpt": {"soft_budget": NanoDollars::new(SOFT).dollars(), "time_period": "1d"}});
        key.document.insert("model_max_budget".to_owned(), of_model);
    })
    .await;
    assert_eq!(room.told("Key=key (sk-...soft) Model=gpt").await, [0, 1, 1]);
    assert_eq!(room.log.told("Key=key (sk-...soft)"), 1);
}

#[tokio::test]
async fn the_proxys_soft_budget_is_told_of_once_in_each_of_its_periods() {
    let mut room = Room::new();
    let proxy = &mut Arc::get_mut(&mut room.gateway.calls).unwrap().limits.proxy;
    proxy.soft_budget = Some(NanoDollars::new(SOFT));
    proxy.budget_duration = BudgetPeriod::parse("1d").ok();
    room.key(|_| ()).await;
    assert_eq!(room.told("Proxy").await, [0, 1, 1]);
    room.clock.advance_millis(DAY_MILLIS);
    assert_eq!(room.told("Proxy").await, [1, 2, 2]);
}

#[tokio::test]
async fn who_is_under_a_shared_budget_is_told_of_once_in_each_of_its_periods() {
    let room = Room::new();
    room.key(|_| ()).await;
    room.record(RecordId::of(RecordKind::Budget, "b"), |record| {
        soft(record);
        record.limits.max_budget = Some(NanoDollars::from_dollars(1.0));
        record.limits.budget_duration = BudgetPeriod::parse("1d").ok();
    })
    .await;
    let customer = RecordId::of(RecordKind::Customer, "somebody");
    room.record(customer, |record| record.limits.budget_id = Some("b".to_owned())).await;
    assert_eq!(room.told("End User=somebody").await, [0, 1, 1]);
    room.clock.advance_millis(DAY_MILLIS);
    assert_eq!(room.told("End User=somebody").await, [1, 2, 2]);
}

#[tokio::test]
async fn a_deployment_is_told_of_once_in_each_of_its_periods() {
    let mut room = Room::new();
    let mut gpt = entry(("gpt", "openai/gpt-4o"));
    gpt.params.soft_budget = Some(NanoDollars::new(SOFT));
    gpt.params.budget_duration = BudgetPeriod::parse("1d").ok();
    let targets = |params: &_| target_of(params, &Environment::default()).map_err(Into::into);
    let models = ModelTable::new(vec![gpt], Arc::new(targets)).unwrap();
    Arc::get_mut(&mut room.gateway.calls).unwrap().models = Arc::new(LiveModels::new(models));
    room.key(|_| ()).await;
    assert_eq!(room.told("Deployment=gpt").await, [0, 1, 1]);
    room.clock.advance_millis(DAY_MILLIS);
    assert_eq!(room.told("Deployment=gpt").await, [1, 2, 2]);
}

#[tokio::test]
async fn a_provider_and_a_tag_of_the_file_are_told_of_as_records_are() {
    for (is_tag, owner) in [(true, "Tag=a tag"), (false, "Provider=openai")] {
        let mut room = Room::new();
        let soft = NanoDollars::new(SOFT).dollars();
        let setting = json!({"max_budget": 1, "soft_budget": soft, "budget_duration": "1d"});
        let setting = serde_json::from_value(setting).unwrap();
        let limits = &mut Arc::get_mut(&mut room.gateway.calls).unwrap().limits;
        match is_tag {
            true => limits.tags.insert("a tag".to_owned(), setting),
            false => limits.providers.insert("openai".to_owned(), setting),
        };
        room.key(|_| ()).await;
        assert_eq!(room.told(owner).await, [0, 1, 1], "{owner}");
    }
}
