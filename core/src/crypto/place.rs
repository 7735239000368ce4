//! Where a sealed value belongs. It is bound to the place, so that whoever can write the store cannot move a value from
//! one row to another and have it opened there.

use std::fmt;

/// A field of a row of a table of ours: `credentials`, `subjects`. Not the store's own table, so that a restored copy
/// under another name still opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'p> {
    /// Which kind of rows.
    pub table: &'p str,
    /// Which row.
    pub row: &'p str,
    /// Which field of it.
    pub field: &'p str,
}

/// A place, for errors that outlive it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceName(String);

impl<'p> Place<'p> {
    /// A field of a row.
    pub fn new(table: &'p str, row: &'p str, field: &'p str) -> Self {
        Self { table, row, field }
    }

    /// The place as bytes, no two places alike.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in [self.table, self.row, self.field] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }

    pub(super) fn name(&self) -> PlaceName {
        PlaceName(match (self.table, self.row, self.field) {
            ("", "", "") => "the value".to_owned(),
            (table, row, field) => format!("`{field}` of `{row}` in `{table}`"),
        })
    }
}

impl fmt::Display for PlaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_places_are_alike() {
        assert_ne!(Place::new("a", "bc", "d").bytes(), Place::new("ab", "c", "d").bytes());
        assert_ne!(Place::new("a", "b", "").bytes(), Place::new("a", "", "b").bytes());
    }
}
