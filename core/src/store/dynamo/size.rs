//! The size of an item, checked before it is sent: 400 KB on the wire to learn of a refusal would be a waste.

use crate::store::item::ITEM_BYTES_MAX;
use crate::store::table::WriteError;
use crate::store::write::Write;

/// Checks what can be known of the item's size beforehand; an update may still grow one too far.
///
/// # Errors
/// [`WriteError::TooLarge`].
pub(super) fn check_size(write: &Write) -> Result<(), WriteError> {
    let bytes = match write {
        Write::Put { item, .. } => item.size(),
        Write::Update { .. } | Write::Delete { .. } | Write::Check { .. } => 0,
    };
    if bytes > ITEM_BYTES_MAX { Err(WriteError::TooLarge { bytes, limit: ITEM_BYTES_MAX }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::item::{Item, Key};

    #[test]
    fn an_item_over_the_limit_is_refused_with_its_size() {
        let put = |bytes| {
            let item = Item::new(Key::new("p", "s")).with("a", "x".repeat(bytes));
            check_size(&Write::Put { item, when: vec![] })
        };
        assert!(matches!(put(ITEM_BYTES_MAX), Err(WriteError::TooLarge { bytes, .. }) if bytes > ITEM_BYTES_MAX));
        assert!(put(ITEM_BYTES_MAX - 100).is_ok());
    }
}
