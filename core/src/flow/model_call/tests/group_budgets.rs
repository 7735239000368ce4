//! Budgets of model access groups: which calls count in them, and what one that is used up refuses.

use super::*;
use crate::admission::refusal::Refusal;
use crate::config::BudgetSetting;
use crate::flow::model_call::GroupBudgets;
use serde_json::json;

/// What the streamed answer costs, in nano-dollars.
const ANSWER: i64 = 80_000;

fn streaming() -> UpstreamBody {
    pieces(&[TEXT, STOP, USAGE, END])
}

fn setting(nanos: i64) -> BudgetSetting {
    serde_json::from_value(json!({"max_budget": NanoDollars::new(nanos).dollars()})).unwrap()
}

impl Gateway {
    /// `gpt` is in the group `g`, as somebody said twice, and `mini` in none.
    pub(super) fn with_groups(mut self, budgets: [(&str, i64); 2]) -> Self {
        let calls = Arc::get_mut(&mut self.calls).unwrap();
        calls.limits.access_groups = budgets.map(|(group, nanos)| (group.to_owned(), setting(nanos))).into();
        let mut gpt = entry(("gpt", "openai/gpt-4o"));
        gpt.info.insert("access_groups".to_owned(), json!(["g", "g", "unlimited"]));
        let targets = |params: &_| target_of(params, &Environment::default()).map_err(Into::into);
        let models = vec![gpt, entry(("mini", "openai/gpt-4o-mini"))];
        calls.models = Arc::new(LiveModels::new(ModelTable::new(models, Arc::new(targets)).unwrap()));
        self
    }

    async fn spent(&self, group: &str) -> i64 {
        let budgets = GroupBudgets::new(Ledger::new(self.table.clone()), self.calls.limits.clone());
        let setting = budgets.of(group).unwrap();
        budgets.at(group, setting, self.calls.clock.now()).await.unwrap().used.nanos()
    }
}

async fn read(answer: CallAnswer) {
    let (_, mut relay) = relay(answer);
    while let Some(piece) = relay.next().await {
        piece.unwrap();
    }
}

#[tokio::test]
async fn a_call_counts_once_in_each_group_of_its_deployment_that_has_a_budget() {
    let gateway = Gateway::answering(200, streaming()).with_groups([("g", 10 * ANSWER), ("other", ANSWER)]);
    read(gateway.call(STREAMED).await).await;
    assert_eq!((gateway.spent("g").await, gateway.spent("other").await), (ANSWER, 0));
}

#[tokio::test]
async fn a_budget_that_is_used_up_refuses_the_models_of_its_group_and_no_others() {
    let gateway = Gateway::answering(200, streaming()).with_groups([("g", ANSWER), ("other", 0)]);
    read(gateway.call(STREAMED).await).await;
    let refused = gateway.call(STREAMED).await.result.err().unwrap();
    let CallError::Refused(Refusal::Budget { kind, .. }) = &refused else { panic!("{refused}") };
    assert_eq!(*kind, "access_group");
    let told = "Budget has been exceeded! Model access group=g Current cost: 8e-5, Max budget: 8e-5";
    assert_eq!(refused.to_string(), told);
    *gateway.upstream.answer.lock().unwrap() = Some((200, streaming()));
    read(gateway.call(r#"{"model":"mini","stream":true,"messages":[]}"#).await).await;
    assert_eq!(gateway.spent("g").await, ANSWER);
}
