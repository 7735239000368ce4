//! Cuts a text into the pieces that are encoded one by one: words with the sign before them, numbers of three digits,
//! runs of signs, runs of space.

/// The pieces of a text, in order. Together they are the text.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, after) = rest.split_at_checked(piece_bytes(rest))?;
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Bytes of the first piece; 0 for an empty text.
fn piece_bytes(text: &str) -> usize {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return 0 };
    let second = chars.next();
    if let Some(bytes) = contraction(text) {
        return bytes;
    }
    let after_first = first.len_utf8();
    if is_letter(first) {
        return run(text, 0, is_letter);
    }
    if !matches!(first, '\r' | '\n') && !first.is_numeric() && second.is_some_and(is_letter) {
        return run(text, after_first, is_letter);
    }
    if first.is_numeric() {
        return text.chars().take(3).take_while(|c| c.is_numeric()).map(char::len_utf8).sum();
    }
    if is_sign(first) || (first == ' ' && second.is_some_and(is_sign)) {
        let signs = run(text, if first == ' ' { 1 } else { 0 }, is_sign);
        return run(text, signs, |c| matches!(c, '\r' | '\n'));
    }
    space_bytes(text)
}

/// A run of space up to its last line break; without one, the last blank is left to the word behind it.
fn space_bytes(text: &str) -> usize {
    let all = run(text, 0, char::is_whitespace);
    let space = text.get(..all).unwrap_or_default();
    if let Some(at) = space.rfind(['\r', '\n']) {
        return at + 1;
    }
    let last = space.chars().next_back().map_or(0, char::len_utf8);
    if all == text.len() || all == last { all } else { all - last }
}

/// `'s`, `'re` and the like, in any case.
fn contraction(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('\'')?.as_bytes();
    let begins = |word: &&str| rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()));
    ["s", "t", "re", "ve", "m", "ll", "d"].iter().find(|word| begins(word)).map(|word| 1 + word.len())
}

/// Where the run of such characters ends that begins at `from`.
fn run(text: &str, from: usize, belongs: impl Fn(char) -> bool) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.find(|c| !belongs(c)).unwrap_or(rest.len())
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !c.is_numeric()
}

fn is_sign(c: char) -> bool {
    !c.is_whitespace() && !is_letter(c) && !c.is_numeric()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(text: &str) -> Vec<&str> {
        pieces(text).collect()
    }

    #[test]
    fn a_text_is_cut_as_the_encoding_says() {
        assert_eq!(cut("Hello, world! It's 12345"), ["Hello", ",", " world", "!", " It", "'s", " ", "123", "45"]);
        assert_eq!(cut("a  b\n\n  c   "), ["a", " ", " b", "\n\n", " ", " c", "   "]);
        assert_eq!(cut("x();\n\ty"), ["x", "();\n", "\ty"]);
        assert_eq!(cut("DON'T"), ["DON", "'T"]);
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_text(text in ".*") {
            prop_assert_eq!(cut(&text).concat(), text);
        }
    }
}
