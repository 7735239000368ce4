//! One guardrail: when it is asked, of whom, and what becomes of a call where it says nothing.

use super::question::{Judge, Question};
use super::verdict::{GuardrailError, Unjudged, Verdict};
use crate::config::guardrails::{Mode, Tolerance};
use crate::config::tls::TlsParams;
use serde_json::Value;
use std::error::Error;
use std::sync::Arc;

/// A guardrail.
pub struct Guardrail {
    /// Its name.
    pub name: String,
    /// When it is asked.
    pub modes: Vec<Mode>,
    /// Whether it is asked of every call.
    pub default_on: bool,
    /// What becomes of a call where it says nothing.
    pub tolerance: Tolerance,
    /// Who says what it thinks.
    pub judge: Arc<dyn Judge>,
    /// Where the service is.
    pub address: String,
    /// How the service is connected to.
    pub tls: TlsParams,
    /// What may be shown of its configuration.
    pub shown: Value,
}

impl Guardrail {
    /// Whether it is asked then.
    pub fn is_asked(&self, mode: Mode) -> bool {
        self.modes.contains(&mode)
    }

    /// Asks it. The words to go on with, where it changed them. `may_change`: whether they still can be.
    ///
    /// # Errors
    /// [`GuardrailError::Blocked`], and [`GuardrailError::Failed`] where it says nothing and must.
    pub async fn ask(&self, question: &Question<'_>, may_change: bool) -> Result<Option<Vec<String>>, GuardrailError> {
        let verdict = match self.judge.judge(question).await {
            Ok(Verdict::Changed(_)) if !may_change => {
                Err(Unjudged::unusable("it changes the request, which is too late in `during_call`: use `pre_call`"))
            }
            verdict => verdict,
        };
        match verdict {
            Ok(Verdict::Passed) => Ok(None),
            Ok(Verdict::Changed(texts)) => Ok(Some(texts)),
            Ok(Verdict::Blocked(reason)) => Err(GuardrailError::Blocked { name: self.name.clone(), reason }),
            Err(cause) => self.unjudged(question, cause),
        }
    }

    fn unjudged(&self, question: &Question<'_>, cause: Unjudged) -> Result<Option<Vec<String>>, GuardrailError> {
        let Tolerance { of_unreachable, of_errors } = self.tolerance;
        let may_pass = of_errors || of_unreachable && cause.is_unreachable;
        if !may_pass {
            return Err(GuardrailError::Failed { name: self.name.clone(), cause });
        }
        let error = &cause as &dyn Error;
        tracing::warn!(guardrail = %self.name, call = question.call.id, error, "a call passes a guardrail unguarded");
        Ok(None)
    }
}
