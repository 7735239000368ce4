//! Items as DynamoDB holds them: text `S`, numbers `N`, truth `BOOL`, bytes `B`, beside the key and the end.

use crate::clock::Timestamp;
use crate::store::item::{Item, Key, Value};
use crate::store::table::ReadError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::{BTreeMap, HashMap};

/// The partition key's attribute.
pub(super) const PARTITION: &str = "pk";
/// The sort key's attribute.
pub(super) const SORT: &str = "sk";
/// The attribute that says when an item ends, in seconds since the epoch; DynamoDB's TTL looks at it too.
pub(super) const EXPIRES: &str = "expires_at";

/// An item as DynamoDB writes and answers it.
pub(super) type Attributes = HashMap<String, AttributeValue>;

/// One value as DynamoDB takes it.
pub(super) fn to_attribute(value: &Value) -> AttributeValue {
    match value {
        Value::Text(text) => AttributeValue::S(text.clone()),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::Bool(truth) => AttributeValue::Bool(*truth),
        Value::Bytes(bytes) => AttributeValue::B(Blob::new(bytes.clone())),
    }
}

/// A moment as DynamoDB's TTL reads it: whole seconds, rounded down.
pub(super) fn seconds(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.seconds().to_string())
}

/// A key as DynamoDB takes it.
pub(super) fn to_key(key: &Key) -> Attributes {
    HashMap::from([
        (PARTITION.to_owned(), AttributeValue::S(key.partition.clone())),
        (SORT.to_owned(), AttributeValue::S(key.sort.clone())),
    ])
}

/// A whole item as DynamoDB takes it.
pub(super) fn to_attributes(item: &Item) -> Attributes {
    let mut attributes = to_key(&item.key);
    attributes.extend(item.attributes.iter().map(|(name, value)| (name.clone(), to_attribute(value))));
    if let Some(at) = item.expires_at {
        attributes.insert(EXPIRES.to_owned(), seconds(at));
    }
    attributes
}

/// A stored item.
///
/// # Errors
/// [`ReadError::Corrupt`]: a value is of a kind that Postern does not write.
pub(super) fn from_attributes(mut stored: Attributes) -> Result<Item, ReadError> {
    let mut part = |name: &str| match stored.remove(name) {
        Some(AttributeValue::S(text)) => Ok(text),
        _ => Err(ReadError::Corrupt(format!("attribute `{name}` is missing or no text"))),
    };
    let key = Key::new(part(PARTITION)?, part(SORT)?);
    let corrupt =
        |name: &str| ReadError::Corrupt(format!("attribute `{name}` of item `{}` / `{}`", key.partition, key.sort));
    let expires_at = match stored.remove(EXPIRES) {
        None => None,
        Some(AttributeValue::N(number)) => Some(Timestamp::from_seconds(number.parse().map_err(|_| corrupt(EXPIRES))?)),
        Some(_) => return Err(corrupt(EXPIRES)),
    };
    let mut attributes = BTreeMap::new();
    for (name, value) in stored {
        match from_attribute(value) {
            Some(value) => attributes.insert(name, value),
            None => return Err(corrupt(&name)),
        };
    }
    Ok(Item { key, attributes, expires_at })
}

fn from_attribute(stored: AttributeValue) -> Option<Value> {
    match stored {
        AttributeValue::S(text) => Some(Value::Text(text)),
        AttributeValue::N(number) => number.parse().ok().map(Value::Number),
        AttributeValue::Bool(truth) => Some(Value::Bool(truth)),
        AttributeValue::B(blob) => Some(Value::Bytes(blob.into_inner())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_comes_back_as_it_was_stored() {
        let item = Item::new(Key::new("p", "s"))
            .with("text", "")
            .with("number", i64::MIN)
            .with("truth", true)
            .with("bytes", Value::Bytes(vec![0, 255]))
            .expiring(Timestamp::from_seconds(1_700_000_000));
        assert_eq!(from_attributes(to_attributes(&item)).expect("readable"), item);
    }

    #[test]
    fn what_postern_does_not_write_is_refused_by_name() {
        let strange = [AttributeValue::Null(true), AttributeValue::N("1.5".into()), AttributeValue::N("9".repeat(20))];
        for value in strange {
            let mut stored = to_key(&Key::new("p", "s"));
            stored.insert("odd".to_owned(), value);
            let error = from_attributes(stored).expect_err("refused");
            assert!(matches!(&error, ReadError::Corrupt(what) if what.contains("`odd`")), "{error:?}");
        }
    }
}
