//! What a text means, as a direction: numbers of an embedding, brought to length one and kept as 16-bit integers, and how
//! alike two of them are.
//!
//! A number is off by 1/65534 at most, so that the cosine of two vectors of 1,536 usual numbers is right to four digits. The
//! sum of products of two vectors of that length cannot leave 32 bits (Cauchy–Schwarz), which keeps the loop short enough
//! for the machine's own vectors.

use bytes::{BufMut, BytesMut};

/// Most numbers of a vector. Models give some hundreds to some thousands.
pub const DIMENSIONS_MAX: usize = 16_384;
/// What one is kept as.
const ONE: f64 = 32_767.0;

/// A direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Vector {
    numbers: Box<[i16]>,
    /// Its length as it is kept.
    length: f64,
}

impl Vector {
    /// The direction of these numbers. `None`: they have none, or are too many.
    pub fn of(numbers: &[f32]) -> Option<Self> {
        let length = numbers.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt();
        if !length.is_finite() || length <= 0.0 {
            return None;
        }
        // No number is longer than the whole, so each is within 16 bits.
        let kept = |number: &f32| (f64::from(*number) / length * ONE).round() as i16;
        Self::kept(numbers.iter().map(kept).collect())
    }

    fn kept(numbers: Box<[i16]>) -> Option<Self> {
        if numbers.is_empty() || numbers.len() > DIMENSIONS_MAX {
            return None;
        }
        let length = numbers.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt();
        // What somebody else wrote must not overflow the sum of products.
        (0.5 * ONE..1.1 * ONE).contains(&length).then_some(Self { numbers, length })
    }

    /// The cosine of the angle between two: 1 is the same direction, 0 nothing in common. `None`: they are of different
    /// models.
    pub fn similarity(&self, other: &Self) -> Option<f64> {
        if self.numbers.len() != other.numbers.len() {
            return None;
        }
        let products = self.numbers.iter().zip(&other.numbers).map(|(one, other)| i32::from(*one) * i32::from(*other));
        let sum = products.fold(0_i32, i32::wrapping_add);
        Some((f64::from(sum) / (self.length * other.length)).clamp(-1.0, 1.0))
    }

    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        self.numbers.len() * 2
    }

    /// Writes it.
    pub fn write(&self, bytes: &mut BytesMut) {
        self.numbers.iter().for_each(|number| bytes.put_i16(*number));
    }

    /// Reads all of the bytes as one.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (pairs, rest) = bytes.as_chunks::<2>();
        if !rest.is_empty() || pairs.len() > DIMENSIONS_MAX {
            return None;
        }
        Self::kept(pairs.iter().map(|pair| i16::from_be_bytes(*pair)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cosine(one: &[f32], other: &[f32]) -> f64 {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        dot(one, other) / (dot(one, one) * dot(other, other)).sqrt()
    }

    fn numbers(dimensions: usize) -> impl Strategy<Value = Vec<f32>> {
        proptest::collection::vec(-1.0_f32..1.0, dimensions)
    }

    proptest! {
        #[test]
        fn likeness_is_the_cosine(
            (one, other) in (1_usize..400).prop_flat_map(|dimensions| (numbers(dimensions), numbers(dimensions))),
            scale in 0.001_f32..1000.0,
        ) {
            prop_assume!(one.iter().any(|number| number.abs() > 0.01) && other.iter().any(|number| number.abs() > 0.01));
            let scaled: Vec<f32> = other.iter().map(|number| number * scale).collect();
            let (a, b) = (Vector::of(&one).unwrap(), Vector::of(&scaled).unwrap());
            let off = (a.similarity(&b).unwrap() - cosine(&one, &other)).abs();
            prop_assert!(off < 1e-3, "{off}");
            prop_assert!((a.similarity(&a).unwrap() - 1.0).abs() < 1e-9);
            prop_assert_eq!(a.similarity(&b), b.similarity(&a));
            let mut bytes = BytesMut::new();
            a.write(&mut bytes);
            prop_assert_eq!(Vector::read(&bytes), Some(a));
        }
    }

    #[test]
    fn four_digits_are_right_at_the_sizes_that_models_have() {
        // Numbers as a generator gives them, the same each time.
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        for dimensions in [384, 1536, 3072, DIMENSIONS_MAX] {
            let one: Vec<f32> = (0..dimensions).map(|_| next()).collect();
            let other: Vec<f32> = one.iter().map(|number| number + next() * 0.4).collect();
            let similarity = Vector::of(&one).unwrap().similarity(&Vector::of(&other).unwrap()).unwrap();
            assert!((similarity - cosine(&one, &other)).abs() < 5e-5, "{dimensions}");
        }
    }

    #[test]
    fn what_has_no_direction_is_none() {
        for numbers in [vec![], vec![0.0; 4], vec![f32::NAN, 1.0], vec![f32::INFINITY], vec![1.0; DIMENSIONS_MAX + 1]] {
            assert!(Vector::of(&numbers).is_none());
        }
        assert!(Vector::of(&[1.0, 2.0]).unwrap().similarity(&Vector::of(&[1.0]).unwrap()).is_none());
        for bytes in [&[][..], &[1], &[127, 255, 127], &[0, 0, 0, 0], &[127, 255, 127, 255]] {
            assert!(Vector::read(bytes).is_none(), "{bytes:?}");
        }
    }
}
