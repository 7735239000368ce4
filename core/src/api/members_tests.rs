//! Tests of members: what is read, changed and written stays what the client sent, however many members there are.

use super::*;

fn rewritten(json: &str, change: impl FnOnce(&mut Members<'_>)) -> String {
    let mut members = Members::parse(json.as_bytes()).unwrap();
    change(&mut members);
    String::from_utf8(members.to_json()).unwrap()
}

#[test]
fn unknown_members_and_number_formats_survive() {
    let json = r#"{"model":"a","x":1.50e2,"y":{"b":[1, 2]},"z":null}"#;
    assert_eq!(rewritten(json, |_| {}), json);
}

#[test]
fn a_member_is_replaced_in_its_place() {
    let json = rewritten(r#"{"model":"a","n":1}"#, |members| members.set("model", raw(&"b").unwrap()));
    assert_eq!(json, r#"{"model":"b","n":1}"#);
}

#[test]
fn of_two_members_with_one_name_the_last_counts() {
    let json = r#"{"n":1,"m":2,"n":3}"#;
    let members = Members::parse(json.as_bytes()).unwrap();
    assert_eq!(members.read::<u8>("n"), Some(3));
    assert_eq!(rewritten(json, |_| {}), r#"{"m":2,"n":3}"#);
    assert_eq!(rewritten(json, |members| assert!(members.take("n").is_some())), r#"{"m":2}"#);
}

#[test]
fn names_with_escapes_are_read_and_written() {
    assert_eq!(rewritten(r#"{"a\"b":1,"\u00e9":2}"#, |_| {}), "{\"a\\\"b\":1,\"é\":2}");
}

#[test]
fn a_list_of_objects_is_read_beside_the_other_members_and_written_in_its_place() {
    let json = r#"{"a":1.50,"list":[{"x":"\u00e9"},{}],"b":[{}]}"#;
    let (members, list) = Members::parse_with_list(json.as_bytes(), "list").unwrap();
    let mut list = list.unwrap();
    assert_eq!(members.to_json_with_list("list", &list), json.as_bytes());
    list[1].set("y", raw(&1).unwrap());
    assert_eq!(members.to_json_with_list("list", &list), json.replace("{}],\"b", "{\"y\":1}],\"b").into_bytes());
    for (json, has_list) in [(r#"{"list":null}"#, false), (r#"{"a":1}"#, false), (r#"{"list":[]}"#, true)] {
        assert_eq!(Members::parse_with_list(json.as_bytes(), "list").unwrap().1.is_some(), has_list, "{json}");
    }
    for json in [r#"{"list":{}}"#, r#"{"list":[1]}"#, "[]", "{} x"] {
        assert!(Members::parse_with_list(json.as_bytes(), "list").is_err(), "{json}");
    }
}

#[test]
fn anything_but_an_object_is_refused() {
    for json in ["[]", "1", "", "{", r#"{"a":1,}"#, "{} x"] {
        assert!(Members::parse(json.as_bytes()).is_err(), "{json}");
    }
}

#[test]
fn of_members_that_an_object_takes_over_its_own_win_and_of_those_that_are_set_the_others() {
    for count in [3, 100] {
        let object = |from: usize, value: u8| {
            let members: Vec<String> = (from..from + count).map(|at| format!("\"{at}\":{value}")).collect();
            format!("{{{}}}", members.join(","))
        };
        let (one, other) = (object(0, 1), object(1, 2));
        let told = |own: usize| {
            let value = |at| if at < own { 1 } else { 2 };
            let members: Vec<String> = (0..=count).map(|at| format!("\"{at}\":{}", value(at))).collect();
            format!("{{{}}}", members.join(","))
        };
        let mut others = Members::parse(other.as_bytes()).unwrap();
        assert_eq!(rewritten(&one, |members| members.set_all(&others)), told(1));
        let mut members = Members::parse(one.as_bytes()).unwrap();
        members.take_over(&mut others);
        assert_eq!(String::from_utf8(members.to_json()).unwrap(), told(count));
    }
}

#[test]
fn very_many_members_are_read_set_and_written() {
    let members: Vec<String> = (0..200_000).map(|at| format!("\"{at}\":1")).collect();
    let json = format!("{{{}}}", members.join(","));
    let mut others = Members::parse(json.as_bytes()).unwrap();
    let mut members = Members::parse(json.as_bytes()).unwrap();
    members.set_all(&others);
    members.take_over(&mut others);
    assert!(members.to_json() == json.as_bytes());
}

proptest::proptest! {
    #[test]
    fn of_members_with_one_name_the_last_stays_at_its_place(names in proptest::collection::vec(0_u8..60, 0..80)) {
        let members: Vec<String> = names.iter().enumerate().map(|(at, name)| format!("\"{name}\":{at}")).collect();
        let last = |at: &usize| !names[at + 1..].contains(&names[*at]);
        let wanted: Vec<String> = (0..names.len()).filter(last).map(|at| members[at].clone()).collect();
        let json = format!("{{{}}}", members.join(","));
        proptest::prop_assert_eq!(rewritten(&json, |_| {}), format!("{{{}}}", wanted.join(",")));
    }
}
