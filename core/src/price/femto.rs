//! Prices of single units, too small for nano-dollars: whole femto-dollars, so that a call's cost is an exact sum that
//! is rounded once.

use crate::money::NanoDollars;
use std::iter::Sum;
use std::ops::Add;

/// An amount of 10⁻¹⁵ dollars times a whole number. Never negative; arithmetic saturates.
///
/// Every token price of the price data is a whole number of these ($0.0000000375 is 37,500,000).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FemtoDollars(u128);

const PER_DOLLAR: f64 = 1e15;
const PER_NANO: u128 = 1_000_000;

impl FemtoDollars {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The nearest amount to a number of dollars. Negative numbers and not-a-number count as nothing.
    pub fn from_dollars(dollars: f64) -> Self {
        // A float-to-int cast saturates and maps not-a-number to zero.
        Self((dollars * PER_DOLLAR).round() as u128)
    }

    /// The same amount; a debt counts as nothing.
    pub fn from_nanos(nanos: NanoDollars) -> Self {
        Self(u128::try_from(nanos.nanos()).unwrap_or(0) * PER_NANO)
    }

    /// The price of `count` units at this price each.
    pub fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(u128::from(count)))
    }

    /// The price of so many milliseconds at this price per second, rounded up.
    pub fn for_millis(self, millis: u64) -> Self {
        Self(self.0.saturating_mul(u128::from(millis)).div_ceil(1000))
    }

    /// The amount without another, and nothing where the other is more.
    pub fn without(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// How many units at `price` the amount pays for; `None`: they are free, any number.
    pub fn pays_for(self, price: Self) -> Option<u64> {
        Some(u64::try_from(self.0.checked_div(price.0)?).unwrap_or(u64::MAX))
    }

    /// Half of the amount, rounded down.
    pub fn half(self) -> Self {
        Self(self.0 / 2)
    }

    /// So many of `whole` parts of the amount, rounded up.
    pub fn share(self, parts: u64, whole: u64) -> Self {
        Self(self.0.saturating_mul(u128::from(parts)).div_ceil(u128::from(whole)))
    }

    /// The largest amount whose [`share`](Self::share) is at most this one.
    pub fn inverse_share(self, parts: u64, whole: u64) -> Self {
        Self(self.0.saturating_mul(u128::from(whole)).checked_div(u128::from(parts)).unwrap_or(u128::MAX))
    }

    /// The nearest amount in nano-dollars; half a nano-dollar rounds up.
    pub fn to_nanos(self) -> NanoDollars {
        NanoDollars::new(i64::try_from(self.0.saturating_add(PER_NANO / 2) / PER_NANO).unwrap_or(i64::MAX))
    }

    /// The least amount in nano-dollars that is not below this one.
    pub fn to_nanos_up(self) -> NanoDollars {
        NanoDollars::new(i64::try_from(self.0.div_ceil(PER_NANO)).unwrap_or(i64::MAX))
    }

    /// The amount in dollars, for answers that clients read as a float.
    pub fn dollars(self) -> f64 {
        self.0 as f64 / PER_DOLLAR
    }
}

impl Add for FemtoDollars {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for FemtoDollars {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_below_a_nano_dollar_is_not_lost() {
        let cost = FemtoDollars::from_dollars(3e-10).times(10);
        assert_eq!(cost.to_nanos(), NanoDollars::new(3));
    }

    #[test]
    fn half_a_nano_dollar_rounds_up_whatever_the_float_says() {
        let cost = FemtoDollars::from_dollars(3.75e-8).times(7);
        assert_eq!(cost.to_nanos(), NanoDollars::new(263));
        assert_eq!(cost.dollars(), 2.625e-7);
    }

    #[test]
    fn a_negative_or_absurd_price_neither_pays_the_caller_nor_wraps() {
        assert_eq!(FemtoDollars::from_dollars(-1.0), FemtoDollars::ZERO);
        assert_eq!(FemtoDollars::from_dollars(f64::INFINITY).times(9).to_nanos(), NanoDollars::new(i64::MAX));
    }
}
