//! Reset times against the recorded table, and what periods promise.

use super::*;
use crate::calendar;
use proptest::prelude::*;
use serde_json::Value;

fn time(value: &Value) -> Timestamp {
    calendar::parse(value.as_str().unwrap()).unwrap()
}

fn duration(text: &str) -> Duration {
    Duration::parse(text).unwrap()
}

#[test]
fn budgets_start_afresh_at_the_recorded_points() {
    let all: Value = serde_json::from_str(include_str!("../../data/corpus/durations.json")).unwrap();
    let mut checked = 0;
    for vector in all["resets"].as_array().unwrap() {
        let days = DayStart::named(vector["timezone"].as_str().unwrap(), vector["reset_time_of_day"].as_str());
        // What is no duration resets daily there; here it is refused before it is stored.
        let Ok(period) = Duration::parse(vector["duration"].as_str().unwrap()) else { continue };
        let now = time(&vector["now"]);
        match vector.get("reset_at_utc") {
            Some(at) => assert_eq!(period.next_reset_in(&days, now), Ok(time(at)), "{vector}"),
            None => assert_eq!(period.next_reset_in(&days, now), Err(UnevenMonths), "{vector}"),
        }
        checked += 1;
    }
    assert_eq!(checked, 432);
}

#[test]
fn periods_of_the_calendar_start_and_end_at_the_recorded_points() {
    let all: Value = serde_json::from_str(include_str!("../../data/corpus/durations.json")).unwrap();
    let mut checked = 0;
    for vector in all["resets"].as_array().unwrap() {
        let text = vector["duration"].as_str().unwrap();
        if !matches!(text, "15m" | "30s" | "1m" | "1h" | "2h" | "24h" | "1d" | "7d" | "1w" | "30d" | "1mo" | "monthly")
        {
            continue;
        }
        let days = DayStart::named(vector["timezone"].as_str().unwrap(), vector["reset_time_of_day"].as_str());
        let period = duration(text).period(&days, None, time(&vector["now"])).unwrap().unwrap();
        assert_eq!(period.start, time(&vector["window_start"]), "{vector}");
        // In the hour that clocks repeat, the recorded reset skips one hour.
        let repeated =
            vector["now"] == "2024-11-03T05:30:00+00:00" && text == "1h" && vector["timezone"] == "America/New_York";
        assert!(repeated || period.end == time(&vector["reset_at_utc"]), "{vector}");
        checked += 1;
    }
    assert_eq!(checked, 346);
}

#[test]
fn a_fortnight_is_counted_from_the_reset_that_the_budget_was_made_with() {
    let at = |text: &str| calendar::parse(text).unwrap();
    let of = |anchor, now| duration("14d").period(&DayStart::default(), anchor, at(now)).unwrap().unwrap();
    let made = duration("14d").next_reset(at("2024-01-15T10:20:30Z")).unwrap();
    let first = of(Some(made), "2024-01-15T10:20:30Z");
    assert_eq!((first.start, first.end), (at("2024-01-15"), made));
    assert_eq!(of(Some(made), "2024-02-01").start, made);
    assert_eq!(of(None, "1970-01-05").start, at("1970-01-05"));
}

#[test]
fn a_budget_of_no_length_has_no_period() {
    assert_eq!(duration("0d").period(&DayStart::default(), None, Timestamp::default()), Ok(None));
    assert_eq!(duration("2mo").period(&DayStart::default(), None, Timestamp::default()), Err(UnevenMonths));
}

proptest! {
    #[test]
    fn periods_follow_each_other_without_gap_or_overlap(
        text in prop::sample::select(vec![
            "30s", "45s", "90s", "2h", "12h", "15m", "7m", "90m", "1h", "5h", "24h", "36h", "1d", "2d", "7d", "14d", "2w", "30d", "90d", "1mo",
        ]),
        zone in prop::sample::select(vec!["UTC", "Asia/Kolkata", "America/New_York"]),
        at in prop::sample::select(vec![None, Some("06:30")]),
        anchor in prop::option::of(1_600_000_000_i64..1_800_000_000),
        now in 1_600_000_000_000_i64..1_800_000_000_000,
    ) {
        let days = DayStart::named(zone, at);
        let of = |now| duration(text).period(&days, anchor.map(Timestamp::from_seconds), now).unwrap().unwrap();
        let now = Timestamp::from_millis(now);
        let period = of(now);
        prop_assert!(period.start <= now && now < period.end, "{period:?}");
        prop_assert_eq!(of(period.start), period);
        prop_assert_eq!(of(period.end.plus_millis(-1)), period);
        prop_assert_eq!(of(period.end).start, period.end);
    }
}
