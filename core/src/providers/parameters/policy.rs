//! What is wanted for parameters that a model does not take: by the operator for a deployment, by the client for a
//! request.

use std::borrow::Cow;

/// What becomes of parameters that a model does not take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// They are dropped and reported (`drop_params`); else the request is refused.
    pub drops: bool,
    /// Requests that the provider would refuse for their form are put right (`modify_params`).
    pub modifies: bool,
    /// Parameters that are never sent (`additional_drop_params`): a name, or a path such as `tools[*].strict`.
    pub never_sent: Vec<String>,
    /// Parameters that are sent although the model is not known to take them (`allowed_openai_params`).
    pub allowed: Vec<String>,
}

/// What a request says about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyChange {
    /// `drop_params`.
    pub drops: Option<bool>,
    /// `modify_params`.
    pub modifies: Option<bool>,
    /// `additional_drop_params`.
    pub never_sent: Vec<String>,
    /// `allowed_openai_params`.
    pub allowed: Vec<String>,
}

impl PolicyChange {
    /// The deployment's policy with the request's changes: the request decides, and adds to lists.
    pub fn over<'p>(&self, policy: &'p Policy) -> Cow<'p, Policy> {
        if *self == Self::default() {
            return Cow::Borrowed(policy);
        }
        let both = |one: &[String], other: &[String]| one.iter().chain(other).cloned().collect();
        Cow::Owned(Policy {
            drops: self.drops.unwrap_or(policy.drops),
            modifies: self.modifies.unwrap_or(policy.modifies),
            never_sent: both(&policy.never_sent, &self.never_sent),
            allowed: both(&policy.allowed, &self.allowed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_decides_over_its_deployment_and_adds_to_its_lists() {
        let policy = Policy { drops: true, never_sent: vec!["a".into()], ..Policy::default() };
        let change = PolicyChange { drops: Some(false), never_sent: vec!["b".into()], ..PolicyChange::default() };
        let wanted = Policy { never_sent: vec!["a".into(), "b".into()], ..Policy::default() };
        assert_eq!(*change.over(&policy), wanted);
        assert!(matches!(PolicyChange::default().over(&policy), Cow::Borrowed(_)));
    }
}
