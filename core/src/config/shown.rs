//! How a wrong value is told in a message: as it was written, where it can be no secret. Knows only the tree.

use super::tree::Node;
use serde_json::Value;

/// Names whose value is not repeated in a message, wherever they stand.
const SECRET_NAMES: [&str; 6] = ["key", "secret", "token", "password", "header", "credential"];
/// Longest value that a message repeats, in bytes.
const SHOWN_BYTES_MAX: usize = 60;

/// The value, where it can be no secret; else its kind.
pub(super) fn shown(node: &Node, path: &str) -> String {
    let name = path.rsplit('.').next().unwrap_or(path).to_ascii_lowercase();
    let hidden = node.from_reference || SECRET_NAMES.iter().any(|secret| name.contains(secret));
    match node.to_value() {
        Value::Null => "nothing".to_owned(),
        value @ (Value::Bool(_) | Value::Number(_)) if !hidden => format!("`{value}`"),
        Value::String(text) if !hidden && text.len() <= SHOWN_BYTES_MAX => format!("`{text}`"),
        _ => node.kind().to_owned(),
    }
}
