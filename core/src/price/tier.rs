//! The classes of service that change a price.

/// How urgently the provider served the call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServiceTier {
    /// The normal price.
    #[default]
    Standard,
    /// Slower and cheaper.
    Flex,
    /// Faster and dearer.
    Priority,
    /// Between flex and priority.
    Balanced,
    /// Dearer than priority.
    Ultrafast,
    /// Answered within a day.
    Batch,
}

impl ServiceTier {
    /// The tier that a request or an answer names. Anything unknown (`auto`, `default`, …) is the standard tier, so
    /// that a made-up name never lowers a price.
    pub fn from_name(name: &str) -> Self {
        match name {
            "flex" => Self::Flex,
            "priority" => Self::Priority,
            "balanced" => Self::Balanced,
            "ultrafast" => Self::Ultrafast,
            "batch" => Self::Batch,
            _ => Self::Standard,
        }
    }

    /// The tier that the end of a price's key names; `None` for an ending that is not a tier.
    pub(super) fn from_suffix(suffix: &str) -> Option<Self> {
        match suffix {
            "" => Some(Self::Standard),
            "_flex" => Some(Self::Flex),
            "_priority" => Some(Self::Priority),
            "_balanced" => Some(Self::Balanced),
            "_ultrafast" => Some(Self::Ultrafast),
            "_batches" => Some(Self::Batch),
            _ => None,
        }
    }
}

/// How much of the web the provider read for one search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SearchContext {
    /// `search_context_size: low`.
    Low,
    /// `search_context_size: medium`, and where the request says nothing.
    #[default]
    Medium,
    /// `search_context_size: high`.
    High,
}

impl SearchContext {
    /// The size that a request names; medium for anything unknown.
    pub fn from_name(name: &str) -> Self {
        match name {
            "low" => Self::Low,
            "high" => Self::High,
            _ => Self::Medium,
        }
    }
}
