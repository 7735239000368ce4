//! Holds the rules of the house that no lint can see: the floors, the walls between crates, the shape of files and
//! manifests. Each rule is a pure function over texts, and its own tests prove that it can fail.
#![allow(clippy::expect_used, reason = "a house that cannot be read fails its test")]
#![allow(clippy::indexing_slicing, reason = "a slip in a rule fails its test, and only that")]

mod floors;
mod imports;
mod manifests;
mod shape;
mod source;
mod walls;

use source::SourceFile;

fn assert_none(rule: &str, complaints: &[String]) {
    assert!(complaints.is_empty(), "{rule}:\n  {}", complaints.join("\n  "));
}

fn core_sources() -> Vec<SourceFile> {
    source::read("core/src", &["rs"])
}

/// What a rule asks about one file's text, over all files that are Rust and ours.
fn complaints_of(files: &[SourceFile], rule: impl Fn(&SourceFile) -> Vec<String>) -> Vec<String> {
    files.iter().flat_map(rule).collect()
}

#[test]
fn imports_point_down_a_floor() {
    let files = core_sources();
    assert!(files.len() > 10, "the sources were not found");
    assert_none("a room imports only rooms of lower floors", &floors::climbing_imports(&files));
}

#[test]
fn no_files_import_each_other_in_a_loop() {
    assert_none("imports make no loop", &floors::loops(&core_sources()));
}

#[test]
fn the_map_in_lib_shows_every_room_on_its_floor() {
    let files = core_sources();
    let map = files.iter().find(|file| file.path == "core/src/lib.rs").expect("core/src/lib.rs");
    assert_none("the table in core/src/lib.rs", &floors::rooms_missing_on_the_map(&map.text));
}

#[test]
fn each_library_stays_behind_its_wall() {
    let mut files = core_sources();
    files.extend(source::read("functions", &["rs"]));
    assert_none("a library is named only behind its wall", &complaints_of(&files, walls::breaches));
}

#[test]
fn every_rust_file_says_what_it_is_for() {
    let files = source::read("", &["rs"]);
    assert_none("a file opens with `//!`", &complaints_of(&files, shape::missing_opening));
}

#[test]
fn a_file_holds_one_idea() {
    let files = source::read("", &["rs", "py", "mjs", "sh"]);
    assert_none("a file has at most 400 lines", &complaints_of(&files, shape::too_long));
    assert_none("a file is named for its idea", &complaints_of(&files, shape::vague_name));
}

#[test]
fn the_middle_file_of_core_is_short() {
    let median = shape::median_lines(&core_sources());
    assert!(median <= shape::MEDIAN_LINES_MAX, "half the files of core are over {median} lines");
}

#[test]
fn a_map_file_holds_nothing_but_the_map() {
    let files = core_sources();
    assert_none("`mod.rs` and `lib.rs` hold docs, `mod` and `pub use`", &complaints_of(&files, shape::logic_in_a_map));
}

#[test]
fn nothing_is_left_unfinished() {
    let mut files = core_sources();
    files.extend(source::read("functions", &["rs"]));
    files.extend(source::read("tests", &["rs"]));
    assert_none("no skipped test, no gap", &complaints_of(&files, shape::gaps));
}

#[test]
fn nothing_unwraps_outside_tests() {
    let mut files = core_sources();
    files.extend(source::read("functions", &["rs"]));
    assert_none("an error is answered, never unwrapped", &complaints_of(&files, shape::unwraps));
}

#[test]
fn a_function_is_only_a_door() {
    let files = source::read("functions", &["rs"]);
    assert_none("main.rs starts, assembles and runs", &complaints_of(&files, shape::wide_door));
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    let files = source::read("", &[]);
    assert_none("the repository stands alone", &complaints_of(&files, shape::machine_paths));
}

#[test]
fn every_dependency_says_what_it_is_for() {
    let manifest = source::read_one("Cargo.toml");
    assert_none("a dependency has a comment above it", &manifests::uncommented_dependencies(&manifest));
}

#[test]
fn no_lambda_function_links_the_embedded_store() {
    for function in ["chat", "embeddings", "admin", "maintenance"] {
        let tree = manifests::dependency_tree(function);
        assert!(tree.contains("postern-core"), "the dependencies of `{function}` could not be read:\n{tree}");
        assert_none(&format!("dependencies of `{function}`"), &manifests::forbidden_in(&tree, &["rusqlite"]));
    }
}

#[test]
fn a_build_that_names_no_package_is_that_of_the_functions() {
    let tree = manifests::dependency_tree_of_the_default();
    for function in ["chat", "embeddings", "admin", "maintenance"] {
        assert!(tree.lines().any(|line| line.starts_with(&format!("{function} v"))), "without `{function}`:\n{tree}");
    }
    assert_none("dependencies without `--package`", &manifests::forbidden_in(&tree, &["rusqlite", "postern"]));
}
