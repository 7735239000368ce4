//! Numbers that look like chance and come from a seed: the same seed, the same numbers.

/// A sequence of numbers (SplitMix64).
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The sequence of a seed.
    pub const fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// A sequence of its own, for somebody else's decisions.
    pub fn fork(&mut self) -> Self {
        Self(self.draw())
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `least` to `most`, both included.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let span = u64::try_from(most - least + 1).expect("the least is not above the most");
        least + i64::try_from(self.draw() % span).expect("a span of an `i64`")
    }

    /// True so many times of a thousand.
    pub fn of_thousand(&mut self, times: i64) -> bool {
        self.between(0, 999) < times
    }

    /// One of several.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let most = i64::try_from(from.len()).expect("a short list") - 1;
        let index = usize::try_from(self.between(0, most)).expect("an index");
        *from.get(index).expect("an index of the list")
    }
}
