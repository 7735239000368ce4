//! The shape of files: how they open, how long they are, what they are called, and what may not stand in them.

use crate::source::SourceFile;

/// A longer file holds more than one idea.
const LINES_MAX: usize = 400;
/// Half of core's files are at most this long.
pub(crate) const MEDIAN_LINES_MAX: usize = 170;
/// The entry of a Lambda function, and of the local gateway, which also has a command line.
const LAMBDA_MAIN_LINES_MAX: usize = 40;
const LOCAL_MAIN_LINES_MAX: usize = 60;
/// Names that say nothing about what is inside.
const VAGUE_NAMES: [&str; 6] = ["utils", "util", "common", "helpers", "types", "misc"];

/// A Rust file that does not open with its docs.
pub(crate) fn missing_opening(file: &SourceFile) -> Vec<String> {
    complain(!file.text.starts_with("//!"), || format!("{}: the first line is no `//!`", file.path))
}

/// A file of too many lines. One of tests may be long.
pub(crate) fn too_long(file: &SourceFile) -> Vec<String> {
    let lines = file.text.lines().count();
    complain(lines > LINES_MAX && !file.is_test, || format!("{}: {lines} lines", file.path))
}

/// A file or folder with a name that would fit anything.
pub(crate) fn vague_name(file: &SourceFile) -> Vec<String> {
    let vague =
        file.path.split('/').map(|part| part.split('.').next().unwrap_or(part)).find(|part| VAGUE_NAMES.contains(part));
    vague.map(|part| format!("{}: `{part}` names no idea", file.path)).into_iter().collect()
}

/// The middle length of the files, tests left out.
pub(crate) fn median_lines(files: &[SourceFile]) -> usize {
    let mut lengths: Vec<usize> =
        files.iter().filter(|file| !file.is_test).map(|file| file.text.lines().count()).collect();
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied().unwrap_or(0)
}

/// Anything but `mod` and `pub use` in `mod.rs` or `lib.rs`.
pub(crate) fn logic_in_a_map(file: &SourceFile) -> Vec<String> {
    if !file.path.ends_with("/mod.rs") && !file.path.ends_with("/lib.rs") {
        return Vec::new();
    }
    let tokens = file.production_tokens();
    let statements = tokens.split(|token| token == ";");
    statements
        .map(|statement| without_attributes(statement).concat())
        .filter(|statement| !statement.is_empty() && !is_map_entry(statement))
        .map(|statement| format!("{}: `{}…`", file.path, statement.chars().take(40).collect::<String>()))
        .collect()
}

fn is_map_entry(statement: &str) -> bool {
    let seen = statement.strip_prefix("pub").unwrap_or(statement);
    let seen = ["(crate)", "(super)"].iter().find_map(|scope| seen.strip_prefix(scope)).unwrap_or(seen);
    seen.strip_prefix("mod").is_some_and(|name| !name.contains('{')) || (seen.starts_with("use") && seen != statement)
}

fn without_attributes(statement: &[String]) -> &[String] {
    let mut rest = statement;
    while rest.first().is_some_and(|token| token == "#") {
        let mut depth = 0_usize;
        let end = rest.iter().position(|token| {
            match token.as_str() {
                "[" => depth += 1,
                "]" => depth = depth.saturating_sub(1),
                _ => return false,
            }
            depth == 0
        });
        rest = end.and_then(|end| rest.get(end + 1..)).unwrap_or_default();
    }
    rest
}

/// Code that is not there yet, and tests that do not run.
pub(crate) fn gaps(file: &SourceFile) -> Vec<String> {
    let tokens = crate::source::tokens(&file.text);
    let text = tokens.join(" ");
    ["todo !", "unimplemented !", "# [ ignore"]
        .iter()
        .filter(|gap| text.split(&format!(" {gap}")).count() > 1 || text.starts_with(**gap))
        .map(|gap| format!("{}: `{}`", file.path, gap.replace(' ', "")))
        .collect()
}

/// An `unwrap` or `expect` in production code.
pub(crate) fn unwraps(file: &SourceFile) -> Vec<String> {
    let tokens = file.production_tokens();
    let calls = tokens
        .windows(3)
        .filter(|call| call[0] == "." && (call[1] == "unwrap" || call[1] == "expect") && call[2] == "(");
    calls.map(|call| format!("{}: `.{}()`", file.path, call[1])).collect()
}

/// A `main.rs` that does more than start, assemble and run.
pub(crate) fn wide_door(file: &SourceFile) -> Vec<String> {
    let lines = file.text.lines().count();
    let most = if file.path.starts_with("functions/local/") { LOCAL_MAIN_LINES_MAX } else { LAMBDA_MAIN_LINES_MAX };
    complain(file.path.ends_with("/main.rs") && lines > most, || {
        format!("{}: {lines} lines, {most} are enough", file.path)
    })
}

/// A path that exists only on one developer's machine.
pub(crate) fn machine_paths(file: &SourceFile) -> Vec<String> {
    let roots = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];
    let mut complaints = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let named = roots.iter().find(|root| {
            line.match_indices(*root).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '}'))
            })
        });
        complaints.extend(named.map(|root| format!("{}:{}: `{root}`", file.path, number + 1)));
    }
    complaints
}

fn complain(wrong: bool, complaint: impl FnOnce() -> String) -> Vec<String> {
    if wrong { vec![complaint()] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile::new(path, text)
    }

    #[test]
    fn a_file_without_opening_docs_is_found() {
        assert_eq!(missing_opening(&file("a.rs", "use b;\n//! late")).len(), 1);
        assert_eq!(missing_opening(&file("a.rs", "//! What it is for.\n")).len(), 0);
    }

    #[test]
    fn a_long_file_is_found_unless_it_holds_tests() {
        assert_eq!(too_long(&file("a.rs", &"\n".repeat(401))).len(), 1);
        assert_eq!(too_long(&file("a.rs", &"\n".repeat(400))).len(), 0);
        let tests = SourceFile { is_test: true, ..file("a/tests.rs", &"\n".repeat(401)) };
        assert_eq!(too_long(&tests).len(), 0);
    }

    #[test]
    fn a_name_that_says_nothing_is_found() {
        assert_eq!(vague_name(&file("core/src/utils.rs", "")).len(), 1);
        assert_eq!(vague_name(&file("core/src/common/key.rs", "")).len(), 1);
        assert_eq!(vague_name(&file("core/src/typesetting.rs", "")).len(), 0);
    }

    #[test]
    fn the_middle_length_leaves_tests_out() {
        let tests = SourceFile { is_test: true, ..file("d/tests.rs", "") };
        let files = [file("a.rs", "\n"), file("b.rs", "\n\n\n"), file("c.rs", "\n\n\n\n\n"), tests];
        assert_eq!(median_lines(&files), 3);
    }

    #[test]
    fn logic_in_a_map_file_is_found() {
        assert_eq!(logic_in_a_map(&file("core/src/a/mod.rs", "//! A.\nmod b;\npub struct C;")).len(), 1);
        assert_eq!(logic_in_a_map(&file("core/src/a/mod.rs", "mod b { fn c() {} }")).len(), 1);
        assert_eq!(logic_in_a_map(&file("core/src/a/mod.rs", "use super::b::C;")).len(), 1);
        let map = "//! A.\n#[cfg(feature = \"x\")]\npub mod b;\nmod c;\n#[cfg(test)]\nmod tests;\npub use c::{D, E};\n";
        assert_eq!(logic_in_a_map(&file("core/src/a/mod.rs", map)), Vec::<String>::new());
    }

    #[test]
    fn a_gap_is_found_and_a_text_about_one_is_not() {
        assert_eq!(gaps(&file("a.rs", "fn a() { todo!() }\n#[ignore]\nfn b() { unimplemented!() }")).len(), 3);
        assert_eq!(gaps(&file("a.rs", "#[ignore = \"slow\"]\nfn b() {}")).len(), 1);
        assert_eq!(gaps(&file("a.rs", "/// todo!\nconst A: &str = \"#[ignore]\";")).len(), 0);
    }

    #[test]
    fn an_unwrap_is_found_outside_tests_only() {
        assert_eq!(unwraps(&file("a.rs", "fn a() { b().unwrap(); c.expect(\"d\") }")).len(), 2);
        assert_eq!(
            unwraps(&file("a.rs", "fn a() { b.unwrap_or(1) }\n#[cfg(test)] mod t { fn c() { d.unwrap() } }")).len(),
            0
        );
    }

    #[test]
    fn a_main_that_is_more_than_a_door_is_found() {
        assert_eq!(wide_door(&file("functions/chat/src/main.rs", &"\n".repeat(41))).len(), 1);
        assert_eq!(wide_door(&file("functions/local/src/main.rs", &"\n".repeat(60))).len(), 0);
        assert_eq!(wide_door(&file("functions/local/src/main.rs", &"\n".repeat(61))).len(), 1);
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        assert_eq!(machine_paths(&file("a.md", concat!("see /ro", "ot/notes"))).len(), 1);
        assert_eq!(machine_paths(&file("a.md", concat!("https://example.com/wo", "rk/space"))).len(), 0);
    }
}
