//! How attributes lie in a row: one version byte, then name, kind and value, one after the other. Every length comes
//! first, so reading never searches. Nothing outside this file knows the layout.

use super::super::item::Value;
use std::collections::BTreeMap;

/// The layout that is written. Rows of another version are refused, never guessed at.
const VERSION: u8 = 1;

const TEXT: u8 = 0;
const NUMBER: u8 = 1;
const FALSE: u8 = 2;
const TRUE: u8 = 3;
const BYTES: u8 = 4;

/// The row is not in a layout that this version reads.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the attributes of a stored row are not in layout {VERSION}")]
pub(super) struct UnknownLayout;

/// Writes attributes into `buffer`, in place of what it held.
pub(super) fn encode(attributes: &BTreeMap<String, Value>, buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.push(VERSION);
    for (name, value) in attributes {
        put_slice(name.as_bytes(), buffer);
        match value {
            Value::Text(text) => {
                buffer.push(TEXT);
                put_slice(text.as_bytes(), buffer);
            }
            Value::Number(number) => {
                buffer.push(NUMBER);
                buffer.extend_from_slice(&number.to_le_bytes());
            }
            Value::Bool(truth) => buffer.push(if *truth { TRUE } else { FALSE }),
            Value::Bytes(bytes) => {
                buffer.push(BYTES);
                put_slice(bytes, buffer);
            }
        }
    }
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// [`UnknownLayout`]: these bytes are something else.
pub(super) fn decode(row: &[u8]) -> Result<BTreeMap<String, Value>, UnknownLayout> {
    let (version, mut rest) = row.split_first().ok_or(UnknownLayout)?;
    if *version != VERSION {
        return Err(UnknownLayout);
    }
    let mut attributes = BTreeMap::new();
    while !rest.is_empty() {
        let name = take_text(&mut rest)?;
        let (kind, after) = rest.split_first().ok_or(UnknownLayout)?;
        rest = after;
        let value = match *kind {
            TEXT => Value::Text(take_text(&mut rest)?),
            NUMBER => {
                let (number, after) = rest.split_first_chunk().ok_or(UnknownLayout)?;
                rest = after;
                Value::Number(i64::from_le_bytes(*number))
            }
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            BYTES => Value::Bytes(take_slice(&mut rest)?.to_vec()),
            _ => return Err(UnknownLayout),
        };
        attributes.insert(name, value);
    }
    Ok(attributes)
}

/// A length in groups of seven bits, lowest first, then the bytes.
fn put_slice(bytes: &[u8], buffer: &mut Vec<u8>) {
    let mut length = bytes.len();
    while length >= 0x80 {
        buffer.push(length as u8 | 0x80);
        length >>= 7;
    }
    buffer.push(length as u8);
    buffer.extend_from_slice(bytes);
}

fn take_slice<'row>(rest: &mut &'row [u8]) -> Result<&'row [u8], UnknownLayout> {
    let mut length = 0_usize;
    // Three groups hold 2 MiB, more than an item may have.
    for shift in [0, 7, 14] {
        let (group, after) = rest.split_first().ok_or(UnknownLayout)?;
        *rest = after;
        length |= usize::from(group & 0x7f) << shift;
        if group & 0x80 == 0 {
            let (bytes, after) = rest.split_at_checked(length).ok_or(UnknownLayout)?;
            *rest = after;
            return Ok(bytes);
        }
    }
    Err(UnknownLayout)
}

fn take_text(rest: &mut &[u8]) -> Result<String, UnknownLayout> {
    let bytes = take_slice(rest)?;
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| UnknownLayout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<String>().prop_map(Value::Text),
            any::<i64>().prop_map(Value::Number),
            any::<bool>().prop_map(Value::Bool),
            vec(any::<u8>(), 0..300).prop_map(Value::Bytes),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(attributes in btree_map(any::<String>(), any_value(), 0..12)) {
            let mut row = vec![9; 3];
            encode(&attributes, &mut row);
            prop_assert_eq!(decode(&row), Ok(attributes));
        }

        #[test]
        fn foreign_bytes_never_panic(row in vec(any::<u8>(), 0..64)) {
            let _ = decode(&row);
            let mut own = vec![VERSION];
            own.extend(row);
            let _ = decode(&own);
        }
    }

    #[test]
    fn a_text_near_the_item_limit_is_read_back() {
        let attributes = BTreeMap::from([("long".to_owned(), Value::Text("x".repeat(400 * 1024)))]);
        let mut row = Vec::new();
        encode(&attributes, &mut row);
        assert_eq!(decode(&row), Ok(attributes));
    }

    #[test]
    fn a_row_cut_short_or_of_another_version_is_refused() {
        let mut row = Vec::new();
        encode(&BTreeMap::from([("a".to_owned(), Value::Number(7))]), &mut row);
        for end in [0, 2, 3, row.len() - 1] {
            assert_eq!(decode(&row[..end]), Err(UnknownLayout), "cut at {end}");
        }
        row[0] = 2;
        assert_eq!(decode(&row), Err(UnknownLayout));
    }
}
