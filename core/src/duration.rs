//! Spans of time as settings write them (`30s`, `15m`, `24h`, `7d`, `2w`, `1mo`). Knows only `clock` and `calendar`.

use crate::calendar;
use crate::clock::Timestamp;
use jiff::Span;
use jiff::civil::DateTime;

/// A span of time. A month is as long as the calendar says, so its length depends on when it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration {
    count: i64,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
}

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// It does not begin with a number that fits.
    #[error("Invalid duration format")]
    NoNumber,
    /// A number is there, but no unit of `s`, `m`, `h`, `d`, `w`, `mo`.
    #[error("Unsupported duration unit, passed duration: {0}")]
    NoUnit(String),
}

impl Duration {
    /// Reads a duration. The words `hourly`, `daily`, `weekly` and `monthly` count too, and what follows the unit is
    /// not looked at, as existing settings rely on both.
    ///
    /// # Errors
    /// [`DurationError`] says what is missing.
    pub fn parse(text: &str) -> Result<Self, DurationError> {
        if let Some(named) = Self::named(text) {
            return Ok(named);
        }
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = text.split_at(digits);
        let count = number.parse().map_err(|_| DurationError::NoNumber)?;
        let unit = match rest.as_bytes() {
            [b'm', b'o', ..] => Unit::Month,
            [b's', ..] => Unit::Second,
            [b'm', ..] => Unit::Minute,
            [b'h', ..] => Unit::Hour,
            [b'd', ..] => Unit::Day,
            [b'w', ..] => Unit::Week,
            _ => return Err(DurationError::NoUnit(text.to_owned())),
        };
        Ok(Self { count, unit })
    }

    fn named(text: &str) -> Option<Self> {
        let unit = match text.to_ascii_lowercase().as_str() {
            "hourly" => Unit::Hour,
            "daily" => Unit::Day,
            "weekly" => Unit::Week,
            // Thirty days; as a budget's period it still follows the calendar month.
            "monthly" => return Some(Self { count: 30, unit: Unit::Day }),
            _ => return None,
        };
        Some(Self { count: 1, unit })
    }

    /// Where the span ends that starts at `start`. Saturates at the end of the calendar.
    pub fn after(self, start: Timestamp) -> Timestamp {
        if let Some(seconds) = self.fixed_seconds() {
            return start.plus_millis(seconds.saturating_mul(1000));
        }
        let start = calendar::civil(start);
        let end = Span::new().try_months(self.count).ok().and_then(|months| start.checked_add(months).ok());
        calendar::from_civil(end.unwrap_or(DateTime::MAX)).unwrap_or(Timestamp::from_millis(i64::MAX))
    }

    /// The span's length in seconds where it starts at `start`.
    pub fn seconds_from(self, start: Timestamp) -> i64 {
        self.fixed_seconds().unwrap_or_else(|| self.after(start).millis_since(start) / 1000)
    }

    /// What is counted.
    pub(crate) fn unit(self) -> Unit {
        self.unit
    }

    /// How many of it.
    pub(crate) fn count(self) -> i64 {
        self.count
    }

    fn fixed_seconds(self) -> Option<i64> {
        let unit = match self.unit {
            Unit::Second => 1,
            Unit::Minute => 60,
            Unit::Hour => 3600,
            Unit::Day => 86_400,
            Unit::Week => 604_800,
            Unit::Month => return None,
        };
        Some(self.count.saturating_mul(unit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn vectors(section: &str) -> Vec<Value> {
        let all: Value = serde_json::from_str(include_str!("../data/corpus/durations.json")).unwrap();
        all[section].as_array().unwrap().clone()
    }

    fn time(value: &Value) -> Timestamp {
        calendar::parse(value.as_str().unwrap()).unwrap()
    }

    #[test]
    fn every_recorded_duration_has_the_recorded_length_or_error() {
        for vector in vectors("vectors") {
            let read = Duration::parse(vector["duration"].as_str().unwrap());
            match vector.get("seconds").and_then(Value::as_i64) {
                Some(seconds) => assert_eq!(read.unwrap().seconds_from(Timestamp::default()), seconds, "{vector}"),
                None => assert_eq!(read.unwrap_err().to_string(), vector["error"].as_str().unwrap()),
            }
        }
    }

    #[test]
    fn months_are_as_long_as_the_calendar_says() {
        for vector in vectors("months") {
            let months = Duration::parse(vector["duration"].as_str().unwrap()).unwrap();
            assert_eq!(Some(months.seconds_from(time(&vector["now_utc"]))), vector["seconds"].as_i64(), "{vector}");
        }
    }
}
