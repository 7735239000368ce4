//! A request's query parameters, checked like a body.

use super::error::{AdminError, Problem};
use crate::calendar;
use crate::clock::Timestamp;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Query parameters by name; of a name given twice the last counts, unless a list is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(BTreeMap<String, Vec<String>>);

impl Params {
    /// Takes decoded names and values.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut params = Self::default();
        pairs.into_iter().for_each(|(name, value)| params.0.entry(name).or_default().push(value));
        params
    }

    /// The same parameters with another value of one of them.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), vec![value.to_owned()]);
        self
    }

    /// A text; an empty one counts as not given.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.last().map(String::as_str).filter(|text| !text.is_empty())
    }

    /// Texts with commas between them, or in as many parameters; empty ones do not count.
    pub fn list(&self, name: &str) -> Vec<String> {
        let parts = self.0.get(name).into_iter().flatten().flat_map(|list| list.split(','));
        parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
    }

    /// Whether none of these has a text.
    pub fn names_none_of(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.text(name).is_none())
    }

    /// A whole number within a range.
    ///
    /// # Errors
    /// [`AdminError::Form`] for another number, or none.
    pub fn number(&self, name: &str, default: u64, range: RangeInclusive<u64>) -> Result<u64, AdminError> {
        let Some(text) = self.text(name) else { return Ok(default) };
        let problem = |kind, message: String| Problem::new(kind, vec!["query".into(), name.into()], message);
        let number: i64 = text.trim().parse().map_err(|_| {
            let message = "Input should be a valid integer, unable to parse string as an integer";
            problem("int_parsing", message.to_owned())
        })?;
        match u64::try_from(number) {
            Ok(number) if range.contains(&number) => Ok(number),
            Ok(number) if number > *range.end() => {
                let message = format!("Input should be less than or equal to {}", range.end());
                Err(problem("less_than_equal", message).into())
            }
            _ => {
                let message = format!("Input should be greater than or equal to {}", range.start());
                Err(problem("greater_than_equal", message).into())
            }
        }
    }

    /// True or false; not given is false.
    ///
    /// # Errors
    /// [`AdminError::Form`] for text that is neither.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, AdminError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" | "t" | "y" => Ok(Some(true)),
            "false" | "0" | "no" | "off" | "f" | "n" => Ok(Some(false)),
            _ => {
                let message = "Input should be a valid boolean, unable to interpret input";
                Err(Problem::new("bool_parsing", vec!["query".into(), name.into()], message).into())
            }
        }
    }

    /// A date or a point in time, and whether it was a whole day.
    ///
    /// # Errors
    /// [`AdminError::Date`].
    pub fn time(&self, name: &'static str) -> Result<Option<(Timestamp, bool)>, AdminError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match calendar::parse(text) {
            Some(at) => Ok(Some((at, text.trim().len() == 10))),
            None => Err(AdminError::Date { field: name, value: text.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(name: &str, value: &str) -> Params {
        Params::new([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn a_number_out_of_range_is_refused_with_the_bound() {
        assert_eq!(Params::default().number("size", 10, 1..=100).unwrap(), 10);
        assert_eq!(params("size", "100").number("size", 10, 1..=100).unwrap(), 100);
        for (value, kind) in [("101", "less_than_equal"), ("0", "greater_than_equal"), ("-1", "greater_than_equal")] {
            match params("size", value).number("size", 10, 1..=100) {
                Err(AdminError::Form(problems)) => assert_eq!(problems[0].kind, kind),
                other => panic!("{other:?}"),
            }
        }
        assert!(params("size", "ten").number("size", 10, 1..=100).is_err());
    }

    #[test]
    fn a_list_is_told_in_one_parameter_or_in_many() {
        let pairs = [("tags", "a, b,"), ("tags", "c"), ("other", "d")];
        let params = Params::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(params.list("tags"), ["a", "b", "c"]);
        assert_eq!((params.text("tags"), params.list("none")), (Some("c"), Vec::new()));
    }

    #[test]
    fn a_day_is_told_from_a_point_in_time() {
        assert!(params("d", "2024-01-01").time("d").unwrap().unwrap().1);
        assert!(!params("d", "2024-01-01 00:00:00").time("d").unwrap().unwrap().1);
        assert!(params("d", "soon").time("d").is_err());
    }
}
