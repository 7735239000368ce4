//! Paths of the operator's own (`pass_through_endpoints`), and which of them a request means.

use crate::routing::Deployment;
use http::{HeaderMap, Method, Uri};
use std::sync::Arc;

/// One path of the operator's own, and where what comes there goes.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Where clients call, without a slash at its end.
    pub path: String,
    /// The methods that it is there for; empty: all.
    pub methods: Vec<Method>,
    /// Whether what follows the path goes to what follows the target.
    pub takes_more: bool,
    /// Whether a key is needed. Else anybody may call, and nobody is asked who it is.
    pub needs_key: bool,
    /// Whether the client's headers go along.
    pub forwards_headers: bool,
    /// Where requests go.
    pub target: Uri,
    /// Query parameters that a request gets where it does not have them.
    pub query: Vec<(String, String)>,
    /// Headers that every request gets. They win over the client's.
    pub headers: HeaderMap,
    /// What it is to limits and spend rows.
    pub deployment: Arc<Deployment>,
}

/// What a path means.
#[derive(Clone, Debug)]
pub enum Meant {
    /// This endpoint, with what follows its path: nothing, or what begins with a slash.
    Endpoint(Arc<Endpoint>, String),
    /// One that is there for other methods.
    OtherMethod,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub struct Endpoints(Vec<Arc<Endpoint>>);

impl Endpoints {
    /// These, of which the longest path that fits goes first.
    pub fn new(endpoints: impl IntoIterator<Item = Endpoint>) -> Self {
        let mut endpoints: Vec<_> = endpoints.into_iter().map(Arc::new).collect();
        endpoints.sort_by_key(|endpoint| std::cmp::Reverse(endpoint.path.len()));
        Self(endpoints)
    }

    /// What a request with this method and this path, as it was written, means. `None`: nothing of the operator's.
    pub fn at(&self, method: &Method, path: &str) -> Option<Meant> {
        let mut is_known = false;
        for endpoint in &self.0 {
            let Some(rest) = endpoint.rest_of(path) else { continue };
            if endpoint.methods.is_empty() || endpoint.methods.contains(method) {
                return Some(Meant::Endpoint(Arc::clone(endpoint), rest.to_owned()));
            }
            is_known = true;
        }
        is_known.then_some(Meant::OtherMethod)
    }
}

impl Endpoint {
    fn rest_of<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(&self.path)?;
        (rest.is_empty() || self.takes_more && rest.starts_with('/')).then_some(rest)
    }
}
