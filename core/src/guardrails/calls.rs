//! The seam through which a guardrail's service is asked by HTTP.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use std::error::Error;

/// Asks a service, each call bounded in time.
#[async_trait]
pub trait Calls: Send + Sync {
    /// Sends one request and gives the whole answer, whatever its status. Redirects are not followed.
    ///
    /// # Errors
    /// [`NoAnswer`]: there is none.
    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer>;
}

/// A service gave no answer.
#[derive(Debug)]
pub struct NoAnswer {
    /// Whether it may have seen the request.
    pub was_sent: bool,
    /// Why not. For logs only: it may name hosts.
    pub cause: Box<dyn Error + Send + Sync>,
}
