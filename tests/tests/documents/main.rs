//! Documents that say what the code does are made from it. `make docs` writes them anew.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what cannot be written fails its test")]

mod providers;
mod settings;

use postern_tests::binaries;

/// That the document says this; with `POSTERN_WRITE_DOCUMENTS` it does from now on.
fn stands_in(path: &str, written: &str) {
    let file = binaries::root().join(path);
    if std::env::var_os("POSTERN_WRITE_DOCUMENTS").is_some() {
        std::fs::write(&file, written).unwrap();
    }
    assert!(std::fs::read_to_string(&file).unwrap_or_default() == written, "{path} is out of date: run `make docs`");
}
