//! The deployments that share one model's traffic, and the choice between them.

use super::access;
pub use super::choice::chance::fraction;
use super::choice::circumstances::Circumstances;
use super::choice::lane::Lane;
use super::choice::shuffle::Shares;
use super::choice::strategy;
use super::deployment::Deployment;
use super::filter::{self, Filters};
use super::left::{Filter, Left, NothingLeft};
use super::retry_budget::RetryBudget;
use super::routing::Routing;
use super::tags::Meant;
use super::wish::Wish;
use crate::clock::{Random, Timestamp};
use crate::config::routing::StrategyName;
use std::collections::BTreeSet;
use std::sync::Arc;

/// All deployments of one public name. Never empty.
#[derive(Debug)]
pub struct Group {
    /// The public name; for a wildcard, the name that was asked for.
    pub name: String,
    /// The deployments, in the configuration's order.
    pub deployments: Vec<Arc<Deployment>>,
    /// The retries that the model can afford.
    pub retries: RetryBudget,
    /// The model that it is another name of.
    stands_for: Option<String>,
    routing: Arc<Routing>,
    filters: Filters,
    /// Their orders, the lowest first; empty where all have the same.
    orders: Vec<i64>,
    /// `None` where a choice has to look at all of them.
    shares: Option<Shares>,
    /// What a choice looks at, where it has to look at all of them.
    lanes: Vec<Lane>,
    /// The tags of all deployments, where tags count.
    tags: BTreeSet<String>,
}

impl Group {
    /// These deployments, chosen as the routing says.
    pub fn new(name: String, deployments: Vec<Arc<Deployment>>, routing: Arc<Routing>) -> Self {
        let filters = Filters::of(&deployments, &routing);
        let is_shuffled = routing.settings().strategy == StrategyName::SimpleShuffle;
        let shares = if is_shuffled && filters.are_of_each_alone() { Shares::of(&deployments) } else { None };
        let lanes = deployments.iter().filter(|_| !is_shuffled).map(|deployment| Lane::of(deployment)).collect();
        let tags = deployments.iter().filter(|_| filters.tags).flat_map(|deployment| &deployment.traits.tags);
        let tags = tags.cloned().collect();
        let retries = RetryBudget::default();
        let orders: BTreeSet<i64> = deployments.iter().map(|deployment| deployment.traits.order).collect();
        let orders = if orders.len() > 1 { orders.into_iter().collect() } else { Vec::new() };
        Self { name, deployments, retries, stands_for: None, routing, filters, orders, shares, lanes, tags }
    }

    /// The same deployments under another name.
    pub(super) fn under(&self, name: &str, routing: &Arc<Routing>) -> Self {
        let group = Self::new(name.to_owned(), self.deployments.clone(), Arc::clone(routing));
        Self { stands_for: Some(self.name.clone()), ..group }
    }

    /// Whether a caller's list of models allows it: by the name that was asked for, or by the model that this means.
    pub fn is_allowed_by(&self, models: &[String], name: &str) -> bool {
        let allows = |name| access::allows(models, name, self.access_groups());
        allows(name) || self.stands_for.as_deref().is_some_and(allows)
    }

    /// Picks one of the deployments that can answer and are `usable`: of the lowest order that has one, as the strategy
    /// says. Those that did not answer when they were last probed are left out, but never the last one.
    ///
    /// # Errors
    /// [`NothingLeft`] says what left out how many.
    pub fn choose(
        &self,
        random: &dyn Random,
        now: Timestamp,
        wish: &Wish<'_>,
        usable: impl Fn(&Deployment) -> bool,
    ) -> Result<Arc<Deployment>, NothingLeft> {
        let of = |order: i64, is_healthy: bool| {
            let is_of = |deployment: &Deployment| {
                deployment.traits.order == order
                    && (!is_healthy || deployment.seen.is_healthy(now))
                    && usable(deployment)
            };
            self.choose_among(random, now, wish, is_of).ok()
        };
        let healthy = self.orders.iter().map(|order| (*order, true));
        let mut all = healthy.chain(self.orders.iter().map(|order| (*order, false)));
        match all.find_map(|(order, is_healthy)| of(order, is_healthy)) {
            Some(first) => Ok(first),
            None => self.choose_among(random, now, wish, usable),
        }
    }

    /// The same, whatever their order.
    fn choose_among(
        &self,
        random: &dyn Random,
        now: Timestamp,
        wish: &Wish<'_>,
        usable: impl Fn(&Deployment) -> bool,
    ) -> Result<Arc<Deployment>, NothingLeft> {
        if let [only] = self.deployments.as_slice()
            && self.filters.are_idle()
            && wish.region.is_none()
            && usable(only)
        {
            return Ok(Arc::clone(only));
        }
        if let Some(drawn) = self.drawn(random, now, wish, &usable) {
            return Ok(Arc::clone(drawn));
        }
        let (deployments, lanes) = (self.deployments.as_slice(), self.lanes.as_slice());
        let circumstances = Circumstances { deployments, lanes, routing: &self.routing, wish, now, random };
        let is_usable = |index: usize| deployments.get(index).is_some_and(|deployment| usable(deployment));
        let chosen = if self.filters.are_idle() && wish.region.is_none() {
            strategy::one_of(0..deployments.len(), &circumstances, is_usable)
        } else {
            strategy::one_of(self.left(wish).indices.into_iter(), &circumstances, is_usable)
        };
        chosen.and_then(|index| deployments.get(index)).cloned().ok_or_else(|| {
            let mut left = self.left(wish);
            left.keep(Filter::Unusable, usable);
            left.nothing(&self.name)
        })
    }

    /// One that was drawn by its share, where that can be done, and that can answer.
    fn drawn(
        &self,
        random: &dyn Random,
        now: Timestamp,
        wish: &Wish<'_>,
        usable: impl Fn(&Deployment) -> bool,
    ) -> Option<&Arc<Deployment>> {
        let shares = self.shares.as_ref().filter(|_| wish.region.is_none())?;
        let any = self.routing.settings().tag_filtering_match_any;
        let meant = self.filters.tags.then(|| Meant::of(wish.tags, any, |tag| self.tags.contains(tag)));
        let is_meant = |deployment: &Deployment| meant.as_ref().is_none_or(|meant| meant.is(deployment));
        shares.draw(&self.deployments, random, |deployment| {
            is_meant(deployment) && usable(deployment) && deployment.seen.is_healthy(now)
        })
    }

    /// The deployments that can answer such a call, whether or not they are usable now.
    pub fn fitting(&self, wish: &Wish<'_>) -> Vec<&Arc<Deployment>> {
        self.left(wish).deployments().collect()
    }

    fn left(&self, wish: &Wish<'_>) -> Left<'_> {
        let mut left = Left::all(&self.deployments);
        filter::apply(self.filters, &self.routing, &mut left, wish);
        left
    }

    /// The access groups that the model belongs to (`model_info.access_groups`): names that a key's list may hold.
    pub fn access_groups(&self) -> impl Iterator<Item = &str> {
        self.deployments.iter().flat_map(|deployment| deployment.entry.access_groups())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandom;
    use crate::routing::tests::{group, group_by};
    use serde_json::json;

    const NOW: Timestamp = Timestamp::from_seconds(600);

    fn chosen(group: &Group, wish: &Wish<'_>) -> Result<String, NothingLeft> {
        group.choose(&SystemRandom, NOW, wish, |_| true).map(|deployment| deployment.id.to_string())
    }

    #[test]
    fn a_deployment_that_is_not_usable_is_never_chosen() {
        let group = group(&[json!({"weight": 100}), json!({"weight": 1})]);
        let wish = Wish::default();
        let chosen = group.choose(&SystemRandom, NOW, &wish, |deployment| deployment.id.as_str() != "0").unwrap();
        assert_eq!(chosen.id.as_str(), "1");
        let nothing = group.choose(&SystemRandom, NOW, &wish, |_| false).unwrap_err();
        assert!(nothing.may_pass());
        assert_eq!(
            nothing.to_string(),
            "No deployment of 'a' can take this request: 2 cool down or have reached a limit of their own."
        );
    }

    #[test]
    fn an_unhealthy_deployment_is_left_out_but_never_the_last_one() {
        let group = group(&[json!({"weight": 100}), json!({"weight": 1})]);
        group.deployments[0].seen.is_unhealthy_until(NOW.plus_millis(1));
        assert_eq!(chosen(&group, &Wish::default()).unwrap(), "1");
        group.deployments[1].seen.is_unhealthy_until(NOW.plus_millis(1));
        assert!(chosen(&group, &Wish::default()).is_ok());
        let first_only = group.choose(&SystemRandom, NOW, &Wish::default(), |deployment| deployment.id.as_str() == "0");
        assert_eq!(first_only.unwrap().id.as_str(), "0");
    }

    #[test]
    fn a_teams_deployment_answers_its_team_alone() {
        let group = group_by(
            json!({}),
            &[json!({"model_info": {"team_id": "t"}}), json!({"model_info": {"team_id": "other"}})],
        );
        assert_eq!(chosen(&group, &Wish { team: Some("t"), ..Wish::default() }).unwrap(), "0");
        assert_eq!(
            chosen(&group, &Wish::default()).unwrap_err().to_string(),
            "No deployment of 'a' can take this request: 2 belong to other teams."
        );
    }

    #[test]
    fn pre_call_checks_leave_out_what_is_too_small_or_takes_less() {
        let sizes = [json!({"model_info": {"max_input_tokens": 5}}), json!({"model_info": {"max_input_tokens": 50}})];
        let group = group_by(json!({"enable_pre_call_checks": true}), &sizes);
        let (short, long, longest) = (|| 5, || 6, || 51);
        let wish = |input_tokens| Wish { input_tokens: Some(input_tokens), ..Wish::default() };
        assert!(chosen(&group, &wish(&short)).is_ok());
        assert_eq!(chosen(&group, &wish(&long)).unwrap(), "1");
        let nothing = chosen(&group, &wish(&longest)).unwrap_err();
        assert!(nothing.is_too_long() && !nothing.may_pass());
        let fits = |deployment: &Deployment| deployment.id.as_str() == "0";
        assert_eq!(chosen(&group, &Wish { fits: Some(&fits), ..Wish::default() }).unwrap(), "0");
        let unchecked = group_by(json!({}), &sizes[..1]);
        assert!(chosen(&unchecked, &wish(&longest)).is_ok(), "not asked for");
    }

    #[test]
    fn the_lowest_order_goes_first_as_long_as_one_of_it_can_answer() {
        let group = group(&[json!({}), json!({"order": 2}), json!({"order": 1}), json!({"order": "1"})]);
        let wish = Wish::default();
        let chosen = |usable: &dyn Fn(&Deployment) -> bool| {
            let chosen = (0..20).map(|_| group.choose(&SystemRandom, NOW, &wish, usable).unwrap().id.to_string());
            chosen.collect::<BTreeSet<_>>().into_iter().collect::<String>()
        };
        assert_eq!(chosen(&|_| true), "23");
        assert_eq!(chosen(&|deployment| !["2", "3"].contains(&deployment.id.as_str())), "1");
        assert_eq!(chosen(&|deployment| deployment.id.as_str() == "0"), "0", "one that says none goes last");
        for deployment in &group.deployments[1..] {
            deployment.seen.is_unhealthy_until(NOW.plus_millis(1));
        }
        assert_eq!(chosen(&|_| true), "0", "an answer may be had");
        group.deployments[0].seen.is_unhealthy_until(NOW.plus_millis(1));
        assert_eq!(chosen(&|_| true), "23");
    }

    #[test]
    fn a_region_leaves_out_what_is_elsewhere() {
        let group = group(&[json!({"region_name": "us-east-1"}), json!({"region_name": "eu-west-1"}), json!({})]);
        assert_eq!(chosen(&group, &Wish { region: Some("eu"), ..Wish::default() }).unwrap(), "1");
        let wish = Wish { region: Some("asia"), ..Wish::default() };
        assert_eq!(
            chosen(&group, &wish).unwrap_err().to_string(),
            "No deployment of 'a' can take this request: 3 are not in the allowed region."
        );
    }
}
