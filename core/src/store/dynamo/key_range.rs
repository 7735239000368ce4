//! A query's range as a key condition. DynamoDB refuses empty bounds, bounds in the wrong order and a start outside
//! of the range, where the seam means no items; those cases end here.

use super::attribute::{PARTITION, SORT};
use super::expression::Placeholders;
use crate::store::table::{Query, SortRange};
use aws_sdk_dynamodb::types::AttributeValue;

/// The key condition of a query. `None`: no item can be in the range, or none is left behind `after`.
pub(super) fn key_condition(query: &Query, placeholders: &mut Placeholders) -> Option<String> {
    if query.partition.is_empty() || query.after.as_deref().is_some_and(|after| is_behind(query, after)) {
        return None;
    }
    let range = match &query.range {
        SortRange::All => None,
        SortRange::Prefix(prefix) if prefix.is_empty() => None,
        SortRange::Prefix(prefix) => {
            let name = placeholders.name(SORT);
            Some(format!("begins_with({name}, {})", text(prefix, placeholders)))
        }
        SortRange::Between(low, high) if high.is_empty() || low > high => return None,
        SortRange::Between(low, high) if low.is_empty() => {
            let name = placeholders.name(SORT);
            Some(format!("{name} <= {}", text(high, placeholders)))
        }
        SortRange::Between(low, high) => {
            let name = placeholders.name(SORT);
            let (low, high) = (text(low, placeholders), text(high, placeholders));
            Some(format!("{name} BETWEEN {low} AND {high}"))
        }
    };
    let partition = placeholders.name(PARTITION);
    let partition = format!("{partition} = {}", text(&query.partition, placeholders));
    Some(match range {
        Some(range) => format!("{partition} AND {range}"),
        None => partition,
    })
}

/// The sort key to start behind; `None` also where `after` lies before the range, which then begins at its beginning.
pub(super) fn start_after(query: &Query) -> Option<&str> {
    let after = query.after.as_deref().filter(|after| !after.is_empty())?;
    let inside = match &query.range {
        SortRange::All => true,
        SortRange::Prefix(prefix) => after.starts_with(prefix.as_str()),
        SortRange::Between(low, high) => after >= low.as_str() && after <= high.as_str(),
    };
    inside.then_some(after)
}

/// Whether `after` lies at the far side of the range, so that nothing is left.
fn is_behind(query: &Query, after: &str) -> bool {
    let (below, above) = match &query.range {
        SortRange::All => (false, false),
        SortRange::Prefix(prefix) if after.starts_with(prefix.as_str()) => (false, false),
        SortRange::Prefix(prefix) => (after < prefix.as_str(), after > prefix.as_str()),
        SortRange::Between(low, high) => (after < low.as_str(), after > high.as_str()),
    };
    if query.descending { below } else { above }
}

fn text(value: &str, placeholders: &mut Placeholders) -> String {
    placeholders.value(AttributeValue::S(value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(range: SortRange, after: Option<&str>, descending: bool) -> Option<String> {
        let query = Query { range, after: after.map(str::to_owned), descending, ..Query::partition("p") };
        key_condition(&query, &mut Placeholders::default())
    }

    #[test]
    fn each_range_has_its_condition() {
        let between = |low: &str, high: &str| SortRange::Between(low.to_owned(), high.to_owned());
        assert_eq!(condition(SortRange::All, None, false).as_deref(), Some("#n0 = :v0"));
        let prefix = condition(SortRange::Prefix("a".to_owned()), None, false);
        assert_eq!(prefix.as_deref(), Some("#n1 = :v1 AND begins_with(#n0, :v0)"));
        let both = condition(between("a", "b"), None, false);
        assert_eq!(both.as_deref(), Some("#n1 = :v2 AND #n0 BETWEEN :v0 AND :v1"));
        assert_eq!(condition(between("", "b"), None, false).as_deref(), Some("#n1 = :v1 AND #n0 <= :v0"));
        assert_eq!(condition(between("b", "a"), None, false), None);
    }

    #[test]
    fn a_start_outside_of_the_range_means_all_or_nothing() {
        let range = || SortRange::Between("d".to_owned(), "f".to_owned());
        assert!(condition(range(), Some("g"), false).is_none());
        assert!(condition(range(), Some("g"), true).is_some());
        assert!(condition(range(), Some("a"), false).is_some());
        assert!(condition(range(), Some("a"), true).is_none());
        let query = Query { range: range(), after: Some("a".to_owned()), ..Query::partition("p") };
        assert_eq!(start_after(&query), None);
    }
}
