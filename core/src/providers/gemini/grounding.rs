//! Queries that an answer rests on: what Google bills of its searches.
//! <https://ai.google.dev/api/generate-content#GroundingMetadata>

use crate::api::chat::text::Text;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// The queries of one call. Each counts once, however many answers or pieces of a stream tell of it.
#[derive(Debug, Default)]
pub(super) struct Queries {
    web: BTreeSet<String>,
    maps: BTreeSet<String>,
    /// Whether an answer rests on maps, which need no query of their own.
    is_on_maps: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Grounding<'a> {
    #[serde(borrow)]
    web_search_queries: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    grounding_chunks: Option<Vec<Chunk<'a>>>,
    #[serde(borrow)]
    google_maps_widget_context_token: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Chunk<'a> {
    #[serde(borrow)]
    web: Option<&'a RawValue>,
    #[serde(borrow)]
    maps: Option<&'a RawValue>,
}

impl Queries {
    /// Takes note of what a candidate tells.
    pub(super) fn add(&mut self, grounding: Option<&RawValue>) {
        let read = grounding.and_then(|grounding| serde_json::from_str::<Grounding<'_>>(grounding.get()).ok());
        let Some(grounding) = read else { return };
        let chunks = grounding.grounding_chunks.unwrap_or_default();
        let has_token = grounding.google_maps_widget_context_token.is_some_and(|token| !token.is_empty());
        let is_on_maps = has_token || chunks.iter().any(|chunk| chunk.maps.is_some());
        self.is_on_maps |= is_on_maps;
        // A query does not say where it went; the sources do.
        let is_on_web = chunks.iter().any(|chunk| chunk.web.is_some());
        let queries = if is_on_maps && !is_on_web { &mut self.maps } else { &mut self.web };
        let told = grounding.web_search_queries.unwrap_or_default().into_iter();
        queries.extend(told.filter(|query| !query.is_empty()).map(|query| query.0.into_owned()));
    }

    /// Those of the web.
    pub(super) fn of_web(&self) -> u64 {
        self.web.len() as u64
    }

    /// Those of maps; at least one where an answer rests on them.
    pub(super) fn of_maps(&self) -> u64 {
        (self.maps.len() as u64).max(u64::from(self.is_on_maps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(pieces: &[&str]) -> (u64, u64) {
        let mut queries = Queries::default();
        for piece in pieces {
            queries.add(Some(serde_json::from_str(piece).unwrap()));
        }
        (queries.of_web(), queries.of_maps())
    }

    #[test]
    fn a_query_counts_once_however_often_it_is_told() {
        let told = r#"{"webSearchQueries": ["a", "b", ""], "groundingChunks": [{"web": {"uri": "https://e.test"}}]}"#;
        assert_eq!(counted(&[told, told, r#"{"webSearchQueries": ["c", "a"]}"#]), (3, 0));
        assert_eq!(counted(&[]), (0, 0));
        assert_eq!(counted(&["{}", "null", "7", r#"{"webSearchQueries": null}"#]), (0, 0));
    }

    #[test]
    fn queries_of_an_answer_that_rests_on_maps_alone_are_those_of_maps() {
        let maps = r#"{"webSearchQueries": ["a", "b"], "groundingChunks": [{"maps": {}}]}"#;
        assert_eq!(counted(&[maps]), (0, 2));
        assert_eq!(counted(&[r#"{"googleMapsWidgetContextToken": "t"}"#]), (0, 1));
        let both = r#"{"webSearchQueries": ["a"], "groundingChunks": [{"maps": {}}, {"web": {}}]}"#;
        assert_eq!(counted(&[both]), (1, 1));
    }
}
