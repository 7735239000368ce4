//! How the words that everyone shares stand in a spend row's text. Numbers and lists, as short as they can be.

/// A point in time as milliseconds.
pub(super) mod millis {
    use crate::clock::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(at.millis())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(deserializer).map(Timestamp::from_millis)
    }
}

/// A point in time as milliseconds, where there is one.
pub(super) mod millis_option {
    use crate::clock::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        at.map(Timestamp::millis).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<i64>::deserialize(deserializer)?.map(Timestamp::from_millis))
    }
}

/// A deployment's id as its text.
pub(super) mod deployment {
    use crate::id::DeploymentId;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(id: &Option<DeploymentId>, serializer: S) -> Result<S::Ok, S::Error> {
        id.as_ref().map(DeploymentId::as_str).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DeploymentId>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(DeploymentId::new))
    }
}

/// Token counts as a list, in the order of the fields of [`Usage`](crate::usage::Usage). A count that a later version
/// adds goes to the end.
pub(super) mod usage {
    use crate::money::NanoDollars;
    use crate::usage::{Doubts, Media, SearchContext, ServiceTier, ToolUses, Usage};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(usage: &Usage, serializer: S) -> Result<S::Ok, S::Error> {
        [
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.total_tokens,
            usage.cache_read_tokens,
            usage.cache_write_tokens,
            usage.cache_write_1h_tokens,
            usage.audio_prompt_tokens,
            usage.audio_completion_tokens,
            usage.reasoning_tokens,
            usage.image_prompt_tokens,
            usage.image_completion_tokens,
            usage.web_searches,
            u64::try_from(usage.reported_cost.nanos()).unwrap_or(0),
            usage.citation_tokens,
            ServiceTier::number(usage.service_tier),
            usage.doubts.bits(),
            SearchContext::number(usage.search_context),
            usage.search_units.map_or(0, |units| units.saturating_add(1)),
            usage.tools.file_searches,
            usage.tools.containers,
            usage.tools.map_queries,
            u64::try_from(usage.tools.drawn.nanos()).unwrap_or(0),
        ]
        .serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Usage, D::Error> {
        let counts = Vec::<u64>::deserialize(deserializer)?;
        let mut counts = counts.into_iter();
        let mut next = || counts.next().unwrap_or(0);
        // Fields of a struct expression are evaluated in the order written.
        Ok(Usage {
            prompt_tokens: next(),
            completion_tokens: next(),
            total_tokens: next(),
            cache_read_tokens: next(),
            cache_write_tokens: next(),
            counts_cache_writes: false,
            cache_write_1h_tokens: next(),
            audio_prompt_tokens: next(),
            audio_completion_tokens: next(),
            reasoning_tokens: next(),
            image_prompt_tokens: next(),
            image_completion_tokens: next(),
            web_searches: next(),
            reported_cost: NanoDollars::new(i64::try_from(next()).unwrap_or(0)),
            citation_tokens: next(),
            service_tier: ServiceTier::from_number(next()),
            doubts: Doubts::from_bits(next()),
            search_context: SearchContext::from_number(next()),
            search_units: next().checked_sub(1),
            tools: ToolUses {
                file_searches: next(),
                containers: next(),
                map_queries: next(),
                drawn: NanoDollars::new(i64::try_from(next()).unwrap_or(0)),
            },
            media: Media::default(),
        })
    }
}
