//! Writes a JSON object member by member. The first of two members with one name stays, so that what has precedence is
//! written first.

use super::members::FEW;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::HashSet;

/// An object that is being written.
#[derive(Debug)]
pub struct ObjectWriter<'n> {
    json: Vec<u8>,
    names: Vec<&'n str>,
    /// The names beyond the first few, found by their hashes, so that many cost no more each.
    more_names: HashSet<&'n str>,
}

impl Default for ObjectWriter<'_> {
    fn default() -> Self {
        Self { json: vec![b'{'], names: Vec::new(), more_names: HashSet::new() }
    }
}

impl<'n> ObjectWriter<'n> {
    /// Adds a member, unless one of this name is there.
    ///
    /// # Errors
    /// Those of the serialiser; none for types that JSON has.
    pub fn add(&mut self, name: &'n str, value: &(impl Serialize + ?Sized)) -> Result<(), serde_json::Error> {
        if self.begin(name)? {
            serde_json::to_writer(&mut self.json, value)?;
        }
        Ok(())
    }

    /// Adds a member whose value is JSON already, unless one of this name is there.
    ///
    /// # Errors
    /// As [`ObjectWriter::add`].
    pub fn add_raw(&mut self, name: &'n str, value: &RawValue) -> Result<(), serde_json::Error> {
        if self.begin(name)? {
            self.json.extend_from_slice(value.get().as_bytes());
        }
        Ok(())
    }

    /// Whether a member of this name is there.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(&name) || self.more_names.contains(name)
    }

    /// The object.
    pub fn finish(mut self) -> Vec<u8> {
        self.json.push(b'}');
        self.json
    }

    fn begin(&mut self, name: &'n str) -> Result<bool, serde_json::Error> {
        if self.has(name) {
            return Ok(false);
        }
        if !self.names.is_empty() {
            self.json.push(b',');
        }
        if self.names.len() < FEW {
            self.names.push(name);
        } else {
            self.more_names.insert(name);
        }
        serde_json::to_writer(&mut self.json, name)?;
        self.json.push(b':');
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_two_members_with_one_name_stays() {
        let mut object = ObjectWriter::default();
        object.add("a", &1).unwrap();
        object.add_raw("a", &RawValue::from_string("2".into()).unwrap()).unwrap();
        object.add_raw("b\"", &RawValue::from_string("1.50".into()).unwrap()).unwrap();
        assert_eq!(object.finish(), br#"{"a":1,"b\"":1.50}"#);
        assert_eq!(ObjectWriter::default().finish(), b"{}");
    }

    #[test]
    fn very_many_members_are_written_each_once() {
        let names: Vec<String> = (0..200_000).map(|at| at.to_string()).collect();
        let mut object = ObjectWriter::default();
        for name in names.iter().chain(&names) {
            object.add(name, &1).unwrap();
        }
        let members: Vec<String> = names.iter().map(|name| format!("\"{name}\":1")).collect();
        assert_eq!(object.finish(), format!("{{{}}}", members.join(",")).into_bytes());
    }
}
