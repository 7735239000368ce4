//! Tools of a request that its provider runs, and bills beside the tokens of the answer. Functions are not among them:
//! whoever calls runs those.

use super::members::Members;
use super::picture_tool::{self, PictureTool};
use crate::money::NanoDollars;
use crate::usage::ToolUses;
use memchr::memmem;
use serde_json::{Map, Value};

/// The words that such a tool is told by, anywhere among the tools: those without the closing quote also begin others.
const WORDS: [&str; 17] = [
    "\"web_search",
    "\"googleSearch",
    "\"google_search",
    "\"enterpriseWebSearch\"",
    "\"enterprise_web_search\"",
    "\"file_search\"",
    "\"code_interpreter\"",
    "\"image_generation\"",
    "\"mcp\"",
    "\"computer_use",
    "\"web_fetch",
    "\"code_execution",
    "\"codeExecution\"",
    "\"urlContext\"",
    "\"url_context\"",
    "\"googleMaps\"",
    "\"google_maps\"",
];

/// Google's tools that search the web, by the member that names them.
pub(super) const GOOGLE_SEARCHES: [&str; 6] = [
    "googleSearch",
    "google_search",
    "googleSearchRetrieval",
    "google_search_retrieval",
    "enterpriseWebSearch",
    "enterprise_web_search",
];

/// Its tool that asks its maps, by the same.
pub(super) const GOOGLE_MAPS: [&str; 2] = ["googleMaps", "google_maps"];

/// Google's other tools, by the same.
const GOOGLE_TOOLS: [&str; 4] = ["codeExecution", "code_execution", "urlContext", "url_context"];

/// Other kinds of tools that providers run: <https://platform.openai.com/docs/guides/tools>,
/// <https://docs.claude.com/en/docs/agents-and-tools/tool-use/overview>
const RUN: [&str; 4] = ["file_search", "code_interpreter", picture_tool::KIND, "mcp"];
/// How the names of more of them begin, which go on with a version.
const RUN_VERSIONS: [&str; 3] = ["computer_use", "web_fetch", "code_execution"];

/// Uses of a tool that a call is taken for which may use it as often as it likes.
pub(super) const CALLS: u64 = 10;

/// How often a call may search the web.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Search {
    #[default]
    No,
    /// At most so many times.
    AtMost(u64),
    AnyNumber,
}

/// What the provider may do for a call that is billed beside its tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BilledTools {
    pub(super) search: Search,
    /// Whether it may run tools other than a search.
    pub(super) runs_tools: bool,
    /// Which of those are billed by their use; how often they are used is for the model to say.
    pub(super) uses: ToolUses,
}

impl BilledTools {
    /// Those of a body.
    pub(super) fn of(members: &Members<'_>) -> Self {
        let mut tools = Self::listed(members);
        if members.has("web_search_options") {
            tools.search = match tools.search {
                Search::No => Search::AtMost(1),
                Search::AtMost(count) => Search::AtMost(count.saturating_add(1)),
                Search::AnyNumber => Search::AnyNumber,
            };
        }
        tools
    }

    fn listed(members: &Members<'_>) -> Self {
        let Some(list) = members.get("tools").map(|list| list.get().as_bytes()) else { return Self::default() };
        if !WORDS.iter().any(|word| memmem::find(list, word.as_bytes()).is_some()) {
            return Self::default();
        }
        // What cannot be read may be anything.
        let Some(tools) = members.read::<Vec<Map<String, Value>>>("tools") else {
            let drawn = PictureTool::bound(None);
            let uses = ToolUses { file_searches: CALLS, containers: 1, map_queries: CALLS, drawn };
            return Self { search: Search::AnyNumber, runs_tools: true, uses };
        };
        let searching: Vec<_> = tools.iter().filter(|tool| searches(tool)).collect();
        let most = |tool: &Map<String, Value>| tool.get("max_uses").and_then(Value::as_u64);
        let most = searching.iter().try_fold(0_u64, |sum, tool| Some(sum.saturating_add(most(tool)?)));
        let search = match most {
            _ if searching.is_empty() => Search::No,
            Some(most) => Search::AtMost(most),
            None => Search::AnyNumber,
        };
        let of_kind = |name: &str| tools.iter().any(|tool| kind(tool) == name);
        let on_maps = tools.iter().any(|tool| names_one_of(tool, &GOOGLE_MAPS));
        let calls = members.read::<u64>("max_tool_calls").map_or(CALLS, |most| most.min(CALLS));
        let uses = ToolUses {
            file_searches: if of_kind("file_search") { calls } else { 0 },
            containers: u64::from(of_kind("code_interpreter")),
            map_queries: if on_maps { calls } else { 0 },
            drawn: match of_kind(picture_tool::KIND) {
                true => PictureTool::bound(PictureTool::listed(members).as_ref()),
                false => NanoDollars::ZERO,
            },
        };
        Self { search, runs_tools: tools.iter().any(is_run), uses }
    }
}

fn searches(tool: &Map<String, Value>) -> bool {
    kind(tool).starts_with("web_search") || names_one_of(tool, &GOOGLE_SEARCHES)
}

fn is_run(tool: &Map<String, Value>) -> bool {
    let kind = kind(tool);
    let is_version = RUN_VERSIONS.iter().any(|name| kind.starts_with(name));
    RUN.contains(&kind) || is_version || [&GOOGLE_TOOLS[..], &GOOGLE_MAPS].iter().any(|names| names_one_of(tool, names))
}

fn kind(tool: &Map<String, Value>) -> &str {
    tool.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn names_one_of(tool: &Map<String, Value>, names: &[&str]) -> bool {
    names.iter().any(|name| tool.contains_key(*name))
}
