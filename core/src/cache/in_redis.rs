//! Answers in a Redis: one server, a cluster, or the primary that sentinels name. One connection for the process, made when
//! it is first needed and made anew when it breaks; requests share it.

mod flush;
mod link;
mod notes;
mod place;
#[cfg(test)]
mod tests;

use super::answers::{Answers, CacheError, Flushed, Note, RedisInfo};
use crate::clock::Timestamp;
use async_trait::async_trait;
use bytes::Bytes;
use link::Link;
pub use place::{NotARedis, RedisPlace, Topology};
use redis::cmd;
use std::collections::HashSet;
use std::time::Duration;

/// Answers in a Redis.
pub struct InRedis {
    link: Link,
    /// How every key of ours begins there.
    prefix: String,
}

impl InRedis {
    /// In the Redis at a place, under keys that begin with `root`. Calls nothing yet.
    ///
    /// # Errors
    /// [`NotARedis`]: the place cannot be one.
    pub fn new(place: RedisPlace, root: &str) -> Result<Self, NotARedis> {
        Ok(Self { link: Link::new(place)?, prefix: format!("{root}/cache/") })
    }

    fn place(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

#[async_trait]
impl Answers for InRedis {
    async fn get(&self, key: &str) -> Result<Option<Bytes>, CacheError> {
        let found: Option<Vec<u8>> = self.link.ask(cmd("GET").arg(self.place(key))).await?;
        Ok(found.map(Bytes::from))
    }

    async fn put(&self, key: &str, bytes: Bytes, lives: Duration) -> Result<(), CacheError> {
        let millis = u64::try_from(lives.as_millis()).unwrap_or(u64::MAX >> 2).max(1);
        self.link.ask(cmd("SET").arg(self.place(key)).arg(&bytes[..]).arg("PX").arg(millis)).await
    }

    async fn delete(&self, key: &str) -> Result<(), CacheError> {
        self.link.ask::<i64>(cmd("DEL").arg(self.place(key))).await.map(drop)
    }

    async fn note(&self, list: &str, note: Note<'_>, lives: Duration) -> Result<(), CacheError> {
        notes::leave(&self.link, &self.place(list), &note, lives).await
    }

    async fn noted(
        &self,
        list: &str,
        since: Timestamp,
        _: &HashSet<String>,
    ) -> Result<Vec<(String, Bytes)>, CacheError> {
        notes::read(&self.link, &self.place(list), since).await
    }

    async fn ping(&self) -> Result<(), CacheError> {
        self.link.ask_any::<String>(&cmd("PING")).await.map(drop)
    }

    async fn flush(&self) -> Result<Flushed, CacheError> {
        flush::all(&self.link, &self.prefix).await
    }

    async fn redis_info(&self) -> Result<Option<RedisInfo>, CacheError> {
        let said: String = self.link.ask_any(&cmd("INFO")).await?;
        let clients: String = self.link.ask_any(cmd("CLIENT").arg("LIST")).await?;
        let pair = |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        let info = said.lines().filter(|line| !line.starts_with('#')).filter_map(pair).collect();
        Ok(Some(RedisInfo { info, clients: clients.lines().map(str::to_owned).collect() }))
    }
}
