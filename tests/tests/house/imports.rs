//! Reads what a file imports from its own crate: `use` trees, and paths written out in the code.

use crate::source::SourceFile;
use std::collections::BTreeMap;

/// One path as it is written, with the name it gets here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrittenPath {
    /// The words between the `::`.
    pub(crate) segments: Vec<String>,
    /// The last word, or the one behind `as`.
    pub(crate) name: String,
}

/// Every path of two words or more in a file's production code, `use` trees unfolded.
pub(crate) fn written_paths(tokens: &[String]) -> Vec<WrittenPath> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let starts = at == 0 || !matches!(tokens[at - 1].as_str(), "::" | ".");
        if starts && is_name(&tokens[at]) && tokens.get(at + 1).is_some_and(|next| next == "::") {
            at = unfold(tokens, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Unfolds the tree that begins at `at` below `prefix`, and returns where it ends.
fn unfold(tokens: &[String], mut at: usize, prefix: &[String], found: &mut Vec<WrittenPath>) -> usize {
    let mut segments = prefix.to_vec();
    loop {
        match tokens.get(at).map(String::as_str) {
            Some("{") => return unfold_group(tokens, at + 1, &segments, found),
            Some("self") if !segments.is_empty() => at += 1,
            Some(word) if is_name(word) || word == "*" => {
                segments.push(word.to_owned());
                at += 1;
            }
            _ => break,
        }
        if tokens.get(at).map(String::as_str) != Some("::") {
            break;
        }
        at += 1;
    }
    let mut name = segments.last().cloned().unwrap_or_default();
    if tokens.get(at).map(String::as_str) == Some("as")
        && let Some(alias) = tokens.get(at + 1)
    {
        name.clone_from(alias);
        at += 2;
    }
    found.push(WrittenPath { segments, name });
    at
}

fn unfold_group(tokens: &[String], mut at: usize, prefix: &[String], found: &mut Vec<WrittenPath>) -> usize {
    while let Some(token) = tokens.get(at) {
        match token.as_str() {
            "}" => return at + 1,
            "," => at += 1,
            // A mark that no `use` tree holds: step over it rather than stand still.
            _ => at = unfold(tokens, at, prefix, found).max(at + 1),
        }
    }
    at
}

/// The modules of one crate, and which file each is.
pub(crate) struct Modules<'a> {
    files: BTreeMap<Vec<String>, &'a SourceFile>,
    /// What each map file (`mod.rs`) re-exports: module and name → the module path it comes from.
    re_exports: BTreeMap<(Vec<String>, String), Vec<String>>,
}

impl<'a> Modules<'a> {
    /// The modules that `files` make, with `root` (`core/src/`) as the crate's root.
    pub(crate) fn of(files: &'a [SourceFile], root: &str) -> Self {
        let files: BTreeMap<_, _> =
            files.iter().filter_map(|file| Some((module_of(file.path.strip_prefix(root)?), file))).collect();
        let mut modules = Self { files, re_exports: BTreeMap::new() };
        let mut re_exports = BTreeMap::new();
        for (module, file) in modules.files.iter().filter(|(_, file)| file.path.ends_with("/mod.rs")) {
            for path in written_paths(&file.production_tokens()) {
                if let Some(target) = modules.absolute(module, &path.segments) {
                    re_exports.insert((module.clone(), path.name), target);
                }
            }
        }
        modules.re_exports = re_exports;
        modules
    }

    /// Every file with its module path.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Vec<String>, &'a SourceFile)> {
        self.files.iter().map(|(module, file)| (module, *file))
    }

    /// The modules (files) that a file's production code names.
    pub(crate) fn imports(&self, module: &[String], file: &SourceFile) -> Vec<Vec<String>> {
        let paths = written_paths(&file.production_tokens());
        let mut imported: Vec<_> = paths
            .iter()
            .filter_map(|path| self.absolute(module, &path.segments))
            .map(|path| self.file_of(&path, 0))
            .filter(|imported| imported != module)
            .collect();
        imported.sort();
        imported.dedup();
        imported
    }

    /// A written path as one from the crate's root; `None` for paths into other crates.
    fn absolute(&self, module: &[String], segments: &[String]) -> Option<Vec<String>> {
        let (first, rest) = segments.split_first()?;
        let mut base = module.to_vec();
        match first.as_str() {
            "crate" => base.clear(),
            "self" => {}
            "super" => {
                base.pop();
                let more = rest.iter().take_while(|word| *word == "super").count();
                base.truncate(base.len().saturating_sub(more));
                base.extend_from_slice(&rest[more..]);
                return Some(base);
            }
            child => {
                base.push(child.to_owned());
                self.files.contains_key(&base).then_some(())?;
            }
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    /// The module that a path from the root ends in, through re-exports to where a thing really stands.
    fn file_of(&self, path: &[String], hops: usize) -> Vec<String> {
        let known = (0..=path.len()).rev().find(|&length| self.files.contains_key(&path[..length])).unwrap_or(0);
        let (module, rest) = path.split_at(known);
        let target = rest.first().and_then(|name| self.re_exports.get(&(module.to_vec(), name.clone())));
        match target {
            // A chain of re-exports is short; a longer one is a loop.
            Some(target) if hops < 8 => self.file_of(target, hops + 1),
            _ => module.to_vec(),
        }
    }
}

/// `a/b.rs` and `a/b/mod.rs` → `a`, `b`; `lib.rs` → the root.
fn module_of(relative: &str) -> Vec<String> {
    let stem = relative.trim_end_matches(".rs");
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    if stem == "lib" { Vec::new() } else { stem.split('/').map(str::to_owned).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::tokens;

    fn unfolded(code: &str) -> Vec<String> {
        written_paths(&tokens(code)).into_iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn a_use_tree_is_unfolded() {
        assert_eq!(
            unfolded("use crate::{a::{self, B}, c::*, d::E as F}; use super::super::g;"),
            ["crate::a", "crate::a::B", "crate::c::*", "crate::d::E", "super::super::g"]
        );
    }

    #[test]
    fn a_path_in_code_counts_too() {
        assert_eq!(unfolded("fn a() -> Vec<crate::b::C> { x.d(super::e::f(1)) }"), ["crate::b::C", "super::e::f"]);
    }

    #[test]
    fn an_import_ends_at_the_file_where_the_thing_stands() {
        let files = [
            SourceFile::new("core/src/lib.rs", "pub mod a; pub mod b;"),
            SourceFile::new("core/src/a/mod.rs", "mod inner; pub use inner::Thing;"),
            SourceFile::new("core/src/a/inner.rs", "pub struct Thing;"),
            SourceFile::new("core/src/b.rs", "use crate::a::Thing; use std::fmt::Debug;"),
        ];
        let modules = Modules::of(&files, "core/src/");
        assert_eq!(modules.imports(&["b".to_owned()], &files[3]), [["a".to_owned(), "inner".to_owned()]]);
    }

    #[test]
    fn super_climbs_one_module_at_a_time() {
        let files = [
            SourceFile::new("core/src/a/b/c.rs", "use super::super::d::X; use super::e::Y;"),
            SourceFile::new("core/src/a/d.rs", ""),
            SourceFile::new("core/src/a/b/e.rs", ""),
        ];
        let modules = Modules::of(&files, "core/src/");
        let imports: Vec<_> = modules
            .imports(&["a", "b", "c"].map(str::to_owned), &files[0])
            .into_iter()
            .map(|module| module.join("::"))
            .collect();
        assert_eq!(imports, ["a::b::e", "a::d"]);
    }
}
