//! Markers of what to cache: whom they are said to.

use serde_json::value::RawValue;

/// Whether markers of what to cache are said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    are_kept: bool,
}

impl Marks {
    /// Markers of what to cache mean nothing to models other than Claude.
    pub(super) fn for_model(model: &str) -> Self {
        Self { are_kept: model.to_ascii_lowercase().contains("claude") }
    }

    /// The marker, where it is said.
    pub(super) fn kept(self, marker: Option<&RawValue>) -> Option<&RawValue> {
        marker.filter(|marker| self.are_kept && marker.get() != "null")
    }
}
