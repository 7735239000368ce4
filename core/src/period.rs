//! When a budget starts afresh, and which period a moment lies in. Periods follow the calendar where they can, so that
//! every instance agrees on them without asking. Knows only `clock` and `duration`.

use crate::clock::Timestamp;
use crate::duration::{Duration, Unit};
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};

/// A budget's period cannot be of this length.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Monthly resets currently only support 1 month intervals")]
pub struct UnevenMonths;

/// When a day begins for budgets: at a time of day, in a time zone.
#[derive(Clone, Debug)]
pub struct DayStart {
    zone: TimeZone,
    at: Time,
}

impl Default for DayStart {
    /// Midnight in UTC.
    fn default() -> Self {
        Self { zone: TimeZone::UTC, at: Time::midnight() }
    }
}

/// A stretch of time in which a budget's spend adds up. `start` names it: two periods of one budget never share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first moment.
    pub start: Timestamp,
    /// The first moment after it, where the next one starts.
    pub end: Timestamp,
}

impl DayStart {
    /// A day that begins at `time_of_day` (`06:30` or `06:30:00`; absent: midnight) in a zone of the IANA database. A
    /// zone or time that does not exist counts as UTC and midnight.
    pub fn named(zone: &str, time_of_day: Option<&str>) -> Self {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        Self { zone, at: time_of_day.and_then(|time| time.parse().ok()).unwrap_or(Time::midnight()) }
    }

    /// The wall clock's reading.
    fn reading(&self, now: Timestamp) -> DateTime {
        let instant = jiff::Timestamp::from_millisecond(now.millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        self.zone.to_datetime(instant)
    }

    /// The moment of a wall clock's reading. One that a change of clocks leaves out is as far after the change as it
    /// would have been.
    fn moment(&self, reading: DateTime) -> Option<Timestamp> {
        let instant = self.zone.to_ambiguous_timestamp(reading).compatible().ok()?;
        Some(Timestamp::from_millis(instant.as_millisecond()))
    }

    /// The day that a moment belongs to: the one that began last.
    fn day(&self, now: Timestamp) -> Date {
        let reading = self.reading(now);
        if reading.time() < self.at { reading.date().yesterday().unwrap_or(reading.date()) } else { reading.date() }
    }

    /// When a day begins. Saturates at the end of the calendar.
    fn start(&self, day: Option<Date>) -> Timestamp {
        day.and_then(|day| self.moment(day.to_datetime(self.at))).unwrap_or(Timestamp::from_millis(i64::MAX))
    }
}

/// How a budget's periods follow each other.
enum Rhythm {
    Month,
    Week,
    Days(i64),
    /// A step of so many seconds, counted from the last full minute, hour or day, whose seconds stand first.
    Within(i64, i64),
}

impl Duration {
    /// When a budget with this period that is set now starts afresh: at the next even multiple within its minute, hour
    /// or day, or at the start of a day, a Monday or the first of a month. A number of days is counted from today.
    ///
    /// # Errors
    /// [`UnevenMonths`] for a number of months other than one.
    pub fn next_reset_in(self, days: &DayStart, now: Timestamp) -> Result<Timestamp, UnevenMonths> {
        let today = days.day(now);
        Ok(match self.rhythm()? {
            Rhythm::Days(0) | Rhythm::Within(_, 0) => now,
            Rhythm::Days(count) => days.start(days_after(today, count)),
            Rhythm::Week => days.start(days_after(monday(today), 7)),
            Rhythm::Month => days.start(month_after(today)),
            Rhythm::Within(base, step) => {
                let (start, passed) = within(days, now, base);
                let next = start.checked_add(Span::new().seconds((passed / step + 1).saturating_mul(step)));
                next.ok().and_then(|next| days.moment(next)).unwrap_or(now)
            }
        })
    }

    /// [`Duration::next_reset_in`] with days that begin at midnight in UTC.
    ///
    /// # Errors
    /// [`UnevenMonths`] for a number of months other than one.
    pub fn next_reset(self, now: Timestamp) -> Result<Timestamp, UnevenMonths> {
        self.next_reset_in(&DayStart::default(), now)
    }

    /// The period that `now` lies in. Depends on nothing else where the calendar has such a period: a month, a week, a
    /// day, a step that divides its minute, hour or day. Other periods (`14d`, `45s`) follow each other from
    /// `anchor`, any moment at which one of them ends (the reset time that the budget was made with); without one, from
    /// the first Monday of 1970. `None`: a period of no length.
    ///
    /// # Errors
    /// [`UnevenMonths`] for a number of months other than one.
    pub fn period(
        self,
        days: &DayStart,
        anchor: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Period>, UnevenMonths> {
        let today = days.day(now);
        Ok(Some(match self.rhythm()? {
            Rhythm::Days(0) | Rhythm::Within(_, 0) => return Ok(None),
            Rhythm::Month => {
                Period { start: days.start(Some(today.first_of_month())), end: days.start(month_after(today)) }
            }
            Rhythm::Week => {
                Period { start: days.start(Some(monday(today))), end: days.start(days_after(monday(today), 7)) }
            }
            Rhythm::Days(count) => {
                let first = anchor.map_or(FIRST_MONDAY, |anchor| days.day(anchor));
                let passed = i64::from(today.since(first).map_or(0, |span| span.get_days()));
                let start = days_after(first, passed.div_euclid(count).saturating_mul(count)).unwrap_or(first);
                Period { start: days.start(Some(start)), end: days.start(days_after(start, count)) }
            }
            Rhythm::Within(base, step) => stepped(days, anchor, now, base, step),
        }))
    }

    fn rhythm(self) -> Result<Rhythm, UnevenMonths> {
        let (unit, count) = (self.unit(), self.count());
        Ok(match (unit, count) {
            (Unit::Month, 1) | (Unit::Day, 30) => Rhythm::Month,
            (Unit::Month, _) => return Err(UnevenMonths),
            (Unit::Day, 7) | (Unit::Week, 1) => Rhythm::Week,
            (Unit::Day, count) => Rhythm::Days(count),
            (Unit::Week, count) => Rhythm::Days(count.saturating_mul(7)),
            (Unit::Second, count) => Rhythm::Within(60, count),
            (Unit::Minute, count) => Rhythm::Within(3600, count.saturating_mul(60)),
            (Unit::Hour, count) => Rhythm::Within(DAY_SECONDS, count.saturating_mul(3600)),
        })
    }
}

const FIRST_MONDAY: Date = Date::constant(1970, 1, 5);

/// Steps that divide a day are counted from midnight, so that a change of clocks makes the day's last step shorter or
/// adds one, and no two overlap.
fn stepped(days: &DayStart, anchor: Option<Timestamp>, now: Timestamp, base: i64, step: i64) -> Period {
    let step_ms = step.saturating_mul(1000);
    let whole_days = DayStart { at: Time::midnight(), ..days.clone() };
    let (first, last) = if base % step == 0 {
        let today = whole_days.day(now);
        (whole_days.start(Some(today)), Some(whole_days.start(days_after(today, 1))))
    } else {
        (anchor.unwrap_or_else(|| days.start(Some(FIRST_MONDAY))), None)
    };
    // The one step of a day is the day, however long it is.
    let step_ms = if step == DAY_SECONDS { DAY_SECONDS * 2000 } else { step_ms };
    let start = first.plus_millis(now.millis_since(first).div_euclid(step_ms).saturating_mul(step_ms));
    let end = start.plus_millis(step_ms);
    Period { start, end: last.map_or(end, |last| end.min(last)) }
}

const DAY_SECONDS: i64 = 86_400;

/// The reading at the last full minute, hour or day (`base` seconds), and the seconds that have passed since.
fn within(days: &DayStart, now: Timestamp, base: i64) -> (DateTime, i64) {
    let reading = days.reading(now);
    let time = reading.time();
    let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    let passed = seconds % base;
    let start = reading.date().to_datetime(Time::midnight()).checked_add(Span::new().seconds(seconds - passed));
    (start.unwrap_or(reading), passed)
}

fn days_after(day: Date, count: i64) -> Option<Date> {
    day.checked_add(Span::new().try_days(count).ok()?).ok()
}

fn monday(day: Date) -> Date {
    let passed = i64::from(day.weekday().since(Weekday::Monday));
    days_after(day, -passed).unwrap_or(day)
}

fn month_after(day: Date) -> Option<Date> {
    day.first_of_month().checked_add(1.month()).ok()
}

#[cfg(test)]
mod tests;
