//! The words of the encoding, found by binary search in the program's own data.

static WORDS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/token_words.bin"));
/// For each word where it begins and its rank, four bytes each, little-endian; one more closes the last word.
static INDEX: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/token_index.bin"));

/// The longest word's length in bytes.
pub(super) const WORD_BYTES_MAX: usize = 128;

/// The rank of exactly these bytes: pairs of low rank are joined first. `None`: they are no word.
pub(super) fn rank(bytes: &[u8]) -> Option<u32> {
    let (mut low, mut high) = (0, INDEX.len() / 8 - 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let ((start, rank), (end, _)) = (entry(middle)?, entry(middle + 1)?);
        match WORDS.get(start as usize..end as usize)?.cmp(bytes) {
            std::cmp::Ordering::Equal => return Some(rank),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

/// Every word with its rank, in the order of the words.
pub(super) fn words() -> impl Iterator<Item = (u32, &'static [u8])> {
    (0..INDEX.len() / 8 - 1).filter_map(|number| {
        let ((start, rank), (end, _)) = (entry(number)?, entry(number + 1)?);
        Some((rank, WORDS.get(start as usize..end as usize)?))
    })
}

fn entry(number: usize) -> Option<(u32, u32)> {
    let (start, rank) = INDEX.get(number * 8..number * 8 + 8)?.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*start), u32::from_le_bytes(rank.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_the_ranks_of_the_encoding() {
        assert_eq!((rank(b"!"), rank(b"Hello"), rank(b" world")), (Some(0), Some(9906), Some(1917)));
        assert_eq!((rank(b""), rank(b"Hello world"), rank(&[0xff, 0xff, 0xff])), (None, None, None));
    }

    #[test]
    fn every_byte_is_a_word_and_none_is_longer_than_said() {
        assert!((0..=u8::MAX).all(|byte| rank(&[byte]).is_some()));
        let ends: Vec<_> = (0..INDEX.len() / 8).map(|number| entry(number).unwrap().0 as usize).collect();
        assert_eq!(ends.windows(2).map(|pair| pair[1] - pair[0]).max(), Some(WORD_BYTES_MAX));
    }
}
