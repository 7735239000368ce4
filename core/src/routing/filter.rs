//! Which deployments could answer a call at all: of its team, by its tags, in its region, large enough, taking its
//! parameters. What costs something is asked only where it can decide.

use super::deployment::Deployment;
use super::left::{Filter, Left};
use super::routing::Routing;
use super::tags;
use super::wish::Wish;
use std::cell::OnceCell;
use std::sync::Arc;

/// Which filters can take anything away, whatever the call is. Worked out once for a model.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Filters {
    teams: bool,
    pub(super) tags: bool,
    checks: bool,
    sizes: bool,
}

impl Filters {
    pub(super) fn of(deployments: &[Arc<Deployment>], routing: &Routing) -> Self {
        let settings = routing.settings();
        let by_tags = deployments.iter().find_map(|deployment| deployment.traits.by_tags);
        let checks = settings.enable_pre_call_checks;
        Self {
            teams: deployments.iter().any(|deployment| deployment.traits.team.is_some()),
            tags: by_tags.unwrap_or(settings.enable_tag_filtering),
            checks,
            sizes: checks && deployments.iter().any(|deployment| deployment.traits.max_input_tokens.is_some()),
        }
    }

    /// Whether nothing can take anything away from a call that asks for no region.
    pub(super) fn are_idle(self) -> bool {
        !(self.teams || self.tags || self.checks)
    }

    /// Whether a deployment can answer a call that asks for no region, whatever the others can do: tags are known for
    /// all of them.
    pub(super) fn are_of_each_alone(self) -> bool {
        !(self.teams || self.checks)
    }
}

/// Takes away what cannot answer.
pub(super) fn apply(filters: Filters, routing: &Routing, left: &mut Left<'_>, wish: &Wish<'_>) {
    if filters.teams {
        left.keep(Filter::Team, |deployment| {
            deployment.traits.team.is_none() || deployment.traits.team.as_deref() == wish.team
        });
    }
    if filters.tags {
        tags::apply(left, wish.tags, routing.settings().tag_filtering_match_any);
    }
    if let Some(region) = wish.region {
        left.keep(Filter::Region, |deployment| is_within(deployment.traits.region.as_deref(), region));
    }
    if filters.sizes {
        let input = OnceCell::new();
        left.keep(Filter::ContextWindow, |deployment| {
            let most = deployment.traits.max_input_tokens;
            most.is_none_or(|most| *input.get_or_init(|| wish.input_tokens()) <= most)
        });
    }
    if let (true, Some(fits)) = (filters.checks, wish.fits) {
        left.keep(Filter::Parameters, fits);
    }
}

/// Whether a region is the allowed one or a part of it: `eu-west-1` and `europe-west4` are in `eu`. Where nobody says
/// where a deployment is, it is not.
fn is_within(region: Option<&str>, allowed: &str) -> bool {
    let Some(region) = region else { return false };
    let allowed = allowed.to_ascii_lowercase();
    region == allowed
        || region.strip_prefix(&allowed).is_some_and(|rest| rest.starts_with('-'))
        || allowed == "eu" && region.starts_with("europe-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_holds_its_parts() {
        assert!(
            is_within(Some("eu"), "eu") && is_within(Some("eu-west-1"), "EU") && is_within(Some("europe-west4"), "eu")
        );
        assert!(is_within(Some("us-east5"), "us"));
        assert!(!is_within(Some("us-east-1"), "eu") && !is_within(None, "eu") && !is_within(Some("euro"), "eu"));
    }
}
