//! Reads the repository's files, and tells code from comments, texts and tests.

use std::fs;
use std::path::{Path, PathBuf};

/// One file: its path from the repository's root, with `/`, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceFile {
    pub(crate) path: String,
    pub(crate) text: String,
    /// Whether the whole file is compiled for tests only.
    pub(crate) is_test: bool,
}

impl SourceFile {
    #[cfg(test)]
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), is_test: false }
    }

    /// What the compiler sees in a build without tests, in words and marks.
    pub(crate) fn production_tokens(&self) -> Vec<String> {
        if self.is_test { Vec::new() } else { without_tests(tokens(&self.text)) }
    }
}

/// Marks every file below a module that is declared under a test attribute, and every file of a `tests` folder.
fn mark_tests(files: &mut [SourceFile]) {
    let modules: Vec<String> = files.iter().filter(|file| file.path.ends_with(".rs")).flat_map(test_modules).collect();
    for file in files {
        let below = |module: &String| {
            file.path.strip_prefix(module.as_str()).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        // `cost_tests.rs` may stand beside `cost.rs`, declared by its path.
        let named = file.path.contains("/tests/") || file.path.ends_with("tests.rs");
        file.is_test = named || modules.iter().any(below);
    }
}

/// The paths, without ending, of the modules that a file declares for tests only.
fn test_modules(file: &SourceFile) -> Vec<String> {
    let stem = file.path.trim_end_matches(".rs");
    let folder = ["/mod", "/lib", "/main"].iter().find_map(|map| stem.strip_suffix(map)).unwrap_or(stem);
    let tokens = tokens(&file.text);
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let attribute = attribute_length(&tokens[at..]);
        if is_test_attribute(&tokens[at..at + attribute]) {
            let item = &tokens[at + attribute..];
            let item = &item[..item_length(item)];
            if let [.., keyword, name, end] = item
                && (keyword == "mod" && end == ";")
            {
                found.push(format!("{folder}/{name}"));
            }
        }
    }
    found
}

/// Names of folders that hold no file of ours.
const NOT_OURS: [&str; 7] = ["target", "node_modules", "__pycache__", ".git", ".venv", ".tools", ".aws-sam"];

/// All files below a folder of the repository whose name ends in one of `endings` (none given: every text file).
pub(crate) fn read(folder: &str, endings: &[&str]) -> Vec<SourceFile> {
    let root = root();
    let mut files = Vec::new();
    walk(&root.join(folder), &mut |path| {
        let wanted = endings.is_empty() || path.extension().is_some_and(|e| endings.iter().any(|wanted| e == *wanted));
        // What is not UTF-8 is no text: archives, databases.
        if wanted && let Ok(text) = fs::read_to_string(path) {
            let relative = path.strip_prefix(&root).expect("a path below the root");
            files.push(SourceFile { path: relative.to_string_lossy().replace('\\', "/"), text, is_test: false });
        }
    });
    mark_tests(&mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// One file's text.
pub(crate) fn read_one(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("a file of the repository")
}

/// The repository's root: the folder above this package.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a folder above the tests").to_path_buf()
}

fn walk(folder: &Path, found: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).expect("a folder of the repository").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        // In a linked worktree `.git` is a file.
        if NOT_OURS.iter().any(|skipped| name == *skipped) {
            continue;
        }
        let kind = entry.file_type().expect("a file's kind");
        if kind.is_file() {
            found(&path);
        } else if kind.is_dir() {
            walk(&path, found);
        }
    }
}

/// Words (identifiers and numbers), `::`, and single marks. Comments, texts and character literals are left out; a
/// text stays as one `"`.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    let mut rest = text;
    let mut found = Vec::new();
    while let Some(first) = rest.chars().next() {
        let skipped = blank_length(rest);
        if skipped > 0 {
            rest = &rest[skipped..];
        } else if let Some(length) = text_length(rest) {
            found.push("\"".to_owned());
            rest = &rest[length..];
        } else {
            let length = match first {
                _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
                ':' if rest.starts_with("::") => 2,
                _ => first.len_utf8(),
            };
            found.push(rest[..length].to_owned());
            rest = &rest[length..];
        }
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of the white space or comment that stands first; 0 where there is none.
fn blank_length(rest: &str) -> usize {
    if rest.starts_with("//") {
        rest.find('\n').unwrap_or(rest.len())
    } else if rest.starts_with("/*") {
        block_comment_length(rest)
    } else {
        rest.len() - rest.trim_start().len()
    }
}

fn block_comment_length(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of the text or character literal that stands first, if one does.
fn text_length(rest: &str) -> Option<usize> {
    let prefix = rest.len() - rest.trim_start_matches(['b', 'r', 'c']).len();
    let after = &rest[prefix..];
    let hashes = after.len() - after.trim_start_matches('#').len();
    if prefix <= 2 && after[hashes..].starts_with('"') && (hashes == 0 || rest[..prefix].contains('r')) {
        let body = prefix + hashes + 1;
        if rest[..prefix].contains('r') {
            let end = format!("\"{}", "#".repeat(hashes));
            return Some(rest[body..].find(&end).map_or(rest.len(), |at| body + at + end.len()));
        }
        return Some(body + escaped_length(&rest[body..], '"'));
    }
    let quote = if rest.starts_with("b'") { 2 } else { usize::from(rest.starts_with('\'')) };
    let mut inside = rest.get(quote..).filter(|_| quote > 0)?.chars();
    let (first, second) = (inside.next()?, inside.next()?);
    // `'a` without a closing quote is a lifetime.
    (first == '\\' || second == '\'').then(|| quote + escaped_length(&rest[quote..], '\''))
}

/// The length up to and with the closing `quote`, past every escaped character.
fn escaped_length(body: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    body.len()
}

/// The tokens without every item that stands under `#[cfg(test)]`, `#[cfg(any(test, …))]` or `#[test]`.
fn without_tests(tokens: Vec<String>) -> Vec<String> {
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let attribute = attribute_length(&tokens[at..]);
        if attribute > 0 && is_test_attribute(&tokens[at..at + attribute]) {
            at += attribute;
            at += item_length(&tokens[at..]);
        } else {
            kept.extend_from_slice(&tokens[at..at + attribute.max(1)]);
            at += attribute.max(1);
        }
    }
    kept
}

fn is_test_attribute(attribute: &[String]) -> bool {
    let words: Vec<&str> = attribute.iter().map(String::as_str).collect();
    matches!(
        words.as_slice(),
        ["#", "[", "cfg", "(", "test", ")", "]"]
            | ["#", "[", "cfg", "(", "any", "(", "test", ..]
            | ["#", "[", "test", "]"]
    )
}

/// The number of tokens of the outer attribute that stands first; 0 where there is none.
fn attribute_length(tokens: &[String]) -> usize {
    match tokens {
        [hash, bracket, ..] if hash == "#" && bracket == "[" => 1 + group_length(&tokens[1..], "[", "]"),
        _ => 0,
    }
}

/// The number of tokens of the item that stands first: up to its `;` or the end of its braces.
fn item_length(tokens: &[String]) -> usize {
    let end = tokens.iter().position(|token| token == ";" || token == "{");
    match end {
        Some(at) if tokens[at] == "{" => at + group_length(&tokens[at..], "{", "}"),
        Some(at) => at + 1,
        None => tokens.len(),
    }
}

fn group_length(tokens: &[String], open: &str, close: &str) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        if token == open {
            depth += 1;
        } else if token == close {
            depth -= 1;
            if depth == 0 {
                return at + 1;
            }
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_texts_are_no_code() {
        let code = "a /* b /* c */ d */ \"e \\\" f\" r#\"g \" h\"# 'i' '\\'' b\"j\" // k\n l::m<'n>";
        assert_eq!(tokens(code).join(" "), "a \" \" \" \" \" l :: m < ' n >");
    }

    #[test]
    fn tests_are_left_out_and_what_follows_them_stays() {
        let file = SourceFile::new(
            "core/src/a.rs",
            "#[cfg(test)]\nuse b::c;\nfn d() {}\n#[cfg(test)]\nmod tests { fn e() { { } } }\n#[derive(F)] struct G;",
        );
        assert_eq!(file.production_tokens().concat(), "fnd(){}#[derive(F)]structG;");
    }

    #[test]
    fn a_module_declared_for_tests_is_a_test_with_all_below_it() {
        let declaring =
            "#[cfg(test)]\nmod replay;\n#[cfg(any(test, feature = \"testing\"))]\npub mod suite;\nmod real;";
        let mut files = [
            SourceFile::new("core/src/a/mod.rs", declaring),
            SourceFile::new("core/src/a/real.rs", "#[cfg(test)]\nmod tests;"),
            SourceFile::new("core/src/a/replay.rs", ""),
            SourceFile::new("core/src/a/suite/one.rs", ""),
            SourceFile::new("core/src/a/real/tests.rs", ""),
            SourceFile::new("core/src/a/replaying.rs", ""),
        ];
        mark_tests(&mut files);
        assert_eq!(files.map(|file| file.is_test), [false, false, true, true, true, false]);
    }
}
