//! The deployments that share one model's traffic, and the choice between them.

use super::deployment::Deployment;
use super::retry_budget::RetryBudget;
use crate::clock::Random;
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
}

impl Group {
    /// A group of these deployments.
    pub fn new(name: impl Into<String>, deployments: Vec<Arc<Deployment>>) -> Self {
        Self { name: name.into(), deployments, retries: RetryBudget::default() }
    }

    /// Picks one of the deployments that are `usable`, by chance, in proportion to their shares. `None` where none is.
    ///
    /// Shares are `weight`, else `rpm`, else `tpm`: the first of these that the first usable deployment has. A
    /// deployment that lacks it then gets no traffic; where all shares are 0, or no deployment has any, all are equal.
    pub fn choose(&self, random: &dyn Random, usable: impl Fn(&Deployment) -> bool) -> Option<Arc<Deployment>> {
        let mut candidates = self.deployments.iter().filter(|deployment| usable(deployment));
        let first = candidates.next()?;
        let Some(second) = candidates.next() else { return Some(first.clone()) };
        let all: Vec<_> = [first, second].into_iter().chain(candidates).collect();
        let measure = MEASURES.iter().find(|measure| measure(first).is_some());
        let share = |deployment: &Deployment| measure.and_then(|measure| measure(deployment)).unwrap_or(0.0).max(0.0);
        let total: f64 = all.iter().map(|deployment| share(deployment)).sum();
        let chance = fraction(random);
        if total.is_finite() && total > 0.0 {
            let mut left = chance * total;
            for deployment in &all {
                left -= share(deployment);
                if left < 0.0 {
                    return Some(Arc::clone(deployment));
                }
            }
        }
        let number = (chance * all.len() as f64) as usize;
        all.get(number).or(all.last()).map(|deployment| Arc::clone(deployment))
    }

    /// The access groups that the model belongs to (`model_info.access_groups`): names that a key's list may hold.
    pub fn access_groups(&self) -> impl Iterator<Item = &str> {
        let lists = self.deployments.iter().filter_map(|deployment| deployment.entry.info.get("access_groups"));
        lists.filter_map(Value::as_array).flatten().filter_map(Value::as_str)
    }
}

type Measure = fn(&Deployment) -> Option<f64>;

const MEASURES: [Measure; 3] = [
    |deployment| deployment.entry.params.weight,
    |deployment| deployment.entry.params.rpm.map(|rpm| rpm as f64),
    |deployment| deployment.entry.params.tpm.map(|tpm| tpm as f64),
];

/// A number from 0 up to, not including, 1. Without entropy it is 0: the first deployment is as good as any.
pub fn fraction(random: &dyn Random) -> f64 {
    let mut bytes = [0; 8];
    if random.fill(&mut bytes).is_err() {
        return 0.0;
    }
    // The 53 bits that a float holds exactly.
    (u64::from_le_bytes(bytes) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{NoEntropy, SystemRandom};
    use crate::routing::tests::group;
    use serde_json::json;

    struct Fixed(u64);

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
            bytes.copy_from_slice(&self.0.to_le_bytes());
            Ok(())
        }
    }

    fn counts(params: &[Value], tries: u64) -> Vec<usize> {
        let group = group(params);
        let mut counts = vec![0; params.len()];
        for at in 0..tries {
            let chosen = group.choose(&Fixed(u64::MAX / tries * at + u64::MAX / tries / 2), |_| true).unwrap();
            counts[chosen.id.as_str().parse::<usize>().unwrap()] += 1;
        }
        counts
    }

    #[test]
    fn traffic_follows_weights_and_else_is_even() {
        assert_eq!(counts(&[json!({}), json!({}), json!({}), json!({})], 100), [25, 25, 25, 25]);
        assert_eq!(counts(&[json!({"weight": 3}), json!({"weight": 1})], 100), [75, 25]);
        assert_eq!(counts(&[json!({"rpm": 1, "tpm": 9}), json!({"rpm": 9, "tpm": 1})], 100), [10, 90]);
        assert_eq!(counts(&[json!({"weight": 0}), json!({"weight": 0})], 100), [50, 50]);
    }

    #[test]
    fn a_deployment_that_is_not_usable_is_never_chosen() {
        let group = group(&[json!({"weight": 100}), json!({"weight": 1})]);
        let chosen = group.choose(&SystemRandom, |deployment| deployment.id.as_str() != "0").unwrap();
        assert_eq!(chosen.id.as_str(), "1");
        assert!(group.choose(&SystemRandom, |_| false).is_none());
    }
}
