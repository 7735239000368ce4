//! Model names with `*`: matching a request, and carrying what `*` stood for into the upstream's name.

/// A model name in which each `*` stands for any text without a line break, also none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// What stands before, between and behind the stars.
    literals: Vec<String>,
}

/// How much a pattern says; the pattern that says most is tried first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Specificity {
    length: usize,
    special: usize,
}

impl Pattern {
    /// Reads a name; one without a star matches names that begin with it.
    pub fn new(name: &str) -> Self {
        Self { literals: name.split('*').map(str::to_owned).collect() }
    }

    /// What each star stands for in `request`, longest first. `None` where the request does not match.
    ///
    /// As in LiteLLM the request must match from its start, but may go on behind a pattern that ends in a literal.
    pub fn captures<'r>(&self, request: &'r str) -> Option<Vec<&'r str>> {
        let (first, rest) = self.literals.split_first()?;
        if rest.is_empty() {
            return request.starts_with(first.as_str()).then(Vec::new);
        }
        let line = request.split('\n').next()?;
        let open = line.strip_prefix(first.as_str())?;
        // From the right, each literal at its last place: that makes every star from the left as long as it can be.
        let mut captures = Vec::with_capacity(rest.len());
        let mut end = open.len();
        let mut star_ends = Vec::with_capacity(rest.len());
        for literal in rest.iter().rev() {
            let at = if literal.is_empty() { end } else { open.get(..end)?.rfind(literal.as_str())? };
            star_ends.push((at, literal.len()));
            end = at;
        }
        let mut start = 0;
        for (at, length) in star_ends.into_iter().rev() {
            captures.push(open.get(start..at)?);
            start = at + length;
        }
        Some(captures)
    }

    /// Whether the whole of `name` matches.
    pub fn matches_all_of(&self, name: &str) -> bool {
        let Some((first, rest)) = self.literals.split_first() else { return false };
        let Some((last, middle)) = rest.split_last() else { return name == first };
        let Some(mut rest) = name.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str())) else {
            return false;
        };
        if name.contains('\n') {
            return false;
        }
        for literal in middle {
            match rest.find(literal.as_str()) {
                Some(at) => rest = rest.get(at + literal.len()..).unwrap_or_default(),
                None => return false,
            }
        }
        true
    }

    /// Where the pattern stands among others: by the length of its regular expression, then by the number of special
    /// characters in it, which is LiteLLM's order.
    pub fn specificity(&self) -> Specificity {
        let stars = self.literals.len() - 1;
        let mut specificity = Specificity { length: 4 * stars, special: 3 * stars };
        for character in self.literals.iter().flat_map(|literal| literal.chars()) {
            let escaped = "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}".contains(character);
            specificity.length += 1 + usize::from(escaped);
            specificity.special += usize::from(escaped) + usize::from("+?\\^$|()".contains(character));
        }
        specificity
    }
}

/// The upstream's model name for a request that matched: stars of `target` filled from the left.
///
/// A target without a star is that model. Where the pattern has more stars than the target, the request itself is the
/// name.
pub fn filled(target: &str, captures: &[&str], request: &str) -> String {
    let stars = target.matches('*').count();
    if stars == 0 {
        return target.to_owned();
    }
    if captures.len() > stars {
        return request.to_owned();
    }
    let mut pieces = target.split('*');
    let mut name = pieces.next().unwrap_or_default().to_owned();
    for (number, piece) in pieces.enumerate() {
        name.push_str(captures.get(number).copied().unwrap_or("*"));
        name.push_str(piece);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn corpus() -> Value {
        serde_json::from_str(include_str!("../../data/corpus/wildcard_routes.json")).unwrap()
    }

    /// The deployments of a set as (pattern, target, number), in the order they are tried.
    fn ordered(set: &Value) -> Vec<(String, String, usize)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let deployments = set["deployments"].as_array().unwrap().iter().enumerate();
        let mut list: Vec<_> = deployments.map(|(at, pair)| (text(&pair[0]), text(&pair[1]), at)).collect();
        list.sort_by_key(|(pattern, _, _)| std::cmp::Reverse(Pattern::new(pattern).specificity()));
        list
    }

    #[test]
    fn patterns_are_tried_in_the_order_that_the_corpus_records() {
        for (name, set) in corpus()["sets"].as_object().unwrap() {
            let mut names: Vec<_> = ordered(set).into_iter().map(|(pattern, _, _)| pattern).collect();
            names.dedup();
            let recorded = set["match_order_regex"].as_array().unwrap().iter();
            let recorded: Vec<_> =
                recorded.map(|regex| regex.as_str().unwrap().replace("(.*)", "*").replace('\\', "")).collect();
            assert_eq!(names, recorded, "{name}");
        }
    }

    #[test]
    fn requests_resolve_as_the_corpus_records() {
        let corpus = corpus();
        let mut checked = 0;
        for vector in corpus["vectors"].as_array().unwrap() {
            let list = ordered(&corpus["sets"][vector["set"].as_str().unwrap()]);
            let request = vector["request"].as_str().unwrap();
            let first = list.iter().find(|(pattern, _, _)| Pattern::new(pattern).captures(request).is_some());
            let matched: Vec<_> = list.iter().filter(|(pattern, _, _)| Some(pattern) == first.map(|f| &f.0)).collect();
            let recorded = vector["matched"].as_array().cloned().unwrap_or_default();
            assert_eq!(matched.len(), recorded.len(), "{vector}");
            for ((pattern, target, number), recorded) in matched.into_iter().zip(recorded) {
                let captures = Pattern::new(pattern).captures(request).unwrap();
                assert_eq!(recorded["resolved_model"], filled(target, &captures, request), "{vector}");
                assert_eq!(recorded["id"], number.to_string(), "{vector}");
            }
            checked += 1;
        }
        assert!(checked > 90);
    }

    #[test]
    fn a_literal_is_never_used_twice() {
        assert_eq!(Pattern::new("ab*b").captures("ab"), None);
        assert_eq!(Pattern::new("a*b*b").captures("abb"), Some(vec!["", ""]));
        assert_eq!(Pattern::new("a*b*b").captures("ab"), None);
    }

    #[test]
    fn a_whole_match_leaves_nothing_over() {
        let whole = |pattern: &str, name: &str| Pattern::new(pattern).matches_all_of(name);
        assert!(whole("openai/*", "openai/gpt-4o") && whole("*", "") && whole("a*b*c", "abc"));
        assert!(!whole("a/*/v1", "a/x/v12") && !whole("ab*b", "ab") && !whole("gpt", "gpt-4o"));
        assert!(!whole("openai/*", "openai/a\nb"));
    }

    #[test]
    fn what_a_star_stood_for_is_not_filled_again() {
        assert_eq!(filled("a-*-*", &["*", "x"], "r"), "a-*-x");
    }
}
