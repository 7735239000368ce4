//! A bucket that objects are kept in: each is put, fetched and removed by its key, and keys are listed under a prefix.

use super::request::{Signing, Target, signed};
use crate::aws::connection::AwsConnection;
use crate::aws::settings::Service;
use crate::aws::signing::SigningKey;
use crate::clock::Clock;
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_types::body::SdkBody;
use bytes::{Bytes, BytesMut};
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use std::error::Error;
use std::sync::Arc;

/// Largest answer that is read: an object, or a page of a list.
pub const KEPT_BYTES_MAX: usize = 16 << 20;

/// A bucket, and as whom it is used.
pub struct Bucket {
    /// The connection to AWS.
    pub connection: AwsConnection,
    /// The time, for signatures.
    pub clock: Arc<dyn Clock>,
    /// The bucket's name.
    pub name: String,
    /// Its region; `None`: the connection's.
    pub region: Option<String>,
    /// The address to call in place of AWS's own; `None`: as the environment says.
    pub endpoint: Option<String>,
    /// As whom; `None`: as the process.
    pub key: Option<SigningKey>,
}

/// What a bucket answered that it should not have, or why it did not.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// It answered with another status than expected.
    #[error("bucket `{bucket}` answered with status {status}{}", said(.code))]
    Refused {
        /// Which bucket.
        bucket: String,
        /// The HTTP status.
        status: u16,
        /// S3's own code for it, where it says one.
        code: String,
    },
    /// It could not be asked.
    #[error("bucket `{bucket}` cannot be asked")]
    Unavailable {
        /// Which bucket.
        bucket: String,
        /// The cause, for logs.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

fn said(code: &str) -> String {
    if code.is_empty() { String::new() } else { format!(" ({code})") }
}

impl Bucket {
    /// The object; `None`: there is none.
    ///
    /// # Errors
    /// [`BucketError`].
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, BucketError> {
        match self.send(Method::GET, key, &[], Bytes::new()).await? {
            (StatusCode::NOT_FOUND, body) if tag(&body, "Code").next() != Some("NoSuchBucket") => Ok(None),
            (status, body) => self.expected(status, body).map(Some),
        }
    }

    /// Stores the object in place of what is there.
    ///
    /// # Errors
    /// [`BucketError`].
    pub async fn put(&self, key: &str, object: Bytes) -> Result<(), BucketError> {
        let (status, body) = self.send(Method::PUT, key, &[], object).await?;
        self.expected(status, body).map(drop)
    }

    /// Removes the object. Removing none is no error.
    ///
    /// # Errors
    /// [`BucketError`].
    pub async fn delete(&self, key: &str) -> Result<(), BucketError> {
        match self.send(Method::DELETE, key, &[], Bytes::new()).await? {
            (StatusCode::NOT_FOUND, body) if tag(&body, "Code").next() != Some("NoSuchBucket") => Ok(()),
            (status, body) => self.expected(status, body).map(drop),
        }
    }

    /// The first keys under a prefix, `most` (to 1,000) of them.
    ///
    /// # Errors
    /// [`BucketError`].
    pub async fn list(&self, prefix: &str, most: usize) -> Result<Vec<String>, BucketError> {
        let most = most.to_string();
        let query = [("list-type", "2"), ("max-keys", most.as_str()), ("prefix", prefix)];
        let (status, body) = self.send(Method::GET, "", &query, Bytes::new()).await?;
        let body = self.expected(status, body)?;
        Ok(tag(&body, "Key").map(unescaped).collect())
    }

    fn expected(&self, status: StatusCode, body: Bytes) -> Result<Bytes, BucketError> {
        if status.is_success() {
            return Ok(body);
        }
        let code = tag(&body, "Code").next().unwrap_or_default().chars().take(100).collect();
        Err(BucketError::Refused { bucket: self.name.clone(), status: status.as_u16(), code })
    }

    async fn send(
        &self,
        method: Method,
        key: &str,
        query: &[(&str, &str)],
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), BucketError> {
        let failed =
            |cause: Box<dyn Error + Send + Sync>| BucketError::Unavailable { bucket: self.name.clone(), cause };
        let credentials = match &self.key {
            Some(key) => {
                let token = key.session_token.as_ref().map(|token| token.expose().to_owned());
                Credentials::new(key.id.clone(), key.secret.expose(), token, None, "cache")
            }
            None => self.connection.credentials().await.map_err(|error| failed(error.into()))?,
        };
        let signing = Signing {
            credentials: &credentials,
            region: self.region.as_deref().unwrap_or(self.connection.region()),
            endpoint: self.endpoint.as_deref().or(self.connection.endpoint(Service::S3)),
            at: self.clock.now(),
        };
        let target = Target { method, bucket: &self.name, key, query };
        let request = signed(&target, body, signing).map_err(failed)?.map(SdkBody::from);
        let request = request.try_into().map_err(|error| failed(Box::from(error)))?;
        let answer = self.connection.connector().call(request).await.map_err(|error| failed(error.into()))?;
        let answer = answer.try_into_http1x().map_err(|error| failed(error.into()))?;
        let status = answer.status();
        let (mut body, mut bytes) = (answer.into_body(), BytesMut::new());
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(failed)?.into_data() else { continue };
            if bytes.len() + data.len() > KEPT_BYTES_MAX {
                return Err(failed("its answer is too large".into()));
            }
            bytes.extend_from_slice(&data);
        }
        Ok((status, bytes.freeze()))
    }
}

/// The texts between `<name>` and `</name>`.
fn tag<'a>(xml: &'a [u8], name: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = std::str::from_utf8(xml).unwrap_or_default();
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(&open)?;
        let (text, next) = after.split_once(&close)?;
        rest = next;
        Some(text)
    })
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    text.replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_out_of_a_list() {
        let xml = b"<ListBucketResult><Name>b</Name><Contents><Key>a/1</Key></Contents><Contents><Key>a/&amp;lt;</Key>\
                    </Contents><Contents><Key>cut";
        assert_eq!(tag(xml, "Key").map(unescaped).collect::<Vec<_>>(), ["a/1", "a/&lt;"]);
    }
}
