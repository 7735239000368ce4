//! Thoughts that a model puts before its answer, between tags in the same text.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Tells thoughts from the answer, piece by piece.
#[derive(Debug, Default)]
pub(super) struct Thoughts {
    at: Place,
    /// What may be the beginning of a tag.
    held: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Nothing but white space has come.
    #[default]
    Before,
    Within,
    After,
}

/// What a piece of text is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) thought: String,
    pub(super) text: String,
}

impl Thoughts {
    /// Takes the next piece of the text.
    pub(super) fn push(&mut self, piece: &str) -> Told {
        let mut told = Told::default();
        if self.at == Place::After {
            told.text.push_str(piece);
            return told;
        }
        self.held.push_str(piece);
        if self.at == Place::Before {
            self.begin(&mut told);
        }
        if self.at == Place::Within {
            self.think(&mut told);
        }
        told
    }

    /// The text has ended: what was held is what it seems to be.
    pub(super) fn finish(&mut self) -> Told {
        let held = std::mem::take(&mut self.held);
        match self.at {
            Place::Within => Told { thought: held, text: String::new() },
            Place::Before | Place::After => Told { thought: String::new(), text: held },
        }
    }

    /// Looks for the tag that a text must begin with.
    fn begin(&mut self, told: &mut Told) {
        let said = self.held.trim_start();
        if let Some(rest) = said.strip_prefix(OPEN) {
            self.held = rest.to_owned();
            self.at = Place::Within;
        } else if !OPEN.starts_with(said) {
            told.text = std::mem::take(&mut self.held);
            self.at = Place::After;
        }
    }

    /// Looks for the tag that ends the thoughts, of which only a part may have come.
    fn think(&mut self, told: &mut Told) {
        if let Some((thought, text)) = self.held.split_once(CLOSE) {
            (told.thought, told.text) = (thought.to_owned(), text.to_owned());
            self.held.clear();
            self.at = Place::After;
            return;
        }
        let kept =
            (1..CLOSE.len()).rev().find(|length| CLOSE.get(..*length).is_some_and(|tag| self.held.ends_with(tag)));
        let end = self.held.len() - kept.unwrap_or(0);
        told.thought = self.held.drain(..end).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(pieces: &[&str]) -> (String, String) {
        let mut thoughts = Thoughts::default();
        let mut all: Vec<Told> = pieces.iter().map(|piece| thoughts.push(piece)).collect();
        all.push(thoughts.finish());
        all.into_iter().fold(Default::default(), |(thought, text): (String, String), told| {
            (thought + &told.thought, text + &told.text)
        })
    }

    #[test]
    fn thoughts_stand_before_the_answer_or_not_at_all() {
        let both = |thought: &str, text: &str| (thought.to_owned(), text.to_owned());
        assert_eq!(told(&["<think>hm</think>42"]), both("hm", "42"));
        assert_eq!(told(&["\n<th", "ink>", "a </thi", "nk b</think", ">", "42"]), both("a </think b", "42"));
        assert_eq!(told(&["<think>never closed"]), both("never closed", ""));
        assert_eq!(told(&["a <think>b</think>"]), both("", "a <think>b</think>"));
        assert_eq!(told(&["<thi"]), both("", "<thi"));
    }

    proptest! {
        #[test]
        fn what_is_told_does_not_depend_on_the_pieces(text in "(<think>)?[</thinkä>x ]{0,12}(</think>)?[a-z<]{0,3}", cut in 1_usize..6) {
            let characters: Vec<char> = text.chars().collect();
            let pieces: Vec<String> = characters.chunks(cut).map(|piece| piece.iter().collect()).collect();
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            prop_assert_eq!(told(&pieces), told(&[&text]));
        }
    }
}
