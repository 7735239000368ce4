//! Tools that the upstream ran for an answer, counted from the items that tell of them.
//! <https://platform.openai.com/docs/api-reference/responses/object>

use crate::api::chat::text::Text;
use crate::api::members::Members;
use crate::api::picture_tool::{Picture, PictureTool};
use crate::money::NanoDollars;
use crate::usage::{Doubts, ToolUses};
use crate::wire::openai_usage::usage_of_images;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// What an item tells of the tool that it is about.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Item<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    container_id: Option<Text<'a>>,
    #[serde(borrow)]
    action: Option<Action<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    size: Option<Text<'a>>,
    #[serde(borrow)]
    quality: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Action<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
}

impl<'a> Item<'a> {
    /// What one of an answer's items tells.
    pub(super) fn of(item: &'a Members<'_>) -> Self {
        Self {
            kind: item.read("type"),
            container_id: item.read("container_id"),
            action: item.read("action"),
            status: item.read("status"),
            size: item.read("size"),
            quality: item.read("quality"),
        }
    }

    /// All items of an answer's output. None where they cannot be read.
    pub(super) fn all(output: &'a str) -> Vec<Self> {
        serde_json::from_str(output).unwrap_or_default()
    }

    /// Looking into a page that a search has found is no search.
    fn is_search(&self) -> bool {
        let action = self.action.as_ref().and_then(|action| action.kind.as_deref());
        action.is_none_or(|action| action == "search")
    }

    fn is_drawn(&self) -> bool {
        self.status.as_deref().is_none_or(|status| status == "completed")
    }
}

/// How often the upstream ran its tools.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ran {
    pub(super) web_searches: u64,
    pub(super) tools: ToolUses,
    /// What the tool drew that has a model of its own.
    pub(super) pictures: Vec<Picture>,
}

impl Ran {
    /// Counts items. A container counts once, however often code ran in it.
    pub(super) fn count<'a>(items: impl IntoIterator<Item = Item<'a>>) -> Self {
        let mut ran = Self::default();
        let mut containers = BTreeSet::new();
        for item in items {
            match item.kind.as_deref().unwrap_or_default() {
                "web_search_call" => ran.web_searches += u64::from(item.is_search()),
                "file_search_call" => ran.tools.file_searches += 1,
                "code_interpreter_call" => {
                    containers.insert(item.container_id.unwrap_or_default().0);
                }
                "image_generation_call" if item.is_drawn() => {
                    let said = |word: Option<Text<'_>>| word.map(|word| word.0.into_owned());
                    ran.pictures.push(Picture { size: said(item.size), quality: said(item.quality) });
                }
                _ => {}
            }
        }
        ran.tools.containers = containers.len() as u64;
        ran
    }
}

/// What an answer's pictures cost, in nano-dollars, at the price of the model that drew them.
pub(super) fn drawn(response: &Members<'_>, pictures: &[Picture]) -> (NanoDollars, Doubts) {
    #[derive(Deserialize)]
    struct ToolUsage<'a> {
        #[serde(borrow)]
        image_gen: &'a RawValue,
    }
    let told = response.read::<ToolUsage<'_>>("tool_usage");
    let told = told.and_then(|told| usage_of_images(told.image_gen.get().as_bytes()));
    // What has failed may have been billed: its tokens count.
    let told = told.filter(|told| told.total() > 0);
    if told.is_none() && pictures.is_empty() {
        return Default::default();
    }
    PictureTool::cost(PictureTool::listed(response).as_ref(), told, pictures)
}

/// The web searches that an answer itself says are billed.
pub(super) fn billed_searches(response: &Members<'_>) -> Option<u64> {
    #[derive(Deserialize)]
    struct ToolUsage {
        web_search: Searches,
    }
    #[derive(Deserialize)]
    struct Searches {
        num_requests: u64,
    }
    response.read::<ToolUsage>("tool_usage").map(|told| told.web_search.num_requests)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(output: &str) -> (u64, u64, u64) {
        let ran = Ran::count(Item::all(output));
        let members: Vec<Members<'_>> = serde_json::from_str(output).unwrap_or_default();
        assert_eq!(ran, Ran::count(members.iter().map(Item::of)), "{output}");
        (ran.web_searches, ran.tools.file_searches, ran.tools.containers)
    }

    #[test]
    fn items_tell_which_tools_ran_and_how_often() {
        assert_eq!(count("[]"), (0, 0, 0));
        assert_eq!(count(r#"[{"type":"file_search_call"},{"type":"message"},{"type":"file_search_call"}]"#), (0, 2, 0));
        assert_eq!(count(r#"[{"type":"function_call","name":"web_search_call"},{}]"#), (0, 0, 0));
    }

    #[test]
    fn looking_into_a_page_is_no_search() {
        let searches = r#"[{"type":"web_search_call","action":{"type":"search","query":"q"}},
            {"type":"web_search_call","action":{"type":"open_page"}},{"type":"web_search_call"}]"#;
        assert_eq!(count(searches), (2, 0, 0));
    }

    #[test]
    fn a_container_counts_once_however_often_code_ran_in_it() {
        let code = r#"[{"type":"code_interpreter_call","container_id":"a"},
            {"type":"code_interpreter_call","container_id":"a"},{"type":"code_interpreter_call","container_id":"b"}]"#;
        assert_eq!(count(code), (0, 0, 2));
    }
}
