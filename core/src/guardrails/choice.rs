//! Which guardrails a call passes: those of every call, and those that the request, its key or its team names.

use super::guardrail::Guardrail;
use super::verdict::GuardrailError;
use crate::config::guardrails::Mode;
use crate::principal::{GuardrailRules, Principal};
use std::sync::Arc;

/// The guardrails of a gateway, in the order of its configuration, which is the order in which they are asked.
#[derive(Default)]
pub struct Guardrails(Vec<Arc<Guardrail>>);

impl Guardrails {
    /// These.
    pub fn new(all: Vec<Arc<Guardrail>>) -> Self {
        Self(all)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Guardrail>> {
        self.0.iter()
    }

    /// Whether no call of this caller can pass any.
    pub fn are_out_of_question(&self, principal: &Principal) -> bool {
        self.0.is_empty() && rules(principal).all(|(_, rules)| rules.named.is_empty())
    }

    /// Those that a call passes whose request names `named`.
    ///
    /// # Errors
    /// [`GuardrailError::Unknown`] and [`GuardrailError::Missing`]: one is named that there is not.
    pub fn chosen(&self, principal: &Principal, named: &[String]) -> Result<Vec<Arc<Guardrail>>, GuardrailError> {
        let is_there = |name: &&String| self.0.iter().any(|guardrail| guardrail.name == **name);
        if let Some(unknown) = named.iter().find(|name| !is_there(name)) {
            return Err(GuardrailError::Unknown(unknown.clone()));
        }
        for (whose, rules) in rules(principal) {
            if let Some(missing) = rules.named.iter().find(|name| !is_there(name)) {
                return Err(GuardrailError::Missing { name: missing.clone(), whose });
            }
        }
        // The key's word comes before its team's.
        let has_no_defaults = rules(principal).find_map(|(_, rules)| rules.no_defaults).unwrap_or_default();
        let is_named =
            |name: &String| named.contains(name) || rules(principal).any(|(_, rules)| rules.named.contains(name));
        let is_chosen =
            |guardrail: &&Arc<Guardrail>| guardrail.default_on && !has_no_defaults || is_named(&guardrail.name);
        Ok(self.0.iter().filter(is_chosen).cloned().collect())
    }

    /// One that looks at each answer of this caller, whatever its requests name.
    ///
    /// # Errors
    /// As [`Guardrails::chosen`].
    pub fn of_answers(&self, principal: &Principal) -> Result<Option<Arc<Guardrail>>, GuardrailError> {
        if self.are_out_of_question(principal) {
            return Ok(None);
        }
        let chosen = self.chosen(principal, &[])?;
        Ok(chosen.into_iter().find(|guardrail| guardrail.is_asked(Mode::PostCall)))
    }
}

/// What the key says, and what its team does.
fn rules(principal: &Principal) -> impl Iterator<Item = (&'static str, &GuardrailRules)> {
    let team = principal.above.team.as_ref().and_then(|team| team.guardrails.as_deref());
    let key = principal.guardrails.as_deref();
    [("key", key), ("team", team)].into_iter().filter_map(|(whose, rules)| Some((whose, rules?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::guardrails::Tolerance;
    use crate::config::tls::TlsParams;
    use crate::guardrails::question::{Judge, Question};
    use crate::guardrails::verdict::{Unjudged, Verdict};
    use crate::id::KeyHash;
    use crate::principal::{Above, Holder, Role};
    use async_trait::async_trait;
    use serde_json::{Value, json};

    struct Mute;

    #[async_trait]
    impl Judge for Mute {
        async fn judge(&self, _: &Question<'_>) -> Result<Verdict, Unjudged> {
            Err(Unjudged::unusable("mute"))
        }
    }

    fn guardrail(name: &str, default_on: bool, modes: &[Mode]) -> Arc<Guardrail> {
        Arc::new(Guardrail {
            name: name.to_owned(),
            modes: modes.to_vec(),
            default_on,
            tolerance: Tolerance::default(),
            judge: Arc::new(Mute),
            address: String::new(),
            tls: TlsParams::default(),
            shown: Value::Null,
        })
    }

    fn guardrails() -> Guardrails {
        let (pre, post) = ([Mode::PreCall], [Mode::PreCall, Mode::PostCall]);
        Guardrails::new(vec![
            guardrail("a", false, &post),
            guardrail("always", true, &pre),
            guardrail("b", false, &pre),
        ])
    }

    fn caller(key: Value, team: Value) -> Principal {
        let rules = |metadata: &Value| GuardrailRules::of(metadata.as_object().unwrap()).map(Arc::new);
        let team = Arc::new(Holder { guardrails: rules(&team), ..Holder::default() });
        Principal {
            guardrails: rules(&key),
            above: Above { team: Some(team), ..Above::default() },
            ..Principal::bare(Role::VirtualKey, KeyHash::parse(&"0".repeat(64)).unwrap())
        }
    }

    fn chosen(key: Value, team: Value, named: &[&str]) -> Result<Vec<String>, String> {
        let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
        let chosen = guardrails().chosen(&caller(key, team), &named).map_err(|error| error.to_string())?;
        Ok(chosen.iter().map(|guardrail| guardrail.name.clone()).collect())
    }

    #[test]
    fn a_call_passes_those_of_every_call_and_those_that_somebody_names() {
        let none = || json!({});
        assert_eq!(chosen(none(), none(), &[]).unwrap(), ["always"]);
        assert_eq!(chosen(none(), none(), &["b"]).unwrap(), ["always", "b"]);
        assert_eq!(
            chosen(json!({"guardrails": ["b"]}), json!({"guardrails": ["a"]}), &["b"]).unwrap(),
            ["a", "always", "b"]
        );
    }

    #[test]
    fn a_key_may_do_without_those_of_every_call_and_its_word_comes_before_its_teams() {
        let (yes, no) = (json!({"disable_global_guardrails": true}), json!({"disable_global_guardrails": false}));
        assert_eq!(chosen(yes.clone(), json!({}), &["b"]).unwrap(), ["b"]);
        assert_eq!(chosen(json!({}), yes.clone(), &[]).unwrap(), [] as [&str; 0]);
        assert_eq!(chosen(no, yes.clone(), &[]).unwrap(), ["always"]);
        assert_eq!(chosen(yes, json!({"guardrails": ["always"]}), &[]).unwrap(), ["always"]);
    }

    #[test]
    fn a_name_that_nobody_has_is_an_error_whoever_says_it() {
        assert!(chosen(json!({}), json!({}), &["c"]).unwrap_err().contains("No guardrail is named 'c'"));
        let missing = chosen(json!({}), json!({"guardrails": ["c"]}), &[]).unwrap_err();
        assert_eq!(missing, "Calls of this team must pass the guardrail 'c', which this gateway does not have.");
    }

    #[test]
    fn answers_are_looked_at_whatever_a_request_names() {
        let of_answers =
            |key: Value| guardrails().of_answers(&caller(key, json!({}))).unwrap().map(|one| one.name.clone());
        assert_eq!((of_answers(json!({})), of_answers(json!({"guardrails": ["a"]}))), (None, Some("a".to_owned())));
        let nobody = caller(json!({}), json!({}));
        assert!(Guardrails::default().are_out_of_question(&nobody) && !guardrails().are_out_of_question(&nobody));
        assert!(!Guardrails::default().are_out_of_question(&caller(json!({"guardrails": ["a"]}), json!({}))));
    }
}
