//! `GET /global/predict/spend/logs`: what the rest of the month will cost, if it goes on as it did.

use super::span::{Wanted, all, total};
use super::spend_admin::SpendAdmin;
use crate::auth::rights::Actor;
use crate::calendar::{self, DAY_MILLIS};
use crate::clock::Timestamp;
use crate::flow::admin::error::AdminError;
use crate::money::NanoDollars;
use serde_json::{Value, json};

/// Whole days before today that say how it went, at most.
const DAYS_MAX: i64 = 30;

impl SpendAdmin {
    /// The days of this month that are to come, each with what a day cost on average: of the last thirty before today, or
    /// as many as there are since the first call. No trend and no weekdays are seen in them. Nothing is predicted before
    /// the end of the first day.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn forecast(&self, actor: &Actor, now: Timestamp) -> Result<Value, AdminError> {
        let today = calendar::civil(now).date();
        let from = now.plus_millis(-DAYS_MAX * DAY_MILLIS);
        let days = self.days_between(actor, (from, now), &Wanted::default()).await?;
        let (today_text, month) = (today.to_string(), today.strftime("%Y-%m").to_string());
        let of_this_month = days.iter().filter(|(day, _)| day.starts_with(&month));
        let spent = total(all(of_this_month).map(|(_, sum)| sum)).nanos;
        let before = days.iter().filter(|(day, _)| **day < today_text);
        let first = before.clone().next().and_then(|(day, _)| calendar::parse(day));
        let whole_days = first.map_or(0, |first| (now.millis() - first.millis()).div_euclid(DAY_MILLIS));
        let a_day = total(all(before).map(|(_, sum)| sum)).nanos.checked_div(whole_days).unwrap_or(0);
        let ahead = i64::from(today.days_in_month() - today.day());
        let told = |number| {
            let day = calendar::day(now.plus_millis(number * DAY_MILLIS));
            json!({"date": day, "predicted_spend": NanoDollars::new(a_day).dollars()})
        };
        let response: Vec<Value> = if whole_days == 0 { Vec::new() } else { (1..=ahead).map(told).collect() };
        let whole = NanoDollars::new(spent.saturating_add(a_day.saturating_mul(ahead)));
        let sentence = format!("Predicted spend for {}: ${:.2}", today.strftime("%B %Y"), whole.dollars());
        Ok(json!({"response": response, "predicted_spend": sentence}))
    }
}
