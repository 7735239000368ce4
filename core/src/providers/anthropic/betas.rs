//! Features that the API takes only where the header `anthropic-beta` names them.
//!
//! <https://docs.anthropic.com/en/api/beta-headers>

use crate::api::chat::request::ChatRequest;

/// Answers that are held to a schema.
pub(super) const STRUCTURED_OUTPUTS: &str = "structured-outputs-2025-11-13";
/// Documents that were uploaded before.
const UPLOADS: &str = "files-api-2025-04-14";

/// Tools of Anthropic's own: the beginning of the type, and the feature.
const TOOLS: [(&str, &str); 9] = [
    ("computer_20241022", "computer-use-2024-10-22"),
    ("computer_20250124", "computer-use-2025-01-24"),
    ("computer_20251124", "computer-use-2025-11-24"),
    ("code_execution_20250522", "code-execution-2025-05-22"),
    ("code_execution_20250825", "code-execution-2025-08-25"),
    ("web_fetch_20250910", "web-fetch-2025-09-10"),
    ("memory_20250818", "context-management-2025-06-27"),
    ("tool_search_tool_", "advanced-tool-use-2025-11-20"),
    ("mcp_toolset", "mcp-client-2025-11-20"),
];

/// Members of a request, and the feature.
const MEMBERS: [(&str, &str); 3] = [
    ("context_management", "context-management-2025-06-27"),
    ("mcp_servers", "mcp-client-2025-04-04"),
    ("speed", "fast-mode-2026-02-01"),
];

/// The features that a request uses, each once.
pub(crate) fn of(request: &ChatRequest<'_>, has_upload: bool) -> Vec<&'static str> {
    let of_tools = request
        .tools
        .iter()
        .filter_map(|tool| TOOLS.iter().find(|(kind, _)| tool.kind.starts_with(kind)).map(|(_, feature)| *feature));
    let of_members = MEMBERS.iter().filter(|(name, _)| request.other(name).is_some()).map(|(_, feature)| *feature);
    let mut features: Vec<_> = of_tools.chain(of_members).chain(has_upload.then_some(UPLOADS)).collect();
    features.sort_unstable();
    features.dedup();
    features
}
