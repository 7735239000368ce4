//! The floors of core: which room stands where, that imports point down, and that they make no loop.

use crate::imports::Modules;
use crate::source::SourceFile;
use std::collections::BTreeMap;

/// Every room of core with its floor. A room is a file or folder right below `core/src`. The table in
/// `core/src/lib.rs` shows the same.
const ROOMS: [(&str, u8); 38] = [
    ("assemble", 6),
    ("surface", 5),
    ("flow", 4),
    ("auth", 3),
    ("routing", 3),
    ("accounting", 3),
    ("admission", 3),
    ("credentials", 3),
    ("upstream", 3),
    ("cache", 3),
    ("audit", 3),
    ("guardrails", 3),
    ("providers", 2),
    ("store", 2),
    ("tls", 2),
    ("api", 1),
    ("config", 1),
    ("crypto", 1),
    ("secrets", 1),
    ("telemetry", 1),
    ("author", 0),
    ("id", 0),
    ("money", 0),
    ("usage", 0),
    ("price", 0),
    ("principal", 0),
    ("clock", 0),
    ("calendar", 0),
    ("duration", 0),
    ("error_text", 0),
    ("egress", 0),
    ("period", 0),
    ("limits", 0),
    ("secret", 0),
    ("secret_reference", 0),
    ("tokens", 0),
    ("wire", 0),
    ("aws", 0),
];

const ROOT: &str = "core/src/";

fn floor(room: &str) -> Option<u8> {
    ROOMS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// Imports that do not point down a floor, and rooms that the table does not know.
///
/// Files of one room may import each other, and so may rooms of the ground floor.
pub(crate) fn climbing_imports(files: &[SourceFile]) -> Vec<String> {
    let modules = Modules::of(files, ROOT);
    let mut complaints = Vec::new();
    for (module, file) in modules.iter() {
        // The crate's root only lists the rooms; another test holds it to that.
        let Some(room) = module.first() else { continue };
        let Some(own_floor) = floor(room) else {
            complaints.push(format!(
                "{}: `{room}` stands on no floor; name one in tests/tests/house/floors.rs and core/src/lib.rs",
                file.path
            ));
            continue;
        };
        for imported in modules.imports(module, file) {
            let Some(other) = imported.first().filter(|other| *other != room) else { continue };
            // An import of an unknown room is told where that room's own file is looked at.
            let Some(other_floor) = floor(other) else { continue };
            if other_floor >= own_floor && (own_floor, other_floor) != (0, 0) {
                complaints.push(format!(
                    "{}: `{room}` (floor {own_floor}) imports `{}` (floor {other_floor})",
                    file.path,
                    imported.join("::")
                ));
            }
        }
    }
    complaints
}

/// Each loop of files that import each other, told once.
pub(crate) fn loops(files: &[SourceFile]) -> Vec<String> {
    let modules = Modules::of(files, ROOT);
    let edges: BTreeMap<_, _> =
        modules.iter().map(|(module, file)| (module.clone(), modules.imports(module, file))).collect();
    let mut walk = Walk { edges: &edges, state: BTreeMap::new(), path: Vec::new(), loops: Vec::new() };
    for module in edges.keys() {
        walk.visit(module);
    }
    walk.loops
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    OnPath,
    Done,
}

/// A depth-first walk over the imports; an import of a file that is on the path closes a loop.
struct Walk<'a> {
    edges: &'a BTreeMap<Vec<String>, Vec<Vec<String>>>,
    state: BTreeMap<Vec<String>, State>,
    path: Vec<String>,
    loops: Vec<String>,
}

impl Walk<'_> {
    fn visit(&mut self, module: &Vec<String>) {
        let name = module.join("::");
        match self.state.get(module) {
            Some(State::Done) => return,
            Some(State::OnPath) => {
                let start = self.path.iter().position(|on_path| *on_path == name).unwrap_or(0);
                self.loops.push(format!("{} → {name}", self.path[start..].join(" → ")));
                return;
            }
            None => {}
        }
        self.state.insert(module.clone(), State::OnPath);
        self.path.push(name);
        for imported in self.edges.get(module).into_iter().flatten() {
            self.visit(imported);
        }
        self.path.pop();
        self.state.insert(module.clone(), State::Done);
    }
}

/// Rooms of the table that the documentation of `lib.rs` does not show on their floor.
pub(crate) fn rooms_missing_on_the_map(lib: &str) -> Vec<String> {
    let row_of = |floor: u8| lib.lines().find(|line| line.starts_with(&format!("//! | {floor} |")));
    ROOMS
        .iter()
        .filter(|(room, floor)| !row_of(*floor).is_some_and(|row| row.contains(&format!("`{room}`"))))
        .map(|(room, floor)| format!("`{room}` is missing in the row of floor {floor}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile::new(&format!("core/src/{path}"), text)
    }

    #[test]
    fn an_import_upwards_is_found() {
        let files = [file("money.rs", "use crate::flow::chat::X;"), file("flow/chat.rs", "")];
        assert_eq!(climbing_imports(&files), ["core/src/money.rs: `money` (floor 0) imports `flow::chat` (floor 4)"]);
    }

    #[test]
    fn rooms_of_one_floor_do_not_know_each_other() {
        let files = [file("auth/key.rs", "fn f(x: crate::routing::pick::X) {}"), file("routing/pick.rs", "")];
        assert_eq!(climbing_imports(&files).len(), 1);
    }

    #[test]
    fn imports_downwards_within_a_room_and_on_the_ground_are_fine() {
        let files = [
            file("flow/chat.rs", "use super::plan::P; use crate::money::M;"),
            file("flow/plan.rs", ""),
            file("money.rs", "use crate::clock::T;"),
            file("clock.rs", ""),
        ];
        assert_eq!(climbing_imports(&files), Vec::<String>::new());
    }

    #[test]
    fn a_room_without_a_floor_is_found() {
        assert_eq!(climbing_imports(&[file("attic.rs", "")]).len(), 1);
    }

    #[test]
    fn an_import_of_a_test_does_not_count() {
        let files =
            [file("money.rs", "#[cfg(test)]\nmod tests { use crate::flow::chat::X; }"), file("flow/chat.rs", "")];
        assert_eq!(climbing_imports(&files), Vec::<String>::new());
    }

    #[test]
    fn a_loop_of_files_is_found_and_named() {
        let files = [
            file("store/a.rs", "use super::b::B;"),
            file("store/b.rs", "use super::c::C;"),
            file("store/c.rs", "use super::a::A;"),
        ];
        assert_eq!(loops(&files), ["store::a → store::b → store::c → store::a"]);
    }

    #[test]
    fn a_type_in_a_map_file_that_a_child_imports_is_a_loop() {
        let files =
            [file("store/mod.rs", "mod a; pub use a::A; pub struct B;"), file("store/a.rs", "use super::B; struct A;")];
        assert_eq!(loops(&files).len(), 1);
    }

    #[test]
    fn a_room_that_the_map_forgets_is_found() {
        let map = "//! | 6 | `assemble`: all |\n//! | 5 | nothing |";
        let missing = rooms_missing_on_the_map(map);
        assert!(missing.contains(&"`surface` is missing in the row of floor 5".to_owned()));
        assert!(!missing.iter().any(|complaint| complaint.contains("assemble")));
    }
}
