//! Opening a store: one process takes the file, sees that it is ours and of this version, and makes its tables.

use super::sql::SCHEMA;
use rusqlite::{Connection, OpenFlags};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Marks the file as a Postern store (`PSTN`).
const APPLICATION_ID: i32 = 0x5053_544e;

/// The schema this version reads and writes.
const SCHEMA_VERSION: i32 = 1;

/// Longest wait for another connection of this process. Only opening and closing ever make one wait, long only where the
/// machine has no time for either.
const BUSY_MAX: Duration = Duration::from_secs(2);

/// Statements kept ready per connection; more than there are.
const STATEMENTS_MAX: usize = 32;

/// Pages that a connection keeps, in KiB. The system keeps the file's pages too, so that more would mostly be held twice.
const CACHE_KIB: i64 = 1024;

/// Why a store did not open. Every variant names the file.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("the store `{path}` is in use by another process; stop that one, or give this one a file of its own")]
    InUse {
        /// The store's file.
        path: PathBuf,
    },
    /// The file holds something else.
    #[error("`{path}` is not a Postern store; name another file, or one that does not exist yet")]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// A newer Postern wrote it.
    #[error("the store `{path}` has schema version {found}, and this version of Postern knows {SCHEMA_VERSION}")]
    UnknownVersion {
        /// The store's file.
        path: PathBuf,
        /// The version it says it has.
        found: i32,
    },
    /// The file or its folder cannot be used.
    #[error("the store `{path}` cannot be opened")]
    File {
        /// The store's file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// SQLite cannot use the file.
    #[error("the store `{path}` cannot be opened")]
    Engine {
        /// The store's file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

/// A file that this process alone has open, for as long as this lives.
pub(super) struct Claim {
    path: PathBuf,
    _lock: File,
}

impl Claim {
    /// Takes the file at `path`; makes it where there is none, readable by this user only.
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::File { path: path.to_owned(), source };
        // Beside the store, not the store itself: SQLite loses its own locks where a second handle to it is closed.
        let mut beside = path.as_os_str().to_owned();
        beside.push("-lock");
        let lock = private_file(Path::new(&beside)).map_err(failed)?;
        lock.try_lock().map_err(|refused| match refused {
            TryLockError::WouldBlock => OpenError::InUse { path: path.to_owned() },
            TryLockError::Error(source) => failed(source),
        })?;
        private_file(path).map_err(failed)?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The connection that writes, with the tables in place.
    pub(super) fn writing(&self) -> Result<Connection, OpenError> {
        let failed = |source| OpenError::Engine { path: self.path.clone(), source };
        let connection = self.open(OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
        self.check(&connection)?;
        prepare_file(&connection).map_err(failed)?;
        Ok(connection)
    }

    /// A connection that moves the log into the file.
    pub(super) fn checkpointing(&self) -> Result<Connection, OpenError> {
        self.open(OpenFlags::SQLITE_OPEN_READ_WRITE)
            .and_then(|connection| connection.execute_batch("PRAGMA synchronous = NORMAL").map(|()| connection))
            .map_err(|source| OpenError::Engine { path: self.path.clone(), source })
    }

    /// A connection that reads.
    pub(super) fn reading(&self) -> rusqlite::Result<Connection> {
        let connection = self.open(OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        bound_cache(&connection)?;
        Ok(connection)
    }

    fn open(&self, access: OpenFlags) -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(&self.path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(BUSY_MAX)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        Ok(connection)
    }

    /// An empty file is ours to fill; any other must say that it is a store of this version.
    fn check(&self, connection: &Connection) -> Result<(), OpenError> {
        let path = || self.path.clone();
        let read = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, i32>(0));
        let pages = read("PRAGMA page_count").map_err(|source| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => OpenError::NotAStore { path: path() },
            _ => OpenError::Engine { path: path(), source },
        })?;
        if pages == 0 {
            return Ok(());
        }
        let failed = |source| OpenError::Engine { path: path(), source };
        if read("PRAGMA application_id").map_err(failed)? != APPLICATION_ID {
            return Err(OpenError::NotAStore { path: path() });
        }
        let found = read("PRAGMA user_version").map_err(failed)?;
        if found != SCHEMA_VERSION {
            return Err(OpenError::UnknownVersion { path: path(), found });
        }
        Ok(())
    }
}

/// A connection to a new store that lives as long as it does.
pub(super) fn in_memory() -> Result<Connection, OpenError> {
    let open = || {
        let connection = Connection::open_in_memory()?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        create_tables(&connection)?;
        Ok(connection)
    };
    open().map_err(|source| OpenError::Engine { path: PathBuf::from(":memory:"), source })
}

/// Writes the version that is there already: the smallest write there is.
pub(super) fn write_schema_version(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!("PRAGMA user_version = {SCHEMA_VERSION}"))
}

/// A log beside the file, written through at checkpoints only: a commit costs one write to the page cache, which
/// outlives the process. Checkpoints have a thread of their own.
fn prepare_file(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;
         PRAGMA temp_store = MEMORY;",
    )?;
    bound_cache(connection)?;
    let pages: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if pages == 0 { create_tables(connection) } else { Ok(()) }
}

/// Of a file that is ours: this reads of it.
fn bound_cache(connection: &Connection) -> rusqlite::Result<()> {
    // Negative: in KiB, where a positive number means pages.
    connection.pragma_update(None, "cache_size", -CACHE_KIB)
}

/// All or nothing, so that a start that was killed half-way leaves an empty file.
fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "BEGIN; {SCHEMA} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION}; COMMIT"
    ))
}

fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
