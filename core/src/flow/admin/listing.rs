//! How a list is shown: in which order (`sort_by`, `sort_order`), and which page of it.

use super::error::{AdminError, Problem};
use super::params::Params;
use std::cmp::Ordering;

/// The way of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

impl Direction {
    pub(super) fn of(self, ordering: Ordering) -> Ordering {
        match self {
            Self::Ascending => ordering,
            Self::Descending => ordering.reverse(),
        }
    }
}

/// By what a list is ordered, one of these columns, the first where nobody says; and which way, the newest or largest first
/// where nobody says.
///
/// # Errors
/// [`AdminError::Form`] names the columns.
pub(super) fn order<C: Copy>(params: &Params, columns: &[(&str, C)]) -> Result<(C, Direction), AdminError> {
    let wanted = params.text("sort_by");
    let found = columns.iter().find(|(name, _)| wanted.is_none_or(|wanted| wanted == *name));
    let (_, column) = found.ok_or_else(|| {
        let names: Vec<String> = columns.iter().map(|(name, _)| format!("'{name}'")).collect();
        let names = match names.as_slice() {
            [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
            names => names.join(""),
        };
        in_query("sort_by", &format!("Input should be {names}"))
    })?;
    let direction = match params.text("sort_order").unwrap_or("desc") {
        "asc" => Direction::Ascending,
        "desc" => Direction::Descending,
        _ => return Err(in_query("sort_order", "Input should be 'asc' or 'desc'")),
    };
    Ok((*column, direction))
}

/// The page of this number, the first of which is 1.
pub(super) fn paged<T>(items: &[T], page: u64, size: u64) -> Vec<&T> {
    let skip = usize::try_from((page - 1).saturating_mul(size)).unwrap_or(usize::MAX);
    items.iter().skip(skip).take(size as usize).collect()
}

fn in_query(name: &str, message: &str) -> AdminError {
    Problem::new("literal_error", vec!["query".into(), name.into()], message).into()
}
