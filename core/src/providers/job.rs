//! An answer that an upstream makes by itself, while it is asked how far it is. Says where, and when it has ended; the
//! waiting is not done here.

use super::failure::ProviderFailure;
use http::Uri;

/// Work that a request begins. It stands in the request's extensions, and is asked after with the request's own headers,
/// until it has ended: what the upstream says then is the answer. In a stream, each thing that it says is a line.
#[derive(Clone, Debug)]
pub struct Job {
    /// Below which address work is asked after, without a trailing slash.
    pub base: String,
    /// Reads from what the upstream says where to ask next.
    pub next: fn(base: &str, said: &[u8]) -> Result<Option<Uri>, ProviderFailure>,
    /// Where work that is asked after here is given up, by a `POST` without a body.
    pub given_up: fn(address: &Uri) -> Option<Uri>,
}

impl Job {
    /// Where to ask next. `None`: the work has ended, and this is the answer.
    ///
    /// # Errors
    /// What was said is not what the upstream's dialect promises.
    pub fn next(&self, said: &[u8]) -> Result<Option<Uri>, ProviderFailure> {
        (self.next)(&self.base, said)
    }

    /// Where work under way is given up, by a `POST` without a body.
    pub fn given_up(&self, address: &Uri) -> Option<Uri> {
        (self.given_up)(address)
    }
}
