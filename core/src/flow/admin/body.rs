//! A request's JSON body, checked field by field. Reads leniently where LiteLLM does (`"5"` is a number), and reports
//! every mistake at once, in the form its clients know. Fields that nobody asked for are left out.

use super::error::{AdminError, Problem, Step};
use serde_json::{Map, Number, Value};

/// What a field may hold. Null is always allowed and means "none".
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Text.
    Text,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A list of texts.
    TextList,
    /// A list of anything.
    List,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// A map of anything.
    Map,
    /// A map of texts.
    TextMap,
    /// Anything: whoever reads it checks it.
    Any,
}

/// A field that a body may have.
pub type Field = (&'static str, Kind);

/// Reads a body with these fields.
///
/// # Errors
/// [`AdminError::Form`] lists every mistake.
pub fn read(bytes: &[u8], fields: &[Field]) -> Result<Map<String, Value>, AdminError> {
    let mut given = object(bytes)?;
    let mut problems = Vec::new();
    let mut read = Map::new();
    for (name, kind) in fields {
        if let Some(value) = given.remove(*name) {
            let place = vec!["body".into(), (*name).into()];
            read.insert((*name).to_owned(), checked(value, *kind, &place, &mut problems));
        }
    }
    if problems.is_empty() { Ok(read) } else { Err(AdminError::Form(problems)) }
}

/// Reads a body whose fields may have any name.
///
/// # Errors
/// [`AdminError::Form`]: it is no object.
pub fn object(bytes: &[u8]) -> Result<Map<String, Value>, AdminError> {
    if bytes.trim_ascii().is_empty() {
        return Err(Problem::missing(&["body"]).into());
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|error| not_json(bytes, &error))?;
    match value {
        Value::Object(given) => Ok(given),
        _ => {
            let message = "Input should be a valid dictionary or object to extract fields from";
            Err(Problem::new("model_attributes_type", vec!["body".into()], message).into())
        }
    }
}

fn not_json(bytes: &[u8], error: &serde_json::Error) -> AdminError {
    let before = bytes.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
    let position = before.map(<[u8]>::len).sum::<usize>() + error.column().saturating_sub(1);
    Problem::new("json_invalid", vec!["body".into(), Step::Index(position)], "JSON decode error").into()
}

fn checked(value: Value, kind: Kind, place: &[Step], problems: &mut Vec<Problem>) -> Value {
    if value.is_null() {
        return value;
    }
    let result = match kind {
        Kind::Text => text(value),
        Kind::OneOf(names) => one_of(value, names),
        Kind::Integer => integer(value),
        Kind::Number => number(value),
        Kind::Flag => flag(value),
        Kind::Any => Ok(value),
        Kind::List => value.is_array().then_some(value).ok_or_else(not_a_list),
        Kind::Map => value.is_object().then_some(value).ok_or_else(not_a_map),
        Kind::TextList => return text_list(value, place, problems),
        Kind::TextMap => return text_map(value, place, problems),
    };
    result.unwrap_or_else(|(kind, message)| {
        problems.push(Problem::new(kind, place.to_vec(), message));
        Value::Null
    })
}

type Mistake = (&'static str, String);

fn mistake(kind: &'static str, message: &str) -> Mistake {
    (kind, message.to_owned())
}

fn not_a_list() -> Mistake {
    mistake("list_type", "Input should be a valid list")
}

fn not_a_map() -> Mistake {
    mistake("dict_type", "Input should be a valid dictionary")
}

fn text(value: Value) -> Result<Value, Mistake> {
    value.is_string().then_some(value).ok_or_else(|| mistake("string_type", "Input should be a valid string"))
}

fn one_of(value: Value, names: &[&str]) -> Result<Value, Mistake> {
    if value.as_str().is_some_and(|text| names.contains(&text)) {
        return Ok(value);
    }
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    let list = match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    };
    Err(("enum", format!("Input should be {list}")))
}

fn integer(value: Value) -> Result<Value, Mistake> {
    match &value {
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(_), _) => Ok(value),
            (None, Some(float)) if float.fract() == 0.0 && float.abs() < 9e15 => Ok(Value::from(float as i64)),
            (None, Some(float)) if float.fract() != 0.0 => {
                Err(mistake("int_from_float", "Input should be a valid integer, got a number with a fractional part"))
            }
            _ => Err(mistake("int_parsing_size", "Unable to parse input string as an integer, exceeded maximum size")),
        },
        Value::String(text) => text.trim().parse::<i64>().map(Value::from).map_err(|_| {
            mistake("int_parsing", "Input should be a valid integer, unable to parse string as an integer")
        }),
        Value::Bool(truth) => Ok(Value::from(i64::from(*truth))),
        _ => Err(mistake("int_type", "Input should be a valid integer")),
    }
}

fn number(value: Value) -> Result<Value, Mistake> {
    match &value {
        Value::Number(_) => Ok(value),
        Value::Bool(truth) => Ok(Value::from(if *truth { 1.0 } else { 0.0 })),
        Value::String(text) => {
            let parsed = text.trim().parse::<f64>().ok().and_then(Number::from_f64);
            parsed.map(Value::Number).ok_or_else(|| {
                mistake("float_parsing", "Input should be a valid number, unable to parse string as a number")
            })
        }
        _ => Err(mistake("float_type", "Input should be a valid number")),
    }
}

fn flag(value: Value) -> Result<Value, Mistake> {
    match &value {
        Value::Bool(_) => Ok(value),
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" | "t" | "y" => Ok(true.into()),
            "false" | "0" | "no" | "off" | "f" | "n" => Ok(false.into()),
            _ => Err(mistake("bool_parsing", "Input should be a valid boolean, unable to interpret input")),
        },
        Value::Number(number) if number.as_f64() == Some(0.0) => Ok(false.into()),
        Value::Number(number) if number.as_f64() == Some(1.0) => Ok(true.into()),
        Value::Number(_) => Err(mistake("bool_parsing", "Input should be a valid boolean, unable to interpret input")),
        _ => Err(mistake("bool_type", "Input should be a valid boolean")),
    }
}

fn text_list(value: Value, place: &[Step], problems: &mut Vec<Problem>) -> Value {
    let Value::Array(items) = value else {
        let (kind, message) = not_a_list();
        problems.push(Problem::new(kind, place.to_vec(), message));
        return Value::Null;
    };
    for (index, _) in items.iter().enumerate().filter(|(_, item)| !item.is_string()) {
        let here = place.iter().cloned().chain([Step::Index(index)]).collect();
        problems.push(Problem::new("string_type", here, "Input should be a valid string"));
    }
    Value::Array(items)
}

fn text_map(value: Value, place: &[Step], problems: &mut Vec<Problem>) -> Value {
    let Value::Object(map) = value else {
        let (kind, message) = not_a_map();
        problems.push(Problem::new(kind, place.to_vec(), message));
        return Value::Null;
    };
    for (name, _) in map.iter().filter(|(_, item)| !item.is_string()) {
        let here = place.iter().cloned().chain([name.as_str().into()]).collect();
        problems.push(Problem::new("string_type", here, "Input should be a valid string"));
    }
    Value::Object(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[Field] = &[
        ("name", Kind::Text),
        ("models", Kind::TextList),
        ("count", Kind::Integer),
        ("amount", Kind::Number),
        ("on", Kind::Flag),
        ("kind", Kind::OneOf(&["a", "b", "c"])),
        ("aliases", Kind::TextMap),
    ];

    fn problems(body: &str) -> Vec<(&'static str, String)> {
        match read(body.as_bytes(), FIELDS) {
            Err(AdminError::Form(problems)) => problems
                .into_iter()
                .map(|problem| {
                    let steps = problem.place.iter().map(|step| match step {
                        Step::Field(field) => field.clone(),
                        Step::Index(index) => index.to_string(),
                    });
                    (problem.kind, steps.collect::<Vec<_>>().join("."))
                })
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn numbers_and_flags_are_read_leniently() {
        let read = read(br#"{"count": "5", "amount": "1.5", "on": "yes", "frob": 1, "name": null}"#, FIELDS).unwrap();
        assert_eq!(Value::Object(read), serde_json::json!({"count": 5, "amount": 1.5, "on": true, "name": null}));
    }

    #[test]
    fn every_mistake_is_reported_with_its_place() {
        let body = r#"{"name": 1, "models": ["a", 2], "count": 1.5, "amount": [], "on": "maybe", "kind": "d",
            "aliases": {"x": 1}}"#;
        let expected = [
            ("string_type", "body.name"),
            ("string_type", "body.models.1"),
            ("int_from_float", "body.count"),
            ("float_type", "body.amount"),
            ("bool_parsing", "body.on"),
            ("enum", "body.kind"),
            ("string_type", "body.aliases.x"),
        ];
        assert_eq!(problems(body), expected.map(|(kind, place)| (kind, place.to_owned())));
    }

    #[test]
    fn what_is_no_object_is_refused_before_its_fields_are_looked_at() {
        assert_eq!(problems(""), [("missing", "body".to_owned())]);
        assert_eq!(problems("[1]"), [("model_attributes_type", "body".to_owned())]);
        assert_eq!(problems("{\"name\": }"), [("json_invalid", "body.9".to_owned())]);
    }
}
