//! Answers in a bucket of S3, an object each. The bucket keeps them until a life-cycle rule of its own removes them; an
//! entry that has ended is not given, whether or not it is still there.

use super::answers::{Answers, CacheError, FLUSHED_MAX, Flushed, NOTES_MAX, Note};
use crate::aws::connection::AwsConnection;
use crate::aws::object::{Bucket, KEPT_BYTES_MAX};
use crate::aws::signing::SigningKey;
use crate::clock::{Clock, Timestamp};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

const BACKEND: &str = "s3";
/// How many objects are listed at once while flushing, and how many removed or read.
const LISTED_AT_ONCE: usize = 1_000;
const REMOVED_AT_ONCE: usize = 16;
const READ_AT_ONCE: usize = 16;
/// A bucket lists upwards, and the newest notes are wanted first: their keys count the milliseconds down from here.
const LAST_MILLIS: i64 = 9_999_999_999_999;

/// Looks a variable of the environment up.
pub type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Which bucket, and as whom.
pub struct BucketPlace {
    /// Its name.
    pub name: String,
    /// Its region; `None`: as the environment says.
    pub region: Option<String>,
    /// The address to call in place of AWS's own.
    pub endpoint: Option<String>,
    /// As whom; `None`: as the process.
    pub key: Option<SigningKey>,
    /// How the objects' keys begin.
    pub path: String,
    /// What the connection to AWS is set up from.
    pub variables: Variables,
}

/// Answers in a bucket. The connection to AWS is set up when it is first needed.
pub struct InS3 {
    place: BucketPlace,
    clock: Arc<dyn Clock>,
    bucket: OnceCell<Bucket>,
    prefix: String,
}

impl InS3 {
    /// In the bucket of a place. Calls nothing yet.
    pub fn new(place: BucketPlace, clock: Arc<dyn Clock>) -> Self {
        let prefix = format!("{}/", place.path.trim_matches('/'));
        Self { place, clock, bucket: OnceCell::new(), prefix }
    }

    async fn bucket(&self) -> Result<&Bucket, CacheError> {
        self.bucket.get_or_try_init(|| self.connected()).await
    }

    async fn connected(&self) -> Result<Bucket, CacheError> {
        let BucketPlace { name, region, endpoint, key, variables, .. } = &self.place;
        let lookup = |variable: &str| match (variables(variable), variable) {
            (None, "AWS_REGION") => region.clone(),
            (said, _) => said,
        };
        let connection = Box::pin(AwsConnection::from_environment(&lookup)).await.map_err(failed)?;
        Ok(Bucket {
            connection,
            clock: Arc::clone(&self.clock),
            name: name.clone(),
            region: region.clone(),
            endpoint: endpoint.clone(),
            key: key.clone(),
        })
    }

    /// As LiteLLM has it, a namespace is a folder.
    fn place(&self, key: &str) -> String {
        format!("{}{}", self.prefix, key.replace(':', "/"))
    }
}

/// A note's name with its time counted the other way; done twice, the name.
fn turned(name: &str) -> String {
    let (time, rest) = name.split_at_checked(13).unwrap_or((name, ""));
    let turned = time.parse::<i64>().map(|millis| LAST_MILLIS - millis);
    turned.map_or_else(|_| name.to_owned(), |millis| format!("{millis:013}{rest}"))
}

fn failed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> CacheError {
    CacheError::of(BACKEND, cause)
}

#[async_trait]
impl Answers for InS3 {
    async fn get(&self, key: &str) -> Result<Option<Bytes>, CacheError> {
        self.bucket().await?.get(&self.place(key)).await.map_err(failed)
    }

    async fn put(&self, key: &str, bytes: Bytes, _: Duration) -> Result<(), CacheError> {
        let (size, limit) = (bytes.len(), KEPT_BYTES_MAX);
        if size > limit {
            return Err(CacheError::TooLarge { backend: BACKEND, bytes: size, limit });
        }
        self.bucket().await?.put(&self.place(key), bytes).await.map_err(failed)
    }

    async fn delete(&self, key: &str) -> Result<(), CacheError> {
        self.bucket().await?.delete(&self.place(key)).await.map_err(failed)
    }

    async fn note(&self, list: &str, note: Note<'_>, _: Duration) -> Result<(), CacheError> {
        let key = format!("{}/{}", self.place(list), turned(note.name));
        self.bucket().await?.put(&key, note.bytes).await.map_err(failed)
    }

    async fn noted(
        &self,
        list: &str,
        since: Timestamp,
        known: &HashSet<String>,
    ) -> Result<Vec<(String, Bytes)>, CacheError> {
        let (bucket, prefix) = (self.bucket().await?, format!("{}/", self.place(list)));
        let keys = bucket.list(&prefix, NOTES_MAX).await.map_err(failed)?;
        let first = format!("{:013}", since.millis().max(0));
        let named = keys.into_iter().map(|key| (turned(key.strip_prefix(&prefix).unwrap_or_default()), key));
        let new = named.filter(|(name, _)| *name >= first && !known.contains(name));
        let reading = stream::iter(new).map(|(name, key)| async move {
            let bytes = bucket.get(&key).await.map_err(failed)?;
            Ok::<_, CacheError>((name, bytes))
        });
        let read: Vec<_> = reading.buffered(READ_AT_ONCE).try_collect().await?;
        Ok(read.into_iter().filter_map(|(name, bytes)| Some((name, bytes?))).collect())
    }

    async fn ping(&self) -> Result<(), CacheError> {
        self.bucket().await?.list(&self.prefix, 1).await.map(drop).map_err(failed)
    }

    async fn flush(&self) -> Result<Flushed, CacheError> {
        let (bucket, mut removed) = (self.bucket().await?, 0);
        while removed < FLUSHED_MAX {
            let keys = bucket.list(&self.prefix, LISTED_AT_ONCE).await.map_err(failed)?;
            if keys.is_empty() {
                return Ok(Flushed { removed, finished: true });
            }
            removed += keys.len();
            let removing = stream::iter(keys).map(|key| async move { bucket.delete(&key).await });
            removing.buffer_unordered(REMOVED_AT_ONCE).try_collect::<()>().await.map_err(failed)?;
        }
        Ok(Flushed { removed, finished: false })
    }
}

#[cfg(test)]
mod tests {
    use super::turned;

    #[test]
    fn the_newest_note_is_listed_first_and_its_name_comes_back() {
        let [older, newer] = ["1763700000000-ab", "1763700000001-ab"];
        assert!(turned(newer) < turned(older));
        assert_eq!(turned(&turned(older)), older);
        assert_eq!(turned("x"), "x");
    }
}
