//! As what each idempotency token was first sent. DynamoDB compares a repeated transaction with the first word by
//! word, the time in its conditions included; so a repeat must say the time of the first. Kept in memory, bounded.
//!
//! A repeat from another process, in another second, is not known here: where conditions compare times, DynamoDB
//! answers it as a reused token. It is never applied twice.

use crate::clock::Timestamp;
use crate::store::table::IdempotencyToken;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many tokens are remembered; about 600 KB when full. A repeat follows within seconds of the first.
const TOKENS_MAX: usize = 4096;
/// How long DynamoDB keeps a token, in milliseconds; a later use is a new transaction.
const TOKEN_MILLIS: i64 = 10 * 60 * 1000;

/// The form in which a transaction is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// The time that its conditions compare with.
    pub(super) now: Timestamp,
    /// Which updates are sent as puts, because they met an item that has ended.
    pub(super) renewed: BTreeSet<usize>,
}

impl Form {
    /// The form of a first try.
    pub(super) fn at(now: Timestamp) -> Self {
        Self { now, renewed: BTreeSet::new() }
    }
}

/// The forms of recent tokens.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    recent: Mutex<Recent>,
}

#[derive(Debug, Default)]
struct Recent {
    forms: HashMap<String, Form>,
    order: VecDeque<String>,
}

impl Tokens {
    /// The form in which the token's transaction was sent, else that of a first try, which is remembered.
    pub(super) fn form(&self, token: Option<&IdempotencyToken>, now: Timestamp) -> Form {
        let Some(token) = token else { return Form::at(now) };
        let known = self.lock().forms.get(&token.0).filter(|form| now.millis_since(form.now) < TOKEN_MILLIS).cloned();
        known.unwrap_or_else(|| {
            self.remember(token, Form::at(now));
            Form::at(now)
        })
    }

    /// Remembers the form that is sent next.
    pub(super) fn remember(&self, token: &IdempotencyToken, form: Form) {
        let mut recent = self.lock();
        if recent.forms.insert(token.0.clone(), form).is_none() {
            recent.order.push_back(token.0.clone());
        }
        while recent.order.len() > TOKENS_MAX {
            if let Some(oldest) = recent.order.pop_front() {
                recent.forms.remove(&oldest);
            }
        }
    }

    /// Forgets the token: its transaction was certainly not applied, so a repeat is a first try.
    pub(super) fn forget(&self, token: &IdempotencyToken) {
        self.lock().forms.remove(&token.0);
    }

    fn lock(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> IdempotencyToken {
        IdempotencyToken(text.to_owned())
    }

    #[test]
    fn a_repeat_within_ten_minutes_says_the_first_time() {
        let tokens = Tokens::default();
        let first = Form::at(Timestamp::from_seconds(100));
        tokens.remember(&token("a"), first.clone());
        assert_eq!(tokens.form(Some(&token("a")), Timestamp::from_seconds(130)), first);
        let late = Timestamp::from_seconds(700);
        assert_eq!(tokens.form(Some(&token("a")), late), Form::at(late));
        tokens.forget(&token("a"));
        let later = Timestamp::from_seconds(701);
        assert_eq!(tokens.form(Some(&token("a")), later), Form::at(later));
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let tokens = Tokens::default();
        for number in 0..=TOKENS_MAX {
            tokens.remember(&token(&number.to_string()), Form::at(Timestamp::from_seconds(1)));
        }
        let now = Timestamp::from_seconds(2);
        assert_eq!(tokens.lock().forms.len(), TOKENS_MAX);
        assert_ne!(tokens.form(Some(&token("1")), now), Form::at(now));
        assert_eq!(tokens.form(Some(&token("0")), now), Form::at(now));
    }
}
