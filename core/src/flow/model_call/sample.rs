//! How many tokens a stream has come to, where the upstream does not say: its beginning is kept and counted, and the rest
//! is taken to be alike. Kept memory is bounded, and nothing is counted unless it has to be.

use crate::tokens;
use crate::wire::sse;
use bytes::Bytes;

/// Bytes of a stream that are kept: some 80 events.
const KEPT_BYTES_MAX: usize = 16 << 10;

/// The beginning of a stream, as its client saw it.
#[derive(Debug, Default)]
pub(super) struct Sample {
    pieces: Vec<Bytes>,
    bytes: usize,
    /// Events with content in what is kept.
    events: u64,
}

impl Sample {
    /// Takes the next piece. `events`: events with content up to its end.
    pub(super) fn take(&mut self, piece: &Bytes, events: u64) {
        if self.bytes < KEPT_BYTES_MAX && !piece.is_empty() {
            self.bytes += piece.len();
            self.pieces.push(piece.clone());
            self.events = events;
        }
    }

    /// The tokens of a stream of so many events with content.
    pub(super) fn tokens(&self, events: u64) -> u64 {
        let kept = self.pieces.concat();
        let mut text = String::new();
        for data in sse::events(&kept).filter_map(sse::data) {
            tokens::gather(&data, &mut text);
        }
        let counted = tokens::count_text(&text);
        let rest = events.saturating_sub(self.events);
        // An event is a token at most providers, where there is nothing to tell it by.
        counted + counted.saturating_mul(rest).checked_div(self.events).unwrap_or(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> Bytes {
        Bytes::from(format!("data: {{\"choices\":[{{\"delta\":{{\"content\":{text:?}}}}}]}}\n\n"))
    }

    #[test]
    fn a_short_stream_is_counted_as_one_text() {
        let mut sample = Sample::default();
        for (events, text) in (1..).zip(["Hel", "lo wor", "ld"]) {
            sample.take(&event(text), events);
        }
        assert_eq!(sample.tokens(3), tokens::count_text("Hello world"));
    }

    #[test]
    fn a_long_stream_is_taken_to_go_on_as_it_began_and_is_not_kept() {
        let mut sample = Sample::default();
        (1..=10_000).for_each(|events| sample.take(&event("one two three four "), events));
        assert!(sample.bytes < KEPT_BYTES_MAX + 100);
        let tokens = sample.tokens(10_000);
        assert!((39_000..51_000).contains(&tokens), "{tokens}");
    }

    #[test]
    fn what_nothing_is_known_of_counts_by_its_events() {
        assert_eq!(Sample::default().tokens(7), 7);
    }
}
