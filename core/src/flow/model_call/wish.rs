//! What a call asks of the deployment that answers it, as the request and its caller say.

use super::body::Said;
use super::course::Course;
use super::request::CallRequest;
use crate::principal::Principal;
use crate::routing::Wish;
use crate::tokens;
use crate::wire::input_weight::InputWeight;
use http::HeaderMap;

/// Tags of a request, between commas.
const TAGS_HEADER: &str = "x-litellm-tags";

/// Largest body that is counted by a tokenizer; a larger one is weighed.
const COUNTED_BYTES_MAX: usize = 16 << 10;

/// About how many tokens the request's input has.
pub(super) fn input_tokens(request: &CallRequest) -> u64 {
    if request.body.len() <= COUNTED_BYTES_MAX {
        tokens::count_request(&request.body)
    } else {
        InputWeight::of(&request.body).estimate()
    }
}

/// What the call asks for.
pub(super) fn of<'a>(
    principal: &'a Principal,
    said: &'a Said,
    course: &'a Course,
    input_tokens: &'a dyn Fn() -> u64,
) -> Wish<'a> {
    Wish {
        team: principal.team_id.as_deref(),
        tags: &said.tags,
        region: course.region.as_deref().or(said.region.as_deref()),
        is_stream: said.stream,
        input_tokens: Some(input_tokens),
        ..Wish::default()
    }
}

/// Adds the tags of the caller and those that stand in a header, each once.
pub(super) fn add_tags(tags: &mut Vec<String>, principal: &Principal, headers: &HeaderMap) {
    principal.tags().for_each(|tag| add(tags, tag));
    let said = headers.get(TAGS_HEADER).and_then(|value| value.to_str().ok());
    said.into_iter().flat_map(|said| said.split(',')).for_each(|tag| add(tags, tag.trim()));
}

fn add(tags: &mut Vec<String>, tag: &str) {
    if !tag.is_empty() && !tags.iter().any(|known| known == tag) {
        tags.push(tag.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::models::tests::caller;
    use crate::principal::Holder;
    use std::sync::Arc;

    #[test]
    fn tags_of_the_header_the_key_and_its_team_are_added_once() {
        let mut tags = vec!["a".to_owned()];
        let mut caller = caller(&[]);
        caller.tags = vec!["key".to_owned()];
        caller.above.team =
            Some(Arc::new(Holder { tags: vec!["team".to_owned(), "key".to_owned()], ..Holder::default() }));
        let headers = HeaderMap::from_iter([(TAGS_HEADER.parse().unwrap(), " b, a ,,c".parse().unwrap())]);
        add_tags(&mut tags, &caller, &headers);
        assert_eq!(tags, ["a", "key", "team", "b", "c"]);
    }
}
