//! Conditions and changes as DynamoDB's expressions. Every name and value goes in by placeholder, so that no name is
//! ever a reserved word and no value is ever read as an expression.

use super::attribute::{EXPIRES, PARTITION, seconds, to_attribute};
use super::ended::holds_of_absent;
use crate::clock::Timestamp;
use crate::store::item::Value;
use crate::store::write::{Change, Condition};
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

/// The placeholders of one request, filled as its expressions are written.
#[derive(Debug, Default)]
pub(super) struct Placeholders {
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Placeholders {
    /// The placeholder of an attribute's name.
    pub(super) fn name(&mut self, name: &str) -> String {
        let placeholder = format!("#n{}", self.names.len());
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    /// The placeholder of a value.
    pub(super) fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    /// The names, where there are any: DynamoDB refuses an empty map.
    pub(super) fn take_names(&mut self) -> Option<HashMap<String, String>> {
        Some(std::mem::take(&mut self.names)).filter(|names| !names.is_empty())
    }

    /// The values, where there are any: DynamoDB refuses an empty map.
    pub(super) fn take_values(&mut self) -> Option<HashMap<String, AttributeValue>> {
        Some(std::mem::take(&mut self.values)).filter(|values| !values.is_empty())
    }
}

/// What must hold where a whole item is put, deleted or checked. `None`: nothing need hold.
///
/// An item that has ended counts as absent: where all conditions hold of an absent item, an ended one passes too;
/// where one does not, an ended one fails.
pub(super) fn condition(conditions: &[Condition], now: Timestamp, placeholders: &mut Placeholders) -> Option<String> {
    let stored = all(conditions, placeholders)?;
    let end = placeholders.name(EXPIRES);
    let now = placeholders.value(seconds(now));
    Some(if conditions.iter().all(holds_of_absent) {
        format!("{end} <= {now} OR {stored}")
    } else {
        format!("(attribute_not_exists({end}) OR {end} > {now}) AND {stored}")
    })
}

/// What must hold where an item is changed in place: the conditions, and that it has not ended. An ended item cannot
/// be changed, as its old attributes would come back to life; see `ended`.
pub(super) fn condition_of_update(conditions: &[Condition], now: Timestamp, placeholders: &mut Placeholders) -> String {
    let stored = all(conditions, placeholders);
    let end = placeholders.name(EXPIRES);
    let now = placeholders.value(seconds(now));
    let not_ended = format!("attribute_not_exists({end}) OR {end} > {now}");
    match stored {
        Some(stored) => format!("({not_ended}) AND {stored}"),
        None => not_ended,
    }
}

/// A condition that always holds.
pub(super) fn tautology(placeholders: &mut Placeholders) -> String {
    let name = placeholders.name(PARTITION);
    format!("attribute_exists({name}) OR attribute_not_exists({name})")
}

/// The changes as an update expression. `None`: there are none.
pub(super) fn update(changes: &[Change], placeholders: &mut Placeholders) -> Option<String> {
    let (mut set, mut add, mut remove) = (Vec::new(), Vec::new(), Vec::new());
    for change in changes {
        match change {
            Change::Set(name, value) => set.push(assignment(name, to_attribute(value), placeholders)),
            Change::SetIfMissing(name, value) => {
                let name = placeholders.name(name);
                let value = placeholders.value(to_attribute(value));
                set.push(format!("{name} = if_not_exists({name}, {value})"));
            }
            Change::Add(name, number) => {
                let name = placeholders.name(name);
                let number = placeholders.value(to_attribute(&Value::Number(*number)));
                add.push(format!("{name} {number}"));
            }
            Change::Remove(name) => remove.push(placeholders.name(name)),
            Change::Expire(Some(at)) => set.push(assignment(EXPIRES, seconds(*at), placeholders)),
            Change::Expire(None) => remove.push(placeholders.name(EXPIRES)),
        }
    }
    let clauses: Vec<String> = [("SET", set), ("ADD", add), ("REMOVE", remove)]
        .into_iter()
        .filter(|(_, parts)| !parts.is_empty())
        .map(|(verb, parts)| format!("{verb} {}", parts.join(", ")))
        .collect();
    (!clauses.is_empty()).then(|| clauses.join(" "))
}

fn assignment(name: &str, value: AttributeValue, placeholders: &mut Placeholders) -> String {
    format!("{} = {}", placeholders.name(name), placeholders.value(value))
}

/// All conditions, joined by `AND`, which binds closer than `OR`. No parentheses around the whole: DynamoDB refuses
/// those that change nothing.
fn all(conditions: &[Condition], placeholders: &mut Placeholders) -> Option<String> {
    let parts: Vec<String> = conditions.iter().map(|condition| one(condition, placeholders)).collect();
    (!parts.is_empty()).then(|| parts.join(" AND "))
}

fn one(condition: &Condition, placeholders: &mut Placeholders) -> String {
    let mut compare = |name: &str, operator: &str, value: AttributeValue| {
        format!("{} {operator} {}", placeholders.name(name), placeholders.value(value))
    };
    match condition {
        Condition::Exists => format!("attribute_exists({})", placeholders.name(PARTITION)),
        Condition::Absent => format!("attribute_not_exists({})", placeholders.name(PARTITION)),
        Condition::Equals(name, value) => compare(name, "=", to_attribute(value)),
        Condition::AtLeast(name, number) => compare(name, ">=", to_attribute(&Value::Number(*number))),
        Condition::AtMost(name, number) => compare(name, "<=", to_attribute(&Value::Number(*number))),
        Condition::Has(name) => format!("attribute_exists({})", placeholders.name(name)),
        Condition::Lacks(name) => format!("attribute_not_exists({})", placeholders.name(name)),
        Condition::Differs(name, value) => or_lacks(name, "<>", value, placeholders),
        Condition::AtLeastOrLacks(name, number) => or_lacks(name, ">=", &Value::Number(*number), placeholders),
        Condition::AtMostOrLacks(name, number) => or_lacks(name, "<=", &Value::Number(*number), placeholders),
    }
}

fn or_lacks(name: &str, operator: &str, value: &Value, placeholders: &mut Placeholders) -> String {
    let name = placeholders.name(name);
    let value = placeholders.value(to_attribute(value));
    format!("(attribute_not_exists({name}) OR {name} {operator} {value})")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(5);

    #[test]
    fn an_ended_item_passes_where_an_absent_one_would() {
        let mut placeholders = Placeholders::default();
        let text = condition(&[Condition::Absent], NOW, &mut placeholders);
        assert_eq!(text.as_deref(), Some("#n1 <= :v0 OR attribute_not_exists(#n0)"));
        assert_eq!(placeholders.take_values(), Some(HashMap::from([(":v0".to_owned(), seconds(NOW))])));
    }

    #[test]
    fn an_ended_item_fails_where_an_absent_one_would() {
        let mut placeholders = Placeholders::default();
        let conditions = [Condition::Lacks("a".to_owned()), Condition::AtLeast("b".to_owned(), 1)];
        let text = condition(&conditions, NOW, &mut placeholders);
        let expected = "(attribute_not_exists(#n2) OR #n2 > :v1) AND attribute_not_exists(#n0) AND #n1 >= :v0";
        assert_eq!(text.as_deref(), Some(expected));
    }

    #[test]
    fn without_conditions_a_put_asks_nothing_and_an_update_asks_that_the_item_has_not_ended() {
        let mut placeholders = Placeholders::default();
        assert_eq!(condition(&[], NOW, &mut placeholders), None);
        assert_eq!(placeholders.take_names(), None);
        let text = condition_of_update(&[], NOW, &mut placeholders);
        assert_eq!(text, "attribute_not_exists(#n0) OR #n0 > :v0");
    }

    #[test]
    fn changes_are_grouped_by_verb() {
        let mut placeholders = Placeholders::default();
        let changes = [
            Change::Add("spent".to_owned(), 3),
            Change::Set("name".to_owned(), "x".into()),
            Change::Remove("old".to_owned()),
            Change::SetIfMissing("made".to_owned(), 1.into()),
            Change::Expire(None),
        ];
        let text = update(&changes, &mut placeholders);
        let expected = "SET #n1 = :v1, #n3 = if_not_exists(#n3, :v2) ADD #n0 :v0 REMOVE #n2, #n4";
        assert_eq!(text.as_deref(), Some(expected));
        assert_eq!(update(&[], &mut placeholders), None);
    }
}
