//! The deployments that share one model's traffic, and the choice between them.

use super::access;
pub use super::choice::chance::fraction;
use super::choice::circumstances::Circumstances;
use super::choice::strategy;
use super::deployment::Deployment;
use super::filter::{self, Filters};
use super::left::{Filter, Left, NothingLeft};
use super::retry_budget::RetryBudget;
use super::routing::Routing;
use super::wish::Wish;
use crate::clock::{Random, Timestamp};
use serde_json::Value;
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
}

impl Group {
    /// These deployments, chosen as the routing says.
    pub fn new(name: String, deployments: Vec<Arc<Deployment>>, routing: Arc<Routing>) -> Self {
        let filters = Filters::of(&deployments, &routing);
        Self { name, deployments, retries: RetryBudget::default(), stands_for: None, routing, filters }
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

    /// Picks one of the deployments that can answer and are `usable`, as the strategy says. Those that did not answer
    /// when they were last probed are left out, but never the last one.
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
        if let [only] = self.deployments.as_slice()
            && self.filters.are_idle()
            && wish.region.is_none()
            && usable(only)
        {
            return Ok(Arc::clone(only));
        }
        let mut left = Left::all(&self.deployments);
        filter::apply(self.filters, &self.routing, &mut left, wish);
        left.keep(Filter::Unusable, usable);
        left.prefer(|deployment| deployment.seen.is_healthy(now));
        let circumstances = Circumstances { routing: &self.routing, wish, now, random };
        match strategy::one_of(std::mem::take(&mut left.deployments), &circumstances) {
            Some(chosen) => Ok(Arc::clone(chosen)),
            None => Err(left.nothing(&self.name)),
        }
    }

    /// The deployments that can answer such a call, whether or not they are usable now.
    pub fn fitting(&self, wish: &Wish<'_>) -> Vec<&Arc<Deployment>> {
        let mut left = Left::all(&self.deployments);
        filter::apply(self.filters, &self.routing, &mut left, wish);
        left.deployments
    }

    /// The access groups that the model belongs to (`model_info.access_groups`): names that a key's list may hold.
    pub fn access_groups(&self) -> impl Iterator<Item = &str> {
        let lists = self.deployments.iter().filter_map(|deployment| deployment.entry.info.get("access_groups"));
        lists.filter_map(Value::as_array).flatten().filter_map(Value::as_str)
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
