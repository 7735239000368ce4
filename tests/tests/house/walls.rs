//! The walls between crates: which room may name which library.

use crate::imports::written_paths;
use crate::source::SourceFile;

/// How the first word of a library's paths begins, and the places whose files may name it.
struct Wall {
    libraries: &'static [&'static str],
    behind: &'static [&'static str],
}

const WALLS: [Wall; 5] = [
    Wall { libraries: &["axum"], behind: &["core/src/surface/", "functions/local/"] },
    Wall {
        libraries: &["aws_sdk", "aws_config", "aws_sigv4", "aws_credential", "aws_smithy", "aws_types", "aws_runtime"],
        behind: &["core/src/store/dynamo", "core/src/secrets/", "core/src/crypto/", "core/src/aws/"],
    },
    Wall {
        libraries: &["rustls", "reqwest", "webpki"],
        // The AWS clients bring an HTTP stack of their own; its trusted roots are read in one file.
        behind: &["core/src/tls/", "core/src/upstream/", "core/src/aws/roots.rs"],
    },
    Wall { libraries: &["lambda_"], behind: &["functions/"] },
    Wall { libraries: &["rusqlite"], behind: &["core/src/store/embedded"] },
];

/// The one file that reads the process's environment.
const ENVIRONMENT: &str = "core/src/config/environment.rs";

/// Each name of a library outside its wall, and each reading of the environment outside its file.
pub(crate) fn breaches(file: &SourceFile) -> Vec<String> {
    let tokens = file.production_tokens();
    let paths: Vec<Vec<String>> = written_paths(&tokens).into_iter().map(|path| path.segments).collect();
    let walls = WALLS.iter().filter(|wall| !wall.behind.iter().any(|place| file.path.starts_with(place)));
    let libraries = walls.flat_map(|wall| wall.libraries);
    let mut named: Vec<&Vec<String>> =
        libraries.filter_map(|library| paths.iter().find(|path| path[0].starts_with(library))).collect();
    if file.path != ENVIRONMENT {
        named.extend(paths.iter().find(|path| reads_environment(path)));
    }
    named.into_iter().map(|path| format!("{}: `{}`", file.path, path.join("::"))).collect()
}

fn reads_environment(path: &[String]) -> bool {
    path.starts_with(&["std".to_owned(), "env".to_owned()]) || path.first().is_some_and(|word| word == "env")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches_in(path: &str, text: &str) -> usize {
        breaches(&SourceFile::new(path, text)).len()
    }

    #[test]
    fn a_library_outside_its_wall_is_found() {
        assert_eq!(breaches_in("core/src/flow/chat.rs", "use axum::Router;"), 1);
        assert_eq!(breaches_in("core/src/flow/chat.rs", "fn f() { aws_sdk_dynamodb::Client::new() }"), 1);
        assert_eq!(breaches_in("core/src/flow/chat.rs", "use reqwest::Client; use rustls::ClientConfig;"), 2);
        assert_eq!(breaches_in("core/src/surface/chat.rs", "use lambda_http::run;"), 1);
        assert_eq!(breaches_in("core/src/store/dynamo/mod.rs", "use rusqlite::Connection;"), 1);
        assert_eq!(breaches_in("functions/chat/src/main.rs", "let x = std::env::var(\"X\");"), 1);
    }

    #[test]
    fn a_library_behind_its_wall_is_fine() {
        assert_eq!(breaches_in("core/src/surface/chat.rs", "use axum::Router;"), 0);
        assert_eq!(breaches_in("core/src/store/dynamo/get.rs", "use aws_sdk_dynamodb::Client;"), 0);
        assert_eq!(breaches_in("functions/chat/src/main.rs", "use lambda_http::run;"), 0);
        assert_eq!(breaches_in("core/src/config/environment.rs", "std::env::vars()"), 0);
    }

    #[test]
    fn a_text_or_a_variable_is_no_library() {
        assert_eq!(breaches_in("core/src/config/file.rs", "let aws_secret = \"axum::Router\"; f(aws_secret)"), 0);
    }
}
