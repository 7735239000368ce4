//! How much text events in JSON carry, found by a byte search. It weighs events that nobody needs to read.

use memchr::{memchr2, memmem};

/// The bytes of all strings that are the value of a member whose name ends with one of `names`. Each name ends with the
/// quote that closes it: `content"` finds `content` and `reasoning_content`. Escapes count as they are written.
pub fn of_members(json: &[u8], names: &[&[u8]]) -> u64 {
    let of_name = |name: &&[u8]| {
        let length = name.len();
        memmem::find_iter(json, *name).map(move |at| json.get(at + length..).map_or(0, value)).sum::<u64>()
    };
    names.iter().map(of_name).sum()
}

/// The length of the string that a colon leads to; 0 where something else follows.
fn value(rest: &[u8]) -> u64 {
    let Some(rest) = rest.trim_ascii_start().strip_prefix(b":") else { return 0 };
    let Some(text) = rest.trim_ascii_start().strip_prefix(b"\"") else { return 0 };
    let mut length = 0;
    while let Some(at) = text.get(length..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        length += at;
        if text.get(length) == Some(&b'"') {
            return length as u64;
        }
        // What is escaped ends nothing.
        length = (length + 2).min(text.len());
    }
    text.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_texts_of_members_count() {
        let names: [&[u8]; 2] = [b"content\"", b"\"arguments\""];
        for (json, bytes) in [
            (r#"{"delta":{"content":"Hello"}}"#, 5),
            (r#"{"delta": {"reasoning_content": "Hi", "content" : ""}}"#, 2),
            (r#"{"content":"a\"b\\"},{"content":"c"}"#, 7),
            (r#"{"content":null,"logprobs":{"content":[{"token":"x"}]}}"#, 0),
            (r#"{"content":"of \"content\":\"x\""}"#, 20),
            (r#"{"function":{"name":"f","arguments":"{}"},"obfuscation":"zzzz"}"#, 2),
            (r#"{"content":"cut"#, 3),
            (r#"{"content":"cut\"#, 4),
        ] {
            assert_eq!(of_members(json.as_bytes(), &names), bytes, "{json}");
        }
    }
}
