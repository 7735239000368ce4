//! What an operator takes off the price of a call and puts on it: a discount that was agreed with a provider, a margin
//! for those who are charged.

use super::femto::FemtoDollars;

/// Parts of a whole.
const WHOLE: u64 = 1_000_000_000_000;

/// What becomes of a call's cost before it is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Billing {
    /// What is charged of a cost, in trillionths.
    share: u64,
    /// What is charged beside it.
    fixed: FemtoDollars,
}

impl Default for Billing {
    /// Costs as they are.
    fn default() -> Self {
        Self { share: WHOLE, fixed: FemtoDollars::ZERO }
    }
}

impl Billing {
    /// Costs less a discount (a share of them, at most 1), more a margin (a share of what is left), and a fixed amount
    /// in dollars for each call.
    pub fn new(discount: f64, margin: f64, fixed_dollars: f64) -> Self {
        // A float-to-int cast saturates and maps not-a-number to zero.
        let share = ((1.0 - discount) * (1.0 + margin) * WHOLE as f64).round() as u64;
        Self { share, fixed: FemtoDollars::from_dollars(fixed_dollars) }
    }

    /// What is charged for a cost.
    pub(super) fn charge(self, cost: FemtoDollars) -> FemtoDollars {
        if self.share == WHOLE { cost + self.fixed } else { cost.share(self.share, WHOLE) + self.fixed }
    }

    /// The highest cost for which at most `amount` is charged; `None`: there is none.
    pub(super) fn affords(self, amount: FemtoDollars) -> Option<FemtoDollars> {
        (self.fixed <= amount).then(|| amount.without(self.fixed).inverse_share(self.share, WHOLE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::money::NanoDollars;
    use crate::price::bound::Demand;
    use crate::price::cost::{CallFacts, cost_of};
    use crate::price::{ModelPrice, find};
    use crate::usage::Usage;

    fn charged(billing: Billing, prompt_tokens: u64) -> i64 {
        // $2.50 a million input tokens.
        let price = find("gpt-4o", None).unwrap().billed(billing);
        let usage = Usage { prompt_tokens, ..Usage::default() };
        price.cost(&usage, &CallFacts::at(Timestamp::default())).total.nanos()
    }

    #[test]
    fn a_discount_comes_first_and_the_margin_is_of_what_is_left() {
        assert_eq!(charged(Billing::default(), 1000), 2_500_000);
        assert_eq!(charged(Billing::new(0.05, 0.0, 0.0), 1000), 2_375_000);
        assert_eq!(charged(Billing::new(0.2, 0.1, 0.0005), 1000), 2_200_000 + 500_000);
        assert_eq!(charged(Billing::new(1.0, 0.0, 0.0), 1000), 0);
    }

    #[test]
    fn what_is_held_covers_what_is_charged_and_no_token_more_is_promised_than_is_paid_for() {
        for billing in [Billing::new(0.07, 0.13, 0.001), Billing::new(0.0, 2.5, 0.0), Billing::new(1.0, 0.0, 0.002)] {
            let price = find("gpt-4o", None).unwrap().billed(billing);
            let demand = Demand { input_tokens: 1001, output_tokens: 777, ..Demand::default() };
            let usage = Usage { prompt_tokens: 1001, completion_tokens: 777, ..Usage::default() };
            let facts = CallFacts::at(Timestamp::default());
            let bound = price.bound(&demand);
            assert!(price.cost(&usage, &facts).total <= bound);
            assert_eq!(price.largest_output(&demand, bound), Some(777));
            let less = price.largest_output(&demand, NanoDollars::new(bound.nanos() - 1)).unwrap_or_default();
            let shorter = Demand { output_tokens: less, ..demand };
            assert!(less < 777 && (less == 0 || price.bound(&shorter).nanos() < bound.nanos()));
        }
    }

    #[test]
    fn what_a_provider_says_that_a_call_cost_is_charged_alike() {
        let price = ModelPrice::from_info("unknown", serde_json::Map::new()).billed(Billing::new(0.0, 0.1, 0.0));
        let usage = Usage { reported_cost: NanoDollars::new(1000), ..Usage::default() };
        assert_eq!(cost_of(Some(&price), &usage, &CallFacts::at(Timestamp::default())).total.nanos(), 1100);
    }
}
