//! Where an operation is called.

/// Paths that a base may end with: it may be the address of another operation, or of an older version.
const ENDS: [&str; 6] = ["/v2/chat", "/v1/chat", "/v2/rerank", "/v1/rerank", "/v2", "/v1"];

/// The address of an operation of version 2, whatever the base ends with. A base that ends with the operation stays.
pub(super) fn endpoint(base: &str, path: &str) -> String {
    let base = base.trim_end_matches('/');
    let is_other_version = base.ends_with("/v1/chat");
    let name = path.rsplit('/').next().unwrap_or(path);
    if !is_other_version && base.rsplit('/').next() == Some(name) {
        return base.to_owned();
    }
    let root = ENDS.iter().find_map(|end| base.strip_suffix(end)).unwrap_or(base);
    format!("{root}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_may_name_a_host_a_version_or_an_operation() {
        for base in ["http://u", "http://u/", "http://u/v2", "http://u/v1", "http://u/v2/chat", "http://u/v1/chat"] {
            assert_eq!(endpoint(base, "/v2/chat"), "http://u/v2/chat", "{base}");
        }
        assert_eq!(endpoint("http://u/v1/embed", "/v2/embed"), "http://u/v1/embed");
        assert_eq!(endpoint("http://u/cohere/v2/rerank", "/v2/chat"), "http://u/cohere/v2/chat");
    }
}
