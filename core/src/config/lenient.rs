//! Values as operators write them: a number or a truth may stand in quotes, as every value from a variable does.
//! Messages never repeat the value: it may be a key in the wrong place.

use super::environment::truth;
use crate::egress::network::Network;
use crate::limits::{BudgetMode, BudgetPeriod, BudgetPolicy};
use crate::money::NanoDollars;
use crate::secret::Secret;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// Longest wait that can be asked for, in seconds: a year. Beyond it a sum with the clock's time could overflow.
const SECONDS_MAX: f64 = 31_536_000.0;
const SECONDS_PER_DAY: u64 = 86_400;
const BYTES_PER_MEGABYTE: f64 = 1_048_576.0;

/// A text; numbers and truths count as what was written.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(D::Error::custom("must be a text")),
    }
}

/// As [`text`], where the setting may be missing.
pub(super) fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text(deserializer).map(Some)
}

/// A text that is a secret.
pub(super) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let text = text(deserializer)?;
    Ok((!text.is_empty()).then(|| Secret::new(text)))
}

/// Texts that are secrets.
pub(super) fn secrets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Secret>, D::Error> {
    let Value::Array(list) = Value::deserialize(deserializer)? else {
        return Err(D::Error::custom("must be a list of texts"));
    };
    let read: Result<Vec<_>, _> = list.into_iter().map(|value| secret(value).map_err(D::Error::custom)).collect();
    Ok(read?.into_iter().flatten().collect())
}

/// Networks, as a list.
pub(super) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Network>>, D::Error> {
    let list = match Value::deserialize(deserializer)? {
        Value::Array(list) => list,
        Value::Null => return Ok(None),
        _ => return Err(D::Error::custom("must be a list of addresses and networks")),
    };
    let network = |value: Value| text(value).map_err(D::Error::custom)?.parse().map_err(D::Error::custom);
    list.into_iter().map(network).collect::<Result<_, _>>().map(Some)
}

/// The name of a header.
pub(super) fn header_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name = text(deserializer)?;
    match http::HeaderName::from_bytes(name.as_bytes()) {
        Ok(name) => Ok(Some(name.as_str().to_owned())),
        Err(_) => Err(D::Error::custom("holds characters that no name of a header may hold")),
    }
}

/// A secret that may stand there as a document of its own, and is its JSON then.
pub(super) fn secret_document<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    match Value::deserialize(deserializer)? {
        document @ Value::Object(_) => Ok(Some(Secret::new(document.to_string()))),
        other => secret(other).map_err(D::Error::custom),
    }
}

/// `true` or `false`.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let said = match Value::deserialize(deserializer)? {
        Value::Bool(said) => Some(said),
        Value::String(text) => truth(&text),
        _ => None,
    };
    said.ok_or_else(|| D::Error::custom("must be `true` or `false`"))
}

/// As [`flag`], where the setting may be missing.
pub(super) fn optional_flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    flag(deserializer).map(Some)
}

/// Seconds to wait: above 0.
pub(super) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let seconds = number(&Value::deserialize(deserializer)?).filter(|seconds| *seconds > 0.0);
    let seconds = seconds.ok_or_else(|| D::Error::custom("must be a number of seconds above 0"))?;
    Ok(Some(seconds.min(SECONDS_MAX)))
}

/// A price or a share: a number, 0 or more.
pub(super) fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let amount = number(&Value::deserialize(deserializer)?).filter(|amount| *amount >= 0.0);
    amount.map(Some).ok_or_else(|| D::Error::custom("must be a number, 0 or more"))
}

/// A count: a whole number, 0 or more.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let count = number(&Value::deserialize(deserializer)?).and_then(whole).filter(|count| *count >= 0);
    count.map(Some).ok_or_else(|| D::Error::custom("must be a whole number, 0 or more"))
}

/// A whole number.
pub(super) fn optional_whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let number = number(&Value::deserialize(deserializer)?).and_then(whole);
    number.map(Some).ok_or_else(|| D::Error::custom("must be a whole number"))
}

/// As [`count`], of things that no one has billions of.
pub(super) fn number_of<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    Ok(count(deserializer)?.map(|count| u32::try_from(count).unwrap_or(u32::MAX)))
}

/// A budget in dollars: a number, 0 or more.
pub(super) fn budget<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NanoDollars, D::Error> {
    let budget = amount(deserializer)?.map(NanoDollars::from_dollars);
    budget.ok_or_else(|| D::Error::custom("must be a number, 0 or more"))
}

/// As [`budget`], where the setting may be missing.
pub(super) fn optional_budget<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NanoDollars>, D::Error> {
    budget(deserializer).map(Some)
}

/// The period of a budget.
pub(super) fn period<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BudgetPeriod>, D::Error> {
    let period = BudgetPeriod::parse(&text(deserializer)?);
    period.map(Some).map_err(|_| D::Error::custom("must be a period such as `30s`, `24h`, `7d`, `30d` or `1mo`"))
}

/// A number of tokens, 1 or more.
pub(super) fn tokens<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let tokens = count(deserializer)?.and_then(|count| u64::try_from(count).ok()).filter(|tokens| *tokens > 0);
    tokens.map(Some).ok_or_else(|| D::Error::custom("must be a whole number, 1 or more"))
}

/// How carefully budgets are kept.
pub(super) fn budget_mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BudgetMode>, D::Error> {
    let mode = BudgetMode::parse(&text(deserializer)?);
    mode.map(Some).ok_or_else(|| D::Error::custom("must be `balanced` or `strict`"))
}

/// What a budget does with a request that it does not fully afford.
pub(super) fn budget_policy<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BudgetPolicy>, D::Error> {
    let policy = BudgetPolicy::parse(&text(deserializer)?);
    policy.map(Some).ok_or_else(|| D::Error::custom("must be `refuse` or `clamp`"))
}

/// Whether values at rest are sealed with AES-256-GCM, and not with SecretBox.
pub(super) fn is_aes_gcm<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match text(deserializer)?.as_str() {
        "aes-256-gcm" => Ok(true),
        "xsalsa20-poly1305" => Ok(false),
        _ => Err(D::Error::custom("must be `xsalsa20-poly1305` or `aes-256-gcm`")),
    }
}

/// Header names and their texts.
pub(super) fn headers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let Value::Object(map) = Value::deserialize(deserializer)? else {
        return Err(D::Error::custom("must be a map of header names and texts"));
    };
    let header = |(name, value): (String, Value)| {
        if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
            return Err(D::Error::custom(format!("`{name}` cannot be the name of a header")));
        }
        let text = text(value).map_err(|_| D::Error::custom(format!("header `{name}` must be a text")))?;
        match http::HeaderValue::from_str(&text) {
            Ok(_) => Ok((name, text)),
            Err(_) => Err(D::Error::custom(format!("header `{name}` holds characters that no header may hold"))),
        }
    };
    map.into_iter().map(header).collect()
}

/// An age such as `30d` or `36h`, or a number of days; in days, rounded up.
pub(super) fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let days = match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => days_of(text.trim()),
        _ => None,
    };
    let days = days.filter(|days| *days > 0).and_then(|days| u32::try_from(days).ok());
    days.map(Some).ok_or_else(|| D::Error::custom("must be an age such as `30d`, `36h` or `1mo`"))
}

/// A size in megabytes; in bytes.
pub(super) fn megabytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let size = number(&Value::deserialize(deserializer)?).filter(|size| *size > 0.0);
    let size = size.ok_or_else(|| D::Error::custom("must be a number of megabytes above 0"))?;
    Ok((size * BYTES_PER_MEGABYTE) as usize)
}

fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= i64::MAX as f64).then_some(number as i64)
}

/// As [`megabytes`], of what need not be there.
pub(super) fn optional_megabytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    megabytes(deserializer).map(Some)
}

fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

fn days_of(text: &str) -> Option<u64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at_checked(unit_at)?;
    let count: u64 = count.parse().ok()?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "" | "d" => SECONDS_PER_DAY,
        "w" => 7 * SECONDS_PER_DAY,
        "mo" => 30 * SECONDS_PER_DAY,
        _ => return None,
    };
    count.checked_mul(seconds).map(|seconds| seconds.div_ceil(SECONDS_PER_DAY))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ages_round_up_to_whole_days() {
        let table = [
            (json!("30d"), Some(30)),
            (json!("36h"), Some(2)),
            (json!("1s"), Some(1)),
            (json!("1w"), Some(7)),
            (json!("1mo"), Some(30)),
            (json!(14), Some(14)),
            (json!("14"), Some(14)),
            (json!("0d"), None),
            (json!("soon"), None),
            (json!("9999999999999999999w"), None),
        ];
        for (written, expected) in table {
            assert_eq!(days(written.clone()).ok().flatten(), expected, "{written}");
        }
    }

    #[test]
    fn numbers_and_truths_may_stand_in_quotes() {
        assert_eq!(seconds(json!("2.5")).unwrap(), Some(2.5));
        assert_eq!(count(json!("100")).unwrap(), Some(100));
        assert!(flag(json!("True")).unwrap());
        assert_eq!(text(json!(4)).unwrap(), "4");
    }

    #[test]
    fn waits_that_no_clock_can_add_are_refused_or_bounded() {
        assert!(seconds(json!(0)).is_err());
        assert!(seconds(json!(-1)).is_err());
        assert!(seconds(json!("nan")).is_err());
        assert_eq!(seconds(json!(1e300)).unwrap(), Some(SECONDS_MAX));
    }

    #[test]
    fn a_header_that_could_break_a_request_is_refused() {
        assert!(headers(json!({"X-Team": "a\r\nb"})).is_err());
        assert!(headers(json!({"X Team": "a"})).is_err());
        assert_eq!(headers(json!({"X-Team": 7})).unwrap().get("X-Team").unwrap(), "7");
    }
}
