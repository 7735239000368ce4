//! Points in time as people and logs write them. All of it in UTC. Knows only `clock`.

use crate::clock::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Milliseconds of a day.
pub const DAY_MILLIS: i64 = 86_400_000;

/// The point in RFC 3339 with milliseconds: `2024-01-15T10:20:30.123Z`.
pub fn rfc3339(at: Timestamp) -> String {
    civil(at).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The day that the point lies in: `2024-01-15`.
pub fn day(at: Timestamp) -> String {
    civil(at).date().to_string()
}

/// Reads a point in time: RFC 3339, or a date with or without a time of day, which counts as UTC. `None` for anything
/// else.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp::from_millis(instant.as_millisecond()));
    }
    if let Ok(date) = text.parse::<Date>()
        && text.len() == 10
    {
        return from_civil(date.to_datetime(jiff::civil::Time::midnight()));
    }
    text.parse::<DateTime>().ok().and_then(from_civil)
}

/// The wall-clock reading of a point, in UTC.
pub(crate) fn civil(at: Timestamp) -> DateTime {
    let instant = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    TimeZone::UTC.to_datetime(instant)
}

/// The point of a wall-clock reading in UTC. `None`: out of the calendar's range.
pub(crate) fn from_civil(reading: DateTime) -> Option<Timestamp> {
    let instant = TimeZone::UTC.to_timestamp(reading).ok()?;
    Some(Timestamp::from_millis(instant.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_written_with_milliseconds_and_read_back() {
        let at = Timestamp::from_millis(1_705_314_030_007);
        assert_eq!(rfc3339(at), "2024-01-15T10:20:30.007Z");
        assert_eq!(parse(&rfc3339(at)), Some(at));
        assert_eq!(day(at), "2024-01-15");
    }

    #[test]
    fn a_date_without_a_zone_counts_as_utc() {
        let midnight = Timestamp::from_millis(1_705_276_800_000);
        assert_eq!(parse("2024-01-15"), Some(midnight));
        assert_eq!(parse("2024-01-15 00:00:00"), Some(midnight));
        assert_eq!(parse("2024-01-15T01:00:00+01:00"), Some(midnight));
        assert_eq!(parse("the ides of march"), None);
    }
}
