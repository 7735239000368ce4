//! What the manifests promise: each dependency says what it is for, and functions link only what they need.

use crate::source;
use std::process::Command;

/// Dependencies of the workspace without a comment right above them.
pub(crate) fn uncommented_dependencies(manifest: &str) -> Vec<String> {
    let section = manifest.split("\n[").find(|section| section.starts_with("workspace.dependencies]"));
    let mut above = "";
    let mut complaints = Vec::new();
    for line in section.unwrap_or_default().lines().skip(1) {
        let is_dependency = line.starts_with(|c: char| c.is_alphanumeric());
        if is_dependency && !above.starts_with('#') {
            let name = line.split(['=', '.', ' ']).next().unwrap_or(line);
            complaints.push(format!("`{name}`"));
        }
        above = line;
    }
    complaints
}

/// Every package that a function links, one a line, as Cargo resolves it without touching the network.
pub(crate) fn dependency_tree(package: &str) -> String {
    tree(&["--package", package])
}

/// The same of what a command at the root is about that names no package.
pub(crate) fn dependency_tree_of_the_default() -> String {
    tree(&[])
}

fn tree(of: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--edges", "normal", "--prefix", "none"])
        .args(of)
        .current_dir(source::root())
        .output()
        .expect("cargo runs");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The packages of a tree that may not be there.
pub(crate) fn forbidden_in(tree: &str, forbidden: &[&str]) -> Vec<String> {
    let packages = tree.lines().filter_map(|line| line.split(' ').next());
    packages.filter(|package| forbidden.contains(package)).map(|package| format!("links `{package}`")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_without_a_comment_is_found() {
        let manifest = "[workspace]\n[workspace.dependencies]\n# For a.\na = \"1\"\nb = { path = \"b\" }\n\n# For c.\n\nc.x = 1\n[lints]\nd = 1\n";
        assert_eq!(uncommented_dependencies(manifest), ["`b`", "`c`"]);
    }

    #[test]
    fn a_forbidden_package_is_found_by_its_whole_name() {
        let tree = "chat v0.1.0\nrusqlite v0.41.0 (*)\nrusqlite-helper v1.0.0\n";
        assert_eq!(forbidden_in(tree, &["rusqlite"]), ["links `rusqlite`"]);
    }
}
