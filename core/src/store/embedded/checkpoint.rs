//! Moves the log into the file, on a thread of its own: it waits for the disk, and no caller shall.

use super::engine::Engine;
use rusqlite::Connection;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// Pages written (4 KiB each) after which the log is moved while writing goes on.
const PAGES_SOFT: usize = 4096;

/// Pages in the log from which writers wait for the end of the move. While they write, a log that is read from its
/// start never empties, so without this bound it would grow for as long as they are busy.
const PAGES_HARD: i64 = 16_384;

/// The thread and the way to call it.
pub(super) struct Checkpointer {
    calls: SyncSender<Call>,
    thread: Option<JoinHandle<()>>,
}

enum Call {
    Checkpoint,
    Stop,
}

impl Checkpointer {
    /// Starts the thread with a connection of its own.
    pub(super) fn start(connection: Connection, engine: Arc<Mutex<Engine>>) -> io::Result<Self> {
        let (calls, received) = sync_channel(1);
        let thread = thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || serve(&connection, &engine, &received))?;
        Ok(Self { calls, thread: Some(thread) })
    }

    /// Takes note of what a commit wrote. Never waits.
    pub(super) fn written(&self, engine: &mut Engine) {
        if engine.take_pages_written(PAGES_SOFT).is_some() {
            // One call already waits: it will see these pages too.
            let _ = self.calls.try_send(Call::Checkpoint);
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        // Fails only where the thread has ended.
        let _ = self.calls.send(Call::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(connection: &Connection, engine: &Mutex<Engine>, calls: &Receiver<Call>) {
    while let Ok(Call::Checkpoint) = calls.recv() {
        if let Err(error) = checkpoint(connection, engine) {
            tracing::warn!(%error, "the store's log could not be moved into its file; it grows until this succeeds");
        }
    }
}

fn checkpoint(connection: &Connection, engine: &Mutex<Engine>) -> rusqlite::Result<()> {
    let (in_log, moved) = move_log(connection)?;
    if in_log != moved && in_log < PAGES_HARD {
        return Ok(());
    }
    // A poisoned engine is put in order by the writing thread; the log waits for that.
    let Ok(mut engine) = engine.lock() else { return Ok(()) };
    move_log(connection)?;
    engine.start_log_over()
}

/// Moves what no reader needs any more. Returns the pages in the log, and how many of them are moved.
fn move_log(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| Ok((row.get(1)?, row.get(2)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::store::embedded::engine::Transaction;
    use crate::store::embedded::open::Claim;
    use crate::store::item::{Item, Key};
    use crate::store::write::Write;

    fn write(engine: &Mutex<Engine>, number: usize) {
        let item = Item::new(Key::new("p", number.to_string())).with("text", "x".repeat(8000));
        let writes = vec![Write::Put { item, when: vec![] }];
        let mut engine = engine.lock().unwrap();
        engine.judge(Transaction { token: None, writes, wants_item: false }).unwrap();
        engine.commit().unwrap();
    }

    #[test]
    fn a_checkpoint_moves_the_whole_log_and_the_next_write_starts_it_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let claim = Claim::take(&path).unwrap();
        let engine = Mutex::new(Engine::new(claim.writing().unwrap(), Arc::new(ManualClock::default())));
        let connection = claim.checkpointing().unwrap();
        let log_bytes = || std::fs::metadata(folder.path().join("state.db-wal")).unwrap().len();
        (0..200).for_each(|number| write(&engine, number));
        let bytes_before = log_bytes();
        for round in 1..5 {
            checkpoint(&connection, &engine).unwrap();
            let (in_log, _) = move_log(&connection).unwrap();
            assert!(in_log <= 1, "only the write that started the log over is in it, not {in_log} pages");
            (0..100).for_each(|number| write(&engine, round * 1000 + number));
        }
        assert_eq!(log_bytes(), bytes_before, "the log is written over, not added to");
    }
}
