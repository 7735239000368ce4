//! The ids of calls. Google's clients need not say any: a result then belongs to the first call of its function that has
//! none yet.

/// Longest name that becomes a part of an id: providers bound the length of ids.
const NAME_BYTES_MAX: usize = 24;

/// The calls of a conversation, as far as it has been read.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// Calls without a result: function and id.
    open: Vec<(String, String)>,
    /// Functions that ids were made of.
    made: Vec<String>,
}

impl Calls {
    /// The id of a call of a function.
    pub(super) fn begin(&mut self, name: &str, id: Option<&str>) -> String {
        let id = id.filter(|id| !id.is_empty()).map_or_else(|| self.make(name), str::to_owned);
        self.open.push((name.to_owned(), id.clone()));
        id
    }

    /// The id of the call that a function's result answers.
    pub(super) fn end(&mut self, name: &str, id: Option<&str>) -> String {
        let at = match id.filter(|id| !id.is_empty()) {
            Some(id) => match self.open.iter().position(|(_, open)| open == id) {
                Some(at) => Some(at),
                None => return id.to_owned(),
            },
            None => self.open.iter().position(|(function, _)| function == name),
        };
        match at {
            Some(at) => self.open.remove(at).1,
            None => self.make(name),
        }
    }

    fn make(&mut self, name: &str) -> String {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let name = if name.len() <= NAME_BYTES_MAX && name.bytes().all(is_plain) { name } else { "function" };
        let earlier = self.made.iter().filter(|made| *made == name).count();
        self.made.push(name.to_owned());
        if earlier == 0 { format!("call_{name}") } else { format!("call_{name}_{}", earlier + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_find_their_calls_by_id_else_by_function_in_order() {
        let mut calls = Calls::default();
        assert_eq!(calls.begin("f", None), "call_f");
        assert_eq!(calls.begin("f", None), "call_f_2");
        assert_eq!(calls.begin("g", Some("fc_1")), "fc_1");
        assert_eq!(
            [calls.end("f", None), calls.end("g", Some("fc_1")), calls.end("f", None)],
            ["call_f", "fc_1", "call_f_2"]
        );
        assert_eq!(calls.end("f", None), "call_f_3", "a result without a call is not another's");
    }

    #[test]
    fn a_name_that_no_id_can_hold_is_not_in_it() {
        assert_eq!(Calls::default().begin("a.b:c", None), "call_function");
        assert_eq!(Calls::default().begin(&"x".repeat(60), None), "call_function");
    }
}
