//! What `$ref`s in a schema of a client refer to, for dialects that have definitions written out where they are used.
//!
//! A definition that refers to itself several times would double with each step down, so what is written out for one
//! member of a request is counted, and the request is refused where it is too much. It may touch nothing but schemas.

use serde_json::{Map, Value};

/// Most that is written out for `$ref`s in one member of a request, in bytes of JSON, roughly. A usual schema that refers
/// to itself in one place stays far below.
const BYTES_MAX: usize = 1 << 20;
/// What a value counts beside its texts. In memory the least value is larger than its JSON.
const BYTES_OF_VALUE: usize = 16;

/// How much more may be written out. All schemas of one member share one.
#[derive(Debug)]
pub(super) struct ReferenceBudget(usize);

impl Default for ReferenceBudget {
    fn default() -> Self {
        Self(BYTES_MAX)
    }
}

/// A schema's definitions written out where they are used would be too much to send.
#[derive(Debug, thiserror::Error)]
#[error("a schema refers to itself too often to be written out for this provider; write it without so many `$ref`s")]
pub(super) struct TooManyReferences;

/// The definitions of a schema.
#[derive(Debug)]
pub(super) struct Definitions<'d, 'b> {
    lists: Vec<&'d Map<String, Value>>,
    budget: &'b mut ReferenceBudget,
}

impl<'d, 'b> Definitions<'d, 'b> {
    /// Names under which a schema lists its definitions.
    pub(super) const LISTS: [&'static str; 2] = ["$defs", "definitions"];

    /// Those of such lists.
    pub(super) fn of_lists(lists: Vec<&'d Map<String, Value>>, budget: &'b mut ReferenceBudget) -> Self {
        Self { lists, budget }
    }

    /// Those of a whole schema.
    pub(super) fn of(schema: &'d Value, budget: &'b mut ReferenceBudget) -> Self {
        Self::of_lists(Self::LISTS.iter().filter_map(|name| schema.get(name)?.as_object()).collect(), budget)
    }

    /// What is referred to by a schema of these members, to be written out once. `None` where they refer to nothing known.
    ///
    /// # Errors
    /// [`TooManyReferences`], where the budget is used up.
    pub(super) fn referred(&mut self, members: &Map<String, Value>) -> Result<Option<&'d Value>, TooManyReferences> {
        let name = members.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit_once('/'));
        let Some((_, name)) = name else { return Ok(None) };
        let Some(definition) = self.lists.iter().find_map(|list| list.get(name)) else { return Ok(None) };
        spend(&mut self.budget.0, definition)?;
        Ok(Some(definition))
    }
}

/// Takes a value from the budget as it is written, without what it refers to. It looks at no more than the budget has.
fn spend(budget: &mut usize, value: &Value) -> Result<(), TooManyReferences> {
    let texts = match value {
        Value::String(text) => text.len(),
        Value::Object(members) => members.keys().map(String::len).sum(),
        _ => 0,
    };
    *budget = budget.checked_sub(texts + BYTES_OF_VALUE).ok_or(TooManyReferences)?;
    match value {
        Value::Array(list) => list.iter().try_for_each(|item| spend(budget, item)),
        Value::Object(members) => members.values().try_for_each(|member| spend(budget, member)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn is_referred(times: usize, definition: &Value) -> bool {
        let schema = json!({"definitions": {"A": definition}, "$ref": "#/definitions/A"});
        let mut budget = ReferenceBudget::default();
        let mut definitions = Definitions::of(&schema, &mut budget);
        (0..times)
            .all(|_| definitions.referred(schema.as_object().unwrap()).is_ok_and(|found| found == Some(definition)))
    }

    #[test]
    fn a_definition_counts_with_each_reference_by_all_that_it_says() {
        let (small, large) = (json!({"type": "string"}), json!({"enum": ["x".repeat(1000), "y".repeat(1000)]}));
        assert!(is_referred(1000, &small) && is_referred(100, &large));
        assert!(!is_referred(100_000, &small) && !is_referred(1000, &large));
    }

    #[test]
    fn what_refers_to_nothing_known_is_left_as_it_is() {
        let (schema, mut budget) = (json!({"$defs": {"A": {}}, "$ref": "#/$defs/B"}), ReferenceBudget::default());
        let mut definitions = Definitions::of(&schema, &mut budget);
        assert!(definitions.referred(schema.as_object().unwrap()).is_ok_and(|found| found.is_none()));
        assert!(definitions.referred(json!({"$ref": 1}).as_object().unwrap()).is_ok_and(|found| found.is_none()));
    }
}
