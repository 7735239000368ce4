//! The real binaries, built when a test first asks for them.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The `postern` binary as it stands now, built if its sources changed.
///
/// # Errors
/// What Cargo said where the build failed.
pub fn postern() -> io::Result<PathBuf> {
    // As `make e2e` and `make run` build it: together with others it would have their features, too.
    let output =
        Command::new(env!("CARGO")).args(["build", "--locked", "--package", "postern"]).current_dir(root()).output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    // This test lies in `<target>/debug/deps`, the binaries beside that folder.
    let test = std::env::current_exe()?;
    let binary = test.ancestors().nth(2).map(|folder| folder.join("postern"));
    binary.filter(|path| path.exists()).ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
