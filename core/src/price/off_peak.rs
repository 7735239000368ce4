//! Prices that hold at quiet hours only.

use super::femto::FemtoDollars;
use super::rates::{Component, Rates};
use super::tier::ServiceTier;
use crate::clock::Timestamp;
use serde_json::{Map, Value};

/// The prices of a model's quiet hours. Anything unreadable in them means: no such hours, the full price holds.
#[derive(Clone, Debug)]
pub(super) struct OffPeak {
    rates: Rates,
    windows: Vec<Window>,
    /// Hours that the weekday's clock is ahead of UTC.
    weekday_ahead_hours: i64,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    /// Bit `n` stands for weekday `n`, Monday being 1.
    weekdays: u8,
    /// Minutes of the day (UTC), the second not included.
    minutes: (i64, i64),
}

const DAY_MINUTES: i64 = 24 * 60;

impl OffPeak {
    /// Reads `off_peak_pricing` of an entry.
    pub(super) fn of(info: &Map<String, Value>) -> Option<Self> {
        let settings = info.get("off_peak_pricing")?.as_object()?;
        let weekday_ahead_hours = match settings.get("weekday_timezone").and_then(Value::as_str) {
            None | Some("UTC") => 0,
            Some("Asia/Shanghai") => 8,
            Some(_) => return None,
        };
        let windows = settings.get("windows")?.as_array()?.iter().flat_map(windows).collect();
        Some(Self { rates: Rates::of(settings, false), windows, weekday_ahead_hours })
    }

    /// The quiet-hour price of one unit, whatever the hour.
    pub(super) fn any_time(&self, component: Component) -> Option<FemtoDollars> {
        self.rates.price(component, ServiceTier::Standard, 0)
    }

    /// The quiet-hour price of one unit, where `now` is a quiet hour.
    pub(super) fn price(&self, component: Component, now: Timestamp) -> Option<FemtoDollars> {
        let minute = now.seconds().div_euclid(60);
        let day = (minute + self.weekday_ahead_hours * 60).div_euclid(DAY_MINUTES);
        // The epoch was a Thursday.
        let weekday = (day + 3).rem_euclid(7) + 1;
        let minute = minute.rem_euclid(DAY_MINUTES);
        let quiet = self.windows.iter().any(|window| {
            window.weekdays & (1 << weekday) != 0 && window.minutes.0 <= minute && minute < window.minutes.1
        });
        if quiet { self.rates.price(component, ServiceTier::Standard, 0) } else { None }
    }
}

/// One entry of `windows`: its hours, each on its weekdays.
fn windows(window: &Value) -> Vec<Window> {
    let weekdays = match window.get("weekdays").and_then(Value::as_array) {
        Some(days) => days.iter().filter_map(Value::as_u64).filter(|day| *day < 8).fold(0, |bits, day| bits | 1 << day),
        None => u8::MAX,
    };
    let hours = match window.get("hours_utc") {
        Some(Value::String(text)) => vec![text.as_str()],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    hours.into_iter().filter_map(minutes).map(|minutes| Window { weekdays, minutes }).collect()
}

/// `10:00-00:00` as minutes of the day; an end of 00:00 is the day's end.
fn minutes(text: &str) -> Option<(i64, i64)> {
    let minute = |time: &str| {
        let (hours, minutes) = time.split_once(':')?;
        Some(hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?)
    };
    let (start, end) = text.split_once('-')?;
    let (start, end) = (minute(start)?, minute(end)?);
    Some((start, if end == 0 { DAY_MINUTES } else { end }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn quiet(weekday_timezone: &str, now: &str) -> bool {
        let info = json!({"off_peak_pricing": {
            "input_cost_per_token": 1.0, "weekday_timezone": weekday_timezone,
            "windows": [{"hours_utc": ["00:00-01:00", "10:00-00:00"], "weekdays": [1, 2, 3, 4, 5]},
                        {"hours_utc": "00:00-00:00", "weekdays": [6, 7]}]}});
        let now = Timestamp::from_seconds(now.parse::<jiff::Timestamp>().unwrap().as_second());
        OffPeak::of(info.as_object().unwrap()).is_some_and(|off_peak| off_peak.price(Component::Input, now).is_some())
    }

    #[test]
    fn working_hours_are_dear_and_weekends_are_not() {
        assert!(!quiet("UTC", "2026-11-20T09:59:59Z"), "a Friday morning");
        assert!(quiet("UTC", "2026-11-20T10:00:00Z"), "a Friday evening");
        assert!(quiet("UTC", "2026-11-20T23:59:59Z"));
        assert!(quiet("UTC", "2026-11-21T05:00:00Z"), "a Saturday");
        assert!(!quiet("UTC", "2026-11-23T01:00:00Z"), "a Monday");
    }

    #[test]
    fn the_weekday_is_that_of_the_named_zone() {
        assert!(quiet("UTC", "2026-11-22T20:00:00Z"), "a Sunday");
        assert!(quiet("Asia/Shanghai", "2026-11-22T20:00:00Z"), "a Monday there, after 10:00 UTC");
        assert!(!quiet("Asia/Shanghai", "2026-11-23T09:00:00Z"));
    }

    #[test]
    fn an_unknown_zone_means_the_full_price() {
        assert!(!quiet("Mars/Base", "2026-11-21T05:00:00Z"));
    }
}
