//! The one HTTP client under every AWS call: rustls on aws-lc, with the roots chosen for AWS.

use super::error::AwsError;
use super::roots;
use super::settings::AwsSettings;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// The TLS side of every AWS call.
///
/// # Errors
/// [`AwsError::CaFile`], as [`roots::trust_store`].
pub(super) fn tls_context(settings: &AwsSettings) -> Result<TlsContext, AwsError> {
    let trusted = roots::trust_store(settings)?;
    TlsContext::builder().with_trust_store(trusted).build().map_err(|error| AwsError::Tls(error.into()))
}

/// The client that service clients share; connections are pooled per origin.
pub(super) fn shared_client(tls: &TlsContext) -> SharedHttpClient {
    Builder::new().tls_provider(Provider::rustls(CryptoMode::AwsLc)).tls_context(tls.clone()).build_https()
}

/// A connector for requests that no service client makes.
pub(super) fn connector(tls: &TlsContext) -> Connector {
    Connector::builder().tls_provider(Provider::rustls(CryptoMode::AwsLc)).tls_context(tls.clone()).build()
}
