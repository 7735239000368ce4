//! Tokens back to text: clients that count in OpenAI's tokens send an input as such, whatever model they ask.

use super::vocabulary::words;
use std::collections::HashMap;

/// The texts that these lists of tokens stand for. `None`: one of the tokens is no word of the encoding.
pub fn texts_of(lists: &[Vec<u32>]) -> Option<Vec<String>> {
    let mut wanted: HashMap<u32, &'static [u8]> = lists.iter().flatten().map(|token| (*token, &[][..])).collect();
    // One walk over the vocabulary, which is sorted by words, finds all of them.
    for (rank, word) in words() {
        if let Some(place) = wanted.get_mut(&rank) {
            *place = word;
        }
    }
    let text = |tokens: &Vec<u32>| {
        let words = tokens.iter().map(|token| wanted.get(token).filter(|word| !word.is_empty()).copied());
        let bytes: Vec<u8> = words.collect::<Option<Vec<_>>>()?.concat();
        // Half a character is one that cannot be shown.
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    lists.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_the_words_that_they_stand_for() {
        assert_eq!(
            texts_of(&[vec![9906, 1917], vec![0], vec![]]),
            Some(vec!["Hello world".into(), "!".into(), "".into()])
        );
    }

    #[test]
    fn a_number_that_is_no_token_is_no_text() {
        assert_eq!(texts_of(&[vec![9906, 4_000_000]]), None);
    }
}
