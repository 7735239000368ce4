//! `GET /tag/user-agent/per-user-analytics`: what each user's calls with tags were in the last thirty days.

use super::span::{Wanted, all, dollars};
use super::spend_admin::SpendAdmin;
use super::tags::TagFilter;
use crate::accounting::spend_sums::Sum;
use crate::auth::rights::Actor;
use crate::calendar::DAY_MILLIS;
use crate::clock::Timestamp;
use crate::flow::admin::error::AdminError;
use crate::flow::admin::params::Params;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Days that are told, today among them.
const DAYS: i64 = 30;

impl SpendAdmin {
    /// Users whom the caller may see the spend of, who made the most calls first, page by page; without their addresses.
    /// Each is told with the tag that most of its calls had.
    ///
    /// # Errors
    /// [`AdminError::Form`], and those of the store.
    pub async fn tag_users(&self, actor: &Actor, params: &Params, now: Timestamp) -> Result<Value, AdminError> {
        let page = params.number("page", 1, 1..=1_000_000)?;
        let size = params.number("page_size", 50, 1..=1000)?;
        let filter = TagFilter::read(params);
        let span = (now.plus_millis(-(DAYS - 1) * DAY_MILLIS), now);
        let days = self.days_between(actor, span, &Wanted::default()).await?;
        let mut found: BTreeMap<&str, (Sum, BTreeMap<&str, i64>)> = BTreeMap::new();
        for (shared, sum) in all(&days) {
            let Some(user) = shared.user.as_deref() else { continue };
            let tags: Vec<&String> = shared.tags.iter().filter(|tag| filter.admits(tag)).collect();
            if tags.is_empty() {
                continue;
            }
            // However many tags a call has, it is one.
            let (whole, by_tag) = found.entry(user).or_default();
            whole.add(sum);
            tags.into_iter().for_each(|tag| *by_tag.entry(tag).or_default() += sum.calls);
        }
        let mut users: Vec<_> = found.into_iter().collect();
        users.sort_by_key(|(_, (sum, _))| Reverse(sum.calls - sum.failed));
        let skip = usize::try_from((page - 1).saturating_mul(size)).unwrap_or(usize::MAX);
        let shown = users.iter().skip(skip).take(size as usize).map(|(user, (sum, by_tag))| {
            let usual = by_tag.iter().min_by_key(|(_, calls)| Reverse(**calls)).map(|(tag, _)| *tag);
            json!({
                "user_id": user,
                "user_email": null,
                "user_agent": usual,
                "successful_requests": sum.calls - sum.failed,
                "failed_requests": sum.failed,
                "total_requests": sum.calls,
                "total_tokens": sum.prompt_tokens + sum.completion_tokens,
                "spend": dollars(sum),
            })
        });
        let (results, total) = (shown.collect::<Vec<_>>(), users.len() as u64);
        let pages = total.div_ceil(size);
        Ok(json!({
            "results": results,
            "total_count": total,
            "page": page,
            "page_size": size,
            "total_pages": pages,
        }))
    }
}
