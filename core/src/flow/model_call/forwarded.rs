//! Headers of the client's that go upstream with its request, where the upstream speaks the client's dialect and asks
//! for them.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Adds the client's headers of these names. A list is joined to the one that is there, each word once; what is
/// no list takes the place of what is there.
pub(super) fn add(names: &'static [&'static str], client: &HeaderMap, upstream: &mut HeaderMap) {
    for name in names {
        let name = HeaderName::from_static(name);
        let mut words: Vec<&str> = Vec::new();
        let told = client.get_all(&name).iter().filter_map(|value| value.to_str().ok());
        let is_told = client.contains_key(&name);
        let ours = upstream.get(&name).and_then(|value| value.to_str().ok()).filter(|_| is_list(&name));
        for word in ours.into_iter().chain(told).flat_map(|list| list.split(',')).map(str::trim) {
            if !word.is_empty() && !words.contains(&word) {
                words.push(word);
            }
        }
        if let Some(value) = HeaderValue::try_from(words.join(",")).ok().filter(|value| is_told && !value.is_empty()) {
            upstream.insert(name, value);
        }
    }
}

/// A version stands alone; features add up.
fn is_list(name: &HeaderName) -> bool {
    !name.as_str().ends_with("-version")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["x-version", "x-beta"];

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(header).collect()
    }

    #[test]
    fn features_add_up_and_a_version_is_the_clients() {
        let mut upstream = headers(&[("x-version", "1"), ("x-beta", "a,b")]);
        add(NAMES, &headers(&[("x-version", "2"), ("x-beta", "b, c"), ("x-other", "x")]), &mut upstream);
        assert_eq!(upstream, headers(&[("x-version", "2"), ("x-beta", "a,b,c")]));
    }

    #[test]
    fn what_the_client_does_not_say_stays_as_it_is() {
        let mut upstream = headers(&[("x-version", "1")]);
        add(NAMES, &HeaderMap::new(), &mut upstream);
        assert_eq!(upstream, headers(&[("x-version", "1")]));
    }
}
