//! How long a budget lasts before it starts afresh: a duration that can be a budget's, beside the text it was written as.

use crate::clock::Timestamp;
use crate::duration::Duration;
use crate::period::{DayStart, Period};

/// Longest period: a hundred years, beyond which a calendar's arithmetic says nothing of use.
const SECONDS_MAX: i64 = 100 * 366 * 86_400;

/// A budget's period. Longer than nothing, and with a next point at which it starts afresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetPeriod {
    written: String,
    length: Duration,
}

/// A text that no budget can have as its period.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no period of a budget: use a format like '1h', '24h', '7d', '30d' or '1mo'")]
pub struct NoPeriod(pub String);

impl BudgetPeriod {
    /// Reads a period: `30s`, `15m`, `24h`, `7d`, `30d`, `1mo`, `monthly`.
    ///
    /// # Errors
    /// [`NoPeriod`] for what is no duration, for nothing (`0s`), for several months, for more than a hundred years.
    pub fn parse(text: &str) -> Result<Self, NoPeriod> {
        let refused = || NoPeriod(text.to_owned());
        let length = Duration::parse(text).map_err(|_| refused())?;
        let start = Timestamp::default();
        let next = length.next_reset(start).map_err(|_| refused())?;
        let possible = next > start && length.seconds_from(start) <= SECONDS_MAX;
        if possible { Ok(Self { written: text.to_owned(), length }) } else { Err(refused()) }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The period that `now` lies in, which is the same wherever it is asked for. One that the calendar does not know
    /// (`14d`) counts from `anchor`, a moment at which one ends; without one, from the first Monday of 1970.
    pub fn at(&self, anchor: Option<Timestamp>, now: Timestamp) -> Period {
        // What has no length, and several months, was refused when it was read.
        let period = self.length.period(&DayStart::default(), anchor, now).ok().flatten();
        period.unwrap_or(Period { start: Timestamp::default(), end: Timestamp::from_millis(i64::MAX) })
    }

    /// When the period that `now` lies in ends and the next one starts. Always later than `now`, in UTC, at the points
    /// that the calendar gives: the next even multiple, midnight, Monday or first of the month.
    pub fn next_reset(&self, now: Timestamp) -> Timestamp {
        // A period of several months, the only one without a next start, was refused when it was read.
        let next = self.length.next_reset(now).unwrap_or(now);
        next.max(now.plus_millis(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_or_always_starts_afresh_is_no_period() {
        for text in ["", "abc", "-1d", "0s", "0d", "2mo", "1y", "400000d", "99999999999999999d"] {
            assert_eq!(BudgetPeriod::parse(text), Err(NoPeriod(text.to_owned())));
        }
    }

    #[test]
    fn a_period_keeps_its_text_and_ends_later_than_now() {
        for text in ["30s", "15m", "24h", "7d", "30d", "1mo", "monthly", "daily"] {
            let period = BudgetPeriod::parse(text).unwrap();
            assert_eq!(period.as_str(), text);
            for now in [0, 1, 1_700_000_000_000, 1_709_251_199_999] {
                let now = Timestamp::from_millis(now);
                assert!(period.next_reset(now) > now, "{text}");
            }
        }
    }
}
