//! Chance as a number, and an even choice by it.

use crate::clock::Random;

/// A number from 0 up to, not including, 1. Without entropy it is 0: the first deployment is as good as any.
pub(super) fn fraction(random: &dyn Random) -> f64 {
    let mut bytes = [0; 8];
    if random.fill(&mut bytes).is_err() {
        return 0.0;
    }
    // The 53 bits that a float holds exactly.
    (u64::from_le_bytes(bytes) >> 11) as f64 / (1u64 << 53) as f64
}

/// One of so many, each as likely as any other.
pub(super) fn number_below(count: usize, random: &dyn Random) -> usize {
    if count < 2 {
        return 0;
    }
    ((fraction(random) * count as f64) as usize).min(count - 1)
}
