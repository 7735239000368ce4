//! Why a key file is none. Names the file and the line, never what stands there.

use std::path::PathBuf;

/// The largest key file that is read, in bytes.
pub(super) const FILE_BYTES_MAX: u64 = 64 << 10;

/// Why the key file cannot be used. Never quotes the file.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It cannot be read.
    #[error("`{}` (POSTERN_KEY_FILE) cannot be read: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// It is no file of keys.
    #[error("`{}` is larger than {FILE_BYTES_MAX} bytes, so it is no file of keys", .0.display())]
    TooLarge(PathBuf),
    /// There is no key in it.
    #[error("`{}` holds no key; make one with `postern secret new-key`", .0.display())]
    Empty(PathBuf),
    /// A line is no key.
    #[error("line {line} of `{}` is no key: write ID:VERSION:BASE64, as `postern secret new-key` does", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, counted from 1.
        line: usize,
    },
    /// Two lines name one key.
    #[error("line {line} of `{}` names a key and version that stand there already", path.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// The second of them.
        line: usize,
    },
}
