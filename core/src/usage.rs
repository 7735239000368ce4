//! What a call used, in tokens, whichever provider counted it. Knows only money.

use crate::money::NanoDollars;

/// Token counts of one answer. All inclusive totals follow the OpenAI dialect: cached and audio tokens are part of
/// `prompt_tokens`, reasoning and audio tokens part of `completion_tokens`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All tokens of the input.
    pub prompt_tokens: u64,
    /// All tokens of the output.
    pub completion_tokens: u64,
    /// Tokens in total, as the provider reported them; 0 where it did not.
    pub total_tokens: u64,
    /// Input tokens read from the provider's prompt cache.
    pub cache_read_tokens: u64,
    /// Input tokens written to the provider's prompt cache.
    pub cache_write_tokens: u64,
    /// Whether the provider counts what it writes to its prompt cache, also where that is nothing. Not kept in spend rows.
    pub counts_cache_writes: bool,
    /// Input tokens written to the prompt cache for one hour, part of `cache_write_tokens`.
    pub cache_write_1h_tokens: u64,
    /// Input tokens that were audio.
    pub audio_prompt_tokens: u64,
    /// Output tokens that were audio.
    pub audio_completion_tokens: u64,
    /// Output tokens spent on reasoning.
    pub reasoning_tokens: u64,
    /// Input tokens that were images.
    pub image_prompt_tokens: u64,
    /// Output tokens that were images.
    pub image_completion_tokens: u64,
    /// Web searches that the provider ran for the answer.
    pub web_searches: u64,
    /// Other tools that it ran.
    pub tools: ToolUses,
    /// What the provider itself says that the call cost; zero where it says nothing.
    pub reported_cost: NanoDollars,
    /// Tokens of the sources that the answer cites, where the provider charges them beside the rest.
    pub citation_tokens: u64,
    /// Search units that a rerank was billed; `None` where the provider does not say.
    pub search_units: Option<u64>,
    /// The tier that the provider says it served; `None` where it does not say.
    pub service_tier: Option<ServiceTier>,
    /// How much each web search read, where the provider says so.
    pub search_context: Option<SearchContext>,
    /// What was used that is not counted in tokens.
    pub media: Media,
    /// What is odd about these counts. Empty for nearly every answer.
    pub doubts: Doubts,
}

/// Tools that the provider ran for an answer and bills by their use, beside searches of the web.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ToolUses {
    /// Searches in files that the provider keeps.
    pub file_searches: u64,
    /// Containers that code ran in.
    pub containers: u64,
    /// Queries of Google's maps.
    pub map_queries: u64,
    /// What pictures cost that a model other than the call's drew, in nano-dollars: only the answer tells which model.
    pub drawn: NanoDollars,
}

/// What a call used that is not counted in tokens: images, speech, recordings. Not kept in spend rows, which have the
/// cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Media {
    /// Images that were made.
    pub images: u64,
    /// Pixels of each of them; 0 where nobody said a size.
    pub pixels: u64,
    /// Characters that were spoken.
    pub characters: u64,
    /// Milliseconds of speech that were made.
    pub spoken_ms: u64,
    /// Milliseconds of a recording that were listened to.
    pub recorded_ms: u64,
}

/// Most tokens of an input or an output that are believed where nothing tighter is known. The longest inputs that any
/// provider takes are a tenth of it.
const TOKENS_MAX: u64 = 100_000_000;

/// Most dollars of a provider's own cost that are believed for one call, in nano-dollars.
const REPORTED_MAX: NanoDollars = NanoDollars::new(10_000 * 1_000_000_000);

impl Usage {
    /// Tokens in total: the provider's own count, or input plus output where it gave none.
    pub fn total(&self) -> u64 {
        if self.total_tokens > 0 {
            self.total_tokens
        } else {
            self.prompt_tokens.saturating_add(self.completion_tokens)
        }
    }

    /// These counts, where `estimate` has less of the input or the output, and else what it has. It is marked as what
    /// `estimate` is, and has no total but its parts.
    #[must_use]
    pub fn at_least(mut self, estimate: &Self) -> Self {
        self.prompt_tokens = self.prompt_tokens.max(estimate.prompt_tokens);
        self.completion_tokens = self.completion_tokens.max(estimate.completion_tokens);
        self.total_tokens = 0;
        estimate.doubts.iter().for_each(|doubt| self.doubts.note(doubt));
        self
    }

    /// The counts as far as they can be believed, with what was odd noted in `doubts`.
    ///
    /// A count beyond every model's reach is cut to [`TOKENS_MAX`]. A part that is larger than its whole raises the
    /// whole: vendors that count the cache beside the input do so, and their bill has both.
    #[must_use]
    pub fn checked(mut self) -> Self {
        let counts = [
            &mut self.prompt_tokens,
            &mut self.completion_tokens,
            &mut self.total_tokens,
            &mut self.cache_read_tokens,
            &mut self.cache_write_tokens,
            &mut self.cache_write_1h_tokens,
            &mut self.audio_prompt_tokens,
            &mut self.audio_completion_tokens,
            &mut self.reasoning_tokens,
            &mut self.image_prompt_tokens,
            &mut self.image_completion_tokens,
            &mut self.web_searches,
            &mut self.tools.file_searches,
            &mut self.tools.containers,
            &mut self.tools.map_queries,
            &mut self.citation_tokens,
        ];
        for count in counts {
            if *count > TOKENS_MAX {
                *count = TOKENS_MAX;
                self.doubts.note(Doubt::Absurd);
            }
        }
        for cost in [&mut self.reported_cost, &mut self.tools.drawn] {
            if *cost > REPORTED_MAX {
                *cost = REPORTED_MAX;
                self.doubts.note(Doubt::Absurd);
            }
        }
        self.parts_within_wholes()
    }

    fn parts_within_wholes(mut self) -> Self {
        let mut raise = |whole: &mut u64, parts: [u64; 4]| {
            let largest = parts.into_iter().max().unwrap_or(0);
            if largest > *whole {
                *whole = largest;
                self.doubts.note(Doubt::Inconsistent);
            }
        };
        raise(&mut self.cache_write_tokens, [self.cache_write_1h_tokens, 0, 0, 0]);
        let input =
            [self.cache_read_tokens, self.cache_write_tokens, self.audio_prompt_tokens, self.image_prompt_tokens];
        raise(&mut self.prompt_tokens, input);
        let output = [self.reasoning_tokens, self.audio_completion_tokens, self.image_completion_tokens, 0];
        raise(&mut self.completion_tokens, output);
        self
    }
}

/// How urgently the provider served the call: its class of service, which decides about the price.
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

    /// The name, as requests and answers write it; the standard tier is `default`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "default",
            Self::Flex => "flex",
            Self::Priority => "priority",
            Self::Balanced => "balanced",
            Self::Ultrafast => "ultrafast",
            Self::Batch => "batch",
        }
    }

    /// The number that a store keeps; 0 is no tier.
    pub fn number(tier: Option<Self>) -> u64 {
        tier.map_or(0, |tier| 1 + tier as u64)
    }

    /// The tier of a number that a store kept.
    pub fn from_number(number: u64) -> Option<Self> {
        let all = [Self::Standard, Self::Flex, Self::Priority, Self::Balanced, Self::Ultrafast, Self::Batch];
        all.into_iter().find(|tier| Self::number(Some(*tier)) == number)
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

    /// The number that a store keeps; 0 is none.
    pub fn number(context: Option<Self>) -> u64 {
        context.map_or(0, |context| 1 + context as u64)
    }

    /// The context of a number that a store kept.
    pub fn from_number(number: u64) -> Option<Self> {
        [Self::Low, Self::Medium, Self::High].into_iter().find(|context| Self::number(Some(*context)) == number)
    }
}

/// One thing that is odd about a call's counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The provider told a negative count; it counts as nothing.
    Negative,
    /// A count was beyond every model's reach and has been cut.
    Absurd,
    /// A part was larger than its whole; the whole has been raised.
    Inconsistent,
    /// The provider told no counts: they were counted here.
    Estimated,
}

impl Doubt {
    const ALL: [Self; 4] = [Self::Negative, Self::Absurd, Self::Inconsistent, Self::Estimated];

    /// The word for a spend row's metadata.
    pub fn name(self) -> &'static str {
        match self {
            Self::Negative => "negative",
            Self::Absurd => "absurd",
            Self::Inconsistent => "inconsistent",
            Self::Estimated => "estimated",
        }
    }
}

/// What is odd about a call's counts, all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doubts(u8);

impl Doubts {
    /// Doubts as a store kept them. Bits that this version does not know are dropped.
    pub fn from_bits(bits: u64) -> Self {
        Self((bits & ((1 << Doubt::ALL.len()) - 1)) as u8)
    }

    /// The number that a store keeps.
    pub fn bits(self) -> u64 {
        u64::from(self.0)
    }

    /// Adds a doubt.
    pub fn note(&mut self, doubt: Doubt) {
        self.0 |= 1 << doubt as u8;
    }

    /// Whether this doubt is among them.
    pub fn has(self, doubt: Doubt) -> bool {
        self.0 & (1 << doubt as u8) != 0
    }

    /// The doubts, one by one.
    pub fn iter(self) -> impl Iterator<Item = Doubt> {
        Doubt::ALL.into_iter().filter(move |doubt| self.has(*doubt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubts(usage: Usage) -> Vec<Doubt> {
        usage.doubts.iter().collect()
    }

    #[test]
    fn ordinary_counts_stay_as_they_are() {
        let usage = Usage { prompt_tokens: 10, cache_read_tokens: 10, completion_tokens: 3, ..Usage::default() };
        assert_eq!(usage.checked(), usage);
        assert_eq!(Usage::default().checked(), Usage::default());
    }

    #[test]
    fn an_absurd_count_is_cut_and_flagged() {
        let usage = Usage { completion_tokens: u64::MAX, total_tokens: u64::MAX, ..Usage::default() }.checked();
        assert_eq!((usage.completion_tokens, usage.total_tokens), (TOKENS_MAX, TOKENS_MAX));
        assert_eq!(doubts(usage), [Doubt::Absurd]);
        let usage = Usage { reported_cost: NanoDollars::new(i64::MAX), ..Usage::default() }.checked();
        assert_eq!((usage.reported_cost, doubts(usage)), (REPORTED_MAX, vec![Doubt::Absurd]));
    }

    #[test]
    fn a_part_that_is_larger_than_its_whole_raises_the_whole() {
        let usage = Usage { prompt_tokens: 10, cache_read_tokens: 4000, ..Usage::default() }.checked();
        assert_eq!((usage.prompt_tokens, doubts(usage)), (4000, vec![Doubt::Inconsistent]));
        let usage = Usage { cache_write_1h_tokens: 7, ..Usage::default() }.checked();
        assert_eq!((usage.prompt_tokens, usage.cache_write_tokens), (7, 7));
    }

    #[test]
    fn doubts_survive_a_store() {
        let mut doubts = Doubts::default();
        doubts.note(Doubt::Estimated);
        doubts.note(Doubt::Negative);
        assert_eq!(Doubts::from_bits(doubts.bits()), doubts);
        assert_eq!(doubts.iter().map(Doubt::name).collect::<Vec<_>>(), ["negative", "estimated"]);
    }

    #[test]
    fn a_tier_reads_back_from_its_name() {
        for tier in [ServiceTier::Flex, ServiceTier::Priority, ServiceTier::Batch, ServiceTier::Standard] {
            assert_eq!(ServiceTier::from_name(tier.name()), tier);
        }
    }
}
