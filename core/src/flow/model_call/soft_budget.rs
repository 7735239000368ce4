//! Soft budgets: what may be spent before the operator is told. They refuse nothing, and nobody waits for them: the totals
//! of a record that has one are looked at after the call, in the background.

use super::parts::ModelCalls;
use crate::auth::records::{RecordId, RecordKind};
use crate::money::NanoDollars;
use crate::principal::{Holder, Principal};
use std::sync::Arc;

/// Tells the operator where a call that cost so much was the one that passed a soft budget.
pub(super) fn note(calls: &Arc<ModelCalls>, principal: &Principal, cost: NanoDollars) {
    if cost == NanoDollars::ZERO {
        return;
    }
    let spent = principal.spend.get();
    if principal.limits.soft_budget.is_some_and(|soft| passes(spent, cost, soft)) {
        tell("key", principal.key_alias.as_deref().unwrap_or(&principal.key_name), spent);
    }
    let above = &principal.above;
    let of = |kind, holder: &Option<Arc<Holder>>| {
        let holder = holder.as_ref()?;
        Some((RecordId::of(kind, &*holder.id), holder.limits.soft_budget?))
    };
    let member = above.team.as_ref().zip(above.member.as_ref());
    let member =
        member.and_then(|(team, member)| Some((RecordId::member(&*team.id, &*member.id), member.limits.soft_budget?)));
    let records = [
        of(RecordKind::Team, &above.team),
        member,
        of(RecordKind::User, &above.user),
        of(RecordKind::Organization, &above.organization),
    ];
    for (id, soft) in records.into_iter().flatten() {
        let asking = Arc::clone(calls);
        calls.background.spawn(async move { look(&asking, &id, soft, cost).await });
    }
}

async fn look(calls: &ModelCalls, id: &RecordId, soft: NanoDollars, cost: NanoDollars) {
    match calls.authenticator.spent(id).await {
        Ok(spent) if passes(spent, cost, soft) => tell("record", &id.to_string(), spent),
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(record = %id, error = &error as &dyn std::error::Error, "a soft budget was not looked at");
        }
    }
}

fn passes(spent: NanoDollars, cost: NanoDollars, soft: NanoDollars) -> bool {
    spent >= soft && spent - cost < soft
}

fn tell(kind: &str, name: &str, spent: NanoDollars) {
    tracing::warn!(kind, name, spent = spent.dollars(), "a soft budget has been passed");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_call_that_passes_it_tells_of_a_soft_budget() {
        let of = NanoDollars::new;
        let told =
            [(9, 5), (10, 5), (14, 5), (15, 5), (16, 5)].map(|(spent, cost)| passes(of(spent), of(cost), of(10)));
        assert_eq!(told, [false, true, true, false, false]);
    }
}
