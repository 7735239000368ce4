//! What a caller may use, scope by scope, and what one call asks for. Plain data.

use crate::clock::Timestamp;
use crate::id::RequestId;
use crate::money::NanoDollars;
use crate::store::item::{Item, Key};

/// How long a rate window lasts, in milliseconds. It begins with its first request.
pub const WINDOW_MILLIS: i64 = 60_000;

/// The limits of one scope: a key, its team, a model on a key, a deployment, the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeLimits {
    /// The scope's kind, as refusals and headers name it: `api_key`, `team`, `model_per_key`.
    pub kind: &'static str,
    /// Which of its kind.
    pub id: String,
    /// What may be spent in a period.
    pub budget: Option<Budget>,
    /// Requests in a window.
    pub requests: Option<i64>,
    /// Tokens in a window.
    pub tokens: Option<i64>,
    /// Requests in flight at once.
    pub parallel: Option<i64>,
    /// The call is counted among the requests already, by an attempt before this one.
    pub is_repeat: bool,
}

/// A budget, and where what counts against it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The item whose attribute `used` is what was charged and is held, in nano-dollars.
    pub counter: Counter,
    /// What may be used.
    pub limit: NanoDollars,
    /// Who is over it, as the refusal says: `Key=alias (sk-...abcd)`.
    pub owner: String,
    /// How the refusal says it.
    pub wording: Wording,
    /// When its period ends; `None`: never.
    pub resets_at: Option<Timestamp>,
}

/// Where what counts against a budget is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counter {
    /// With the running totals of the record that has the budget. Every writer of the totals moves it.
    Totals(Key),
    /// In an item of its own for one period, which ends by itself at `expires_at` (`None`: never).
    Period {
        /// Where the item stands.
        key: Key,
        /// When nothing asks for it any more.
        expires_at: Option<Timestamp>,
    },
}

impl Counter {
    /// The item.
    pub fn key(&self) -> &Key {
        match self {
            Self::Totals(key) | Self::Period { key, .. } => key,
        }
    }
}

/// The words of a refusal, which LiteLLM's clients tell whose budget it is by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wording {
    /// `Budget has been exceeded! <owner> Current cost: …`.
    #[default]
    Exceeded,
    /// `ExceededBudget: <owner> over budget. Spend=…`.
    Over,
}

/// What one call asks for.
#[derive(Clone, Debug)]
pub struct Demand {
    /// The call.
    pub id: RequestId,
    /// Every scope that it counts in and that has a limit.
    pub scopes: Vec<ScopeLimits>,
    /// Running totals of records that it is charged to, whether or not they have a budget. Those of budgets are among
    /// them; the key's own need not be.
    pub totals: Vec<Key>,
    /// What it may cost.
    pub cost: NanoDollars,
    /// Whether `cost` cannot be passed, so that a budget that has less left refuses the call. Where it is a guess, a
    /// call is let in that asks for more than all of a small budget, and has it to itself.
    pub is_bound: bool,
    /// The tokens it may use.
    pub tokens: Tokens,
    /// How long the call may last, in milliseconds. A hold of a call that is over was left by a crash.
    pub lasts_millis: i64,
    /// The call's row as it is charged where the call is never settled. Kept in the hold.
    pub unsettled: Item,
}

/// The tokens that a call may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Of its input.
    pub input: i64,
    /// Of its output.
    pub output: i64,
    /// Whether the client bounds the output. Where it does not, `output` is a guess.
    pub is_bounded: bool,
}

impl Tokens {
    /// What is counted in a window of `limit` tokens: never more than all of it, so that a large call has a window to
    /// itself; and for a guess at most a tenth, so that a small limit does not admit a single call a minute.
    pub(super) fn counted(self, limit: Option<i64>) -> i64 {
        let Some(limit) = limit else { return self.input.saturating_add(self.output).max(1) };
        let output = if self.is_bounded { self.output } else { self.output.min(limit / 10) };
        self.input.saturating_add(output).min(limit).max(1)
    }
}

impl ScopeLimits {
    /// A scope without a limit.
    pub fn new(kind: &'static str, id: impl Into<String>) -> Self {
        Self { kind, id: id.into(), budget: None, requests: None, tokens: None, parallel: None, is_repeat: false }
    }

    /// Whether anything is limited.
    pub fn is_limited(&self) -> bool {
        self.budget.is_some() || self.requests.is_some() || self.tokens.is_some() || self.parallel.is_some()
    }

    /// Whether anything but money is limited.
    pub fn has_rate(&self) -> bool {
        self.requests.is_some() || self.tokens.is_some() || self.parallel.is_some()
    }

    /// Where the scope's window stands: `start`, `requests`, `tokens`.
    pub(super) fn window_key(&self) -> Key {
        Key::new(format!("RATE#{}#{}", self.kind, self.id), "WINDOW")
    }

    /// Where the number of its requests in flight stands: `count`.
    pub(super) fn parallel_key(&self) -> Key {
        Key::new(format!("RATE#{}#{}", self.kind, self.id), "PARALLEL")
    }
}
