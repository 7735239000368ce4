//! The parameters of OpenAI's API by name, and sets of them. A member with another name is a provider's own business and
//! always passes.

use std::ops::{BitAnd, BitOr, Not};

/// Parameters that some models take and others do not.
const NAMES: [&str; 33] = [
    "temperature",
    "top_p",
    "n",
    "stream",
    "stream_options",
    "stop",
    "max_tokens",
    "max_completion_tokens",
    "modalities",
    "prediction",
    "audio",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "user",
    "response_format",
    "seed",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "logprobs",
    "top_logprobs",
    "functions",
    "function_call",
    "reasoning_effort",
    "verbosity",
    "thinking",
    "web_search_options",
    "service_tier",
    "store",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
];

/// Parameters of embeddings that some models take and others do not.
const OF_EMBEDDINGS: [&str; 3] = ["dimensions", "encoding_format", "user"];

/// Parameters of images that some models take and others do not.
const OF_IMAGES: [&str; 6] = ["n", "quality", "response_format", "size", "style", "user"];

/// A set of parameters, of one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParamSet(u64);

impl ParamSet {
    /// The set of these parameters of a chat, as words. A word that is none of them stands for nothing.
    pub fn of(words: &str) -> Self {
        words.split_whitespace().fold(Self::default(), |set, name| set | Self::one(name).unwrap_or_default())
    }

    /// The parameter of a chat with this name, by itself. `None`: no parameter of OpenAI's API has it.
    pub fn one(name: &str) -> Option<Self> {
        NAMES.iter().position(|known| *known == name).map(|at| Self(1 << at))
    }

    /// As [`ParamSet::of`], of embeddings.
    pub fn of_embeddings(words: &str) -> Self {
        words
            .split_whitespace()
            .fold(Self::default(), |set, name| set | Self::one_of_embeddings(name).unwrap_or_default())
    }

    /// As [`ParamSet::one`], of embeddings.
    pub fn one_of_embeddings(name: &str) -> Option<Self> {
        OF_EMBEDDINGS.iter().position(|known| *known == name).map(|at| Self(1 << at))
    }

    /// As [`ParamSet::of`], of images.
    pub fn of_images(words: &str) -> Self {
        words.split_whitespace().fold(Self::default(), |set, name| set | Self::one_of_images(name).unwrap_or_default())
    }

    /// As [`ParamSet::one`], of images.
    pub fn one_of_images(name: &str) -> Option<Self> {
        OF_IMAGES.iter().position(|known| *known == name).map(|at| Self(1 << at))
    }

    /// The names of a chat's parameters that are not in this set.
    pub fn missing(self) -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().filter(move |name| !self.takes(name))
    }

    /// Whether every parameter of `other` is in this set.
    pub fn has(self, other: Self) -> bool {
        self & other == other
    }

    /// Whether the parameter of a chat with this name is in the set.
    pub fn takes(self, name: &str) -> bool {
        Self::one(name).is_some_and(|one| self.has(one))
    }
}

impl BitOr for ParamSet {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for ParamSet {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Not for ParamSet {
    type Output = Self;

    fn not(self) -> Self {
        Self(!self.0)
    }
}
