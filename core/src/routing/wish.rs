//! What a call asks of the deployment that answers it. Plain data; what costs something to find out is found out when a
//! choice asks.

use super::deployment::Deployment;
use std::fmt;

/// What a call asks of the deployment that answers it.
#[derive(Default)]
pub struct Wish<'a> {
    /// Whose call it is.
    pub team: Option<&'a str>,
    /// Tags of the request, its key and its team.
    pub tags: &'a [String],
    /// Where the deployment must be.
    pub region: Option<&'a str>,
    /// Whether the answer is streamed.
    pub is_stream: bool,
    /// About how many tokens the input has.
    pub input_tokens: Option<&'a dyn Fn() -> u64>,
    /// Whether a deployment takes the request's parameters.
    pub fits: Option<&'a dyn Fn(&Deployment) -> bool>,
}

impl Wish<'_> {
    /// About how many tokens the input has; 0 where nobody knows.
    pub(super) fn input_tokens(&self) -> u64 {
        self.input_tokens.map_or(0, |count| count())
    }
}

impl fmt::Debug for Wish<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { team, tags, region, is_stream, .. } = self;
        f.debug_struct("Wish")
            .field("team", team)
            .field("tags", tags)
            .field("region", region)
            .field("is_stream", is_stream)
            .finish_non_exhaustive()
    }
}
