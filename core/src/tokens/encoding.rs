//! Byte-pair encoding, as far as counting needs it.

use super::pieces::pieces;
use super::vocabulary::{WORD_BYTES_MAX, rank};

/// Bytes of a text that are counted; a longer text counts in proportion. Keeps the worst text within some tens of
/// milliseconds.
const TEXT_BYTES_MAX: usize = 256 * 1024;

/// The number of tokens of a text.
pub fn count_text(text: &str) -> u64 {
    if text.len() <= TEXT_BYTES_MAX {
        return pieces(text).map(count_piece).sum();
    }
    let head = text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or_default();
    let counted: u64 = pieces(head).map(count_piece).sum();
    counted.saturating_mul(text.len() as u64).div_ceil((head.len() as u64).max(1))
}

fn count_piece(piece: &str) -> u64 {
    if rank(piece.as_bytes()).is_some() {
        return 1;
    }
    // Joining is quadratic in the piece's length. No word crosses more bytes than this.
    piece.as_bytes().chunks(WORD_BYTES_MAX).map(count_joined).sum()
}

/// Joins the pair of neighbours with the lowest rank until no pair is a word.
fn count_joined(bytes: &[u8]) -> u64 {
    // Where each part begins, and the rank of that part joined with the next.
    let rank_of = |start: usize, end: usize| bytes.get(start..end).and_then(rank).unwrap_or(u32::MAX);
    let mut parts: Vec<(usize, u32)> = (0..bytes.len()).map(|at| (at, rank_of(at, at + 2))).collect();
    while let Some((at, _)) = parts.iter().enumerate().map(|(at, (_, rank))| (at, *rank)).min_by_key(|(_, rank)| *rank)
    {
        if parts.get(at).is_none_or(|(_, rank)| *rank == u32::MAX) {
            break;
        }
        parts.remove(at + 1);
        // The joined part and the one before it have new neighbours.
        for place in [at.checked_sub(1), Some(at)].into_iter().flatten() {
            let end = parts.get(place + 2).map_or(bytes.len(), |(start, _)| *start);
            let has_next = place + 1 < parts.len();
            if let Some((start, rank)) = parts.get_mut(place) {
                *rank = if has_next { rank_of(*start, end) } else { u32::MAX };
            }
        }
    }
    parts.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_as_many_tokens_as_in_the_encoding() {
        for (text, tokens) in [
            ("", 0),
            ("Hello", 1),
            ("Hello, world!", 4),
            ("東京", 3),
            (" ", 1),
            ("<|endoftext|>", 7),
            ("Grüße 👋🏽 — 東京タワー", 16),
        ] {
            assert_eq!(count_text(text), tokens, "{text}");
        }
        assert_eq!(count_text(&"a".repeat(1000)), 125);
    }

    #[test]
    fn a_huge_text_counts_in_proportion() {
        let text = "The quick brown fox. ".repeat(50_000);
        let exact = 50_000 * 5 + 1;
        assert!(count_text(&text).abs_diff(exact) < exact / 100);
    }
}
