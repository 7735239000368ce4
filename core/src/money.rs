//! Money as whole nano-dollars, so that sums are exact whatever their order. Knows nobody.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

/// An amount in nano-dollars: one thousand-millionth of a US dollar.
///
/// Arithmetic saturates at about ±9.2 thousand million dollars, so no sum wraps round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NanoDollars(i64);

const PER_DOLLAR: f64 = 1e9;

impl NanoDollars {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount given in nano-dollars.
    pub const fn new(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The nearest amount to a number of dollars. Not-a-number counts as nothing; the rest saturates.
    pub fn from_dollars(dollars: f64) -> Self {
        // A float-to-int cast saturates and maps not-a-number to zero.
        Self((dollars * PER_DOLLAR).round() as i64)
    }

    /// The whole number of nano-dollars, as stores keep it.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The amount in dollars, for answers and logs that clients read as a float.
    pub fn dollars(self) -> f64 {
        self.0 as f64 / PER_DOLLAR
    }
}

impl Add for NanoDollars {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for NanoDollars {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for NanoDollars {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for NanoDollars {
    type Output = Self;

    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl Sum for NanoDollars {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for NanoDollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", self.dollars())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_rounded_to_the_nearest_nano_dollar() {
        assert_eq!(NanoDollars::from_dollars(0.00008).nanos(), 80_000);
        assert_eq!(NanoDollars::from_dollars(0.000_000_000_6).nanos(), 1);
        assert_eq!(NanoDollars::from_dollars(f64::NAN), NanoDollars::ZERO);
    }

    #[test]
    fn sums_saturate_instead_of_wrapping() {
        let most = NanoDollars::new(i64::MAX);
        assert_eq!(most + NanoDollars::new(1), most);
    }
}
