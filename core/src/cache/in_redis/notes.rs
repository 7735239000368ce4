//! Notes that processes leave each other: a list is one sorted set, by time. Plain commands of any Redis, each about one key.

use super::link::Link;
use crate::cache::answers::{CacheError, NOTES_MAX, Note};
use crate::clock::Timestamp;
use bytes::Bytes;
use redis::cmd;
use std::time::Duration;

/// Between a note's name and what it says.
const END_OF_NAME: u8 = b'\n';

/// Leaves a note in the set `key`, lets the oldest go beyond [`NOTES_MAX`], and the set live as long as the longest of them.
pub(super) async fn leave(link: &Link, key: &str, note: &Note<'_>, lives: Duration) -> Result<(), CacheError> {
    let member = [note.name.as_bytes(), &[END_OF_NAME], &note.bytes].concat();
    link.ask::<i64>(cmd("ZADD").arg(key).arg(note.at.millis()).arg(member)).await?;
    let last = -1 - i64::try_from(NOTES_MAX).unwrap_or(i64::MAX - 1);
    link.ask::<i64>(cmd("ZREMRANGEBYRANK").arg(key).arg(0).arg(last)).await?;
    let lives = i64::try_from(lives.as_millis()).unwrap_or(i64::MAX >> 2).max(1);
    let left: i64 = link.ask(cmd("PTTL").arg(key)).await?;
    if left < lives {
        link.ask::<i64>(cmd("PEXPIRE").arg(key).arg(lives)).await?;
    }
    Ok(())
}

/// The newest notes of the set `key`, back to a time.
pub(super) async fn read(link: &Link, key: &str, since: Timestamp) -> Result<Vec<(String, Bytes)>, CacheError> {
    let mut range = cmd("ZREVRANGEBYSCORE");
    range.arg(key).arg("+inf").arg(since.millis().max(0)).arg("LIMIT").arg(0).arg(NOTES_MAX);
    let members: Vec<Vec<u8>> = link.ask(&range).await?;
    Ok(members.into_iter().filter_map(note).collect())
}

fn note(member: Vec<u8>) -> Option<(String, Bytes)> {
    let end = member.iter().position(|byte| *byte == END_OF_NAME)?;
    let name = std::str::from_utf8(member.get(..end)?).ok()?.to_owned();
    Some((name, Bytes::from(member).slice(end + 1..)))
}
