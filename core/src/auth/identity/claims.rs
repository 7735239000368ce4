//! Finds what a token says. A claim is named by its name, or by a way of names between dots through maps; `\.` is a dot
//! within a name.

use super::error::TokenError;
use serde_json::{Map, Value};

/// The claim of this name; `None`: it is not there, or says nothing.
fn claim<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c Value> {
    let found = match claims.get(name) {
        Some(value) => value,
        None => {
            let (last, way) = steps(name).split_last().map(|(last, way)| (last.clone(), way.to_vec()))?;
            let inner = way.iter().try_fold(claims, |map, step| map.get(step).and_then(Value::as_object));
            inner?.get(&last)?
        }
    };
    Some(found).filter(|value| !value.is_null())
}

fn steps(name: &str) -> Vec<String> {
    let mut steps = vec![String::new()];
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some('.')) => {
                characters.next();
                steps.last_mut().into_iter().for_each(|step| step.push('.'));
            }
            ('.', _) => steps.push(String::new()),
            _ => steps.last_mut().into_iter().for_each(|step| step.push(character)),
        }
    }
    steps
}

/// A text that a claim says; of a list the first. Numbers count as what is written. `None`: the claim is not there, or
/// is empty.
///
/// # Errors
/// [`TokenError::Claim`]: it says something else.
pub fn text(claims: &Map<String, Value>, name: &str) -> Result<Option<String>, TokenError> {
    Ok(texts(claims, name)?.into_iter().next())
}

/// The texts that a claim says: a list, or a single one. Empty ones are left out.
///
/// # Errors
/// As [`text`].
pub fn texts(claims: &Map<String, Value>, name: &str) -> Result<Vec<String>, TokenError> {
    let one = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(TokenError::Claim(name.to_owned())),
    };
    let said = match claim(claims, name) {
        None => Vec::new(),
        Some(Value::Array(list)) => list.iter().filter(|value| !value.is_null()).map(one).collect::<Result<_, _>>()?,
        Some(value) => vec![one(value)?],
    };
    Ok(said.into_iter().filter(|text| !text.is_empty()).collect())
}

/// The scopes of a token: the words of `scope`, or the list that it is.
///
/// # Errors
/// As [`text`].
pub fn scopes(claims: &Map<String, Value>) -> Result<Vec<String>, TokenError> {
    let said = texts(claims, "scope")?;
    Ok(said.iter().flat_map(|scope| scope.split_whitespace()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(name: &str) -> Result<Vec<String>, TokenError> {
        let claims = json!({
            "sub": "u", "number": 7, "none": null, "empty": "", "groups": ["a", "", "b"], "flag": true,
            "realm_access": {"roles": ["one", "two"]}, "https://corp.test/team": "dotted",
            "resource": {"my.client": {"id": "deep"}},
        });
        texts(claims.as_object().unwrap(), name)
    }

    #[test]
    fn claims_are_found_by_name_and_by_way() {
        for (name, wanted) in [
            ("sub", &["u"][..]),
            ("number", &["7"]),
            ("none", &[]),
            ("empty", &[]),
            ("missing", &[]),
            ("sub.deeper", &[]),
            ("groups", &["a", "b"]),
            ("realm_access.roles", &["one", "two"]),
            ("https://corp.test/team", &["dotted"]),
            (r"resource.my\.client.id", &["deep"]),
            ("resource.my.client.id", &[]),
        ] {
            assert_eq!(said(name).unwrap(), wanted, "{name}");
        }
    }

    #[test]
    fn a_claim_of_another_kind_is_refused() {
        assert!(matches!(said("flag"), Err(TokenError::Claim(name)) if name == "flag"));
        assert!(said("realm_access").is_err());
    }

    #[test]
    fn scopes_are_words_or_a_list() {
        let scopes = |value: Value| scopes(json!({"scope": value}).as_object().unwrap()).unwrap();
        assert_eq!(scopes(json!("a  b")), ["a", "b"]);
        assert_eq!(scopes(json!(["a", "b"])), ["a", "b"]);
        assert_eq!(scopes(Value::Null), [] as [&str; 0]);
    }
}
