//! What limits mean, in the fewest words: numbers in maps, one thing after the other. No store, no conditions, no
//! concurrency. Whatever the real code does, it must come to the same.
//!
//! - A **budget** has what was charged and what calls under way hold. A call is let in where both and what it may cost
//!   together stay within the limit. When its period ends, what was charged counts no more.
//! - A **window** lasts a minute from its first request, and counts requests and tokens.
//! - **Parallel** calls are those under way.
//! - A call counts in all its scopes or in none. It ends once: settled, void, or charged what it held because nobody
//!   came back; a settlement after that puts the true cost in its place.

use std::collections::BTreeMap;

pub(crate) const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// What one scope is limited to. `None`: not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) budget: Option<i64>,
    pub(crate) requests: Option<i64>,
    pub(crate) tokens: Option<i64>,
    pub(crate) parallel: Option<i64>,
}

/// What is counted in one scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) charged: i64,
    pub(crate) held: i64,
    pub(crate) window: Option<Window>,
    pub(crate) parallel: i64,
}

/// The last minute that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) start: i64,
    pub(crate) requests: i64,
    pub(crate) tokens: i64,
}

/// A call that wants in.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// Its key first. It is charged there, and wherever there is a budget.
    pub(crate) scopes: Vec<(String, Limits)>,
    pub(crate) cost: i64,
    pub(crate) input: i64,
    pub(crate) output: i64,
    /// Whether the client bounds the output.
    pub(crate) is_bounded: bool,
    pub(crate) lasts: i64,
    /// Whether its cost cannot be passed; a guess takes no more than the whole of a budget.
    pub(crate) is_bound: bool,
}

/// What a call is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Held,
    Refused { scope: String, limit: Limit },
}

/// What stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Budget,
    Requests,
    Tokens,
    Parallel,
}

/// A call that was let in.
#[derive(Clone, Debug)]
struct Call {
    wish: Wish,
    at: i64,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Held,
    Void,
    Charged(i64),
    Settled,
}

/// All there is.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) scopes: BTreeMap<String, Counters>,
    calls: BTreeMap<usize, Call>,
}

impl Wish {
    fn held_of(&self, budget: i64) -> i64 {
        if self.is_bound { self.cost.max(1) } else { self.cost.min(budget).max(1) }
    }

    /// A guess of the output takes at most a tenth of a window, and no call more than all of it. Without a limit nobody
    /// counts tokens.
    fn tokens_of(&self, limit: Option<i64>) -> i64 {
        let Some(limit) = limit else { return 0 };
        let output = if self.is_bounded { self.output } else { self.output.min(limit / 10) };
        (self.input + output).min(limit).max(1)
    }

    /// What it is charged where nobody comes back.
    pub(crate) fn charged_unsettled(&self) -> i64 {
        if self.is_bound {
            return self.cost;
        }
        self.scopes.iter().filter_map(|(_, limits)| limits.budget).fold(self.cost, i64::min)
    }
}

impl Limits {
    fn has_window(&self) -> bool {
        self.requests.is_some() || self.tokens.is_some()
    }
}

impl Model {
    /// Lets a call in, or says what stands in the way.
    pub(crate) fn reserve(&mut self, call: usize, wish: Wish, now: i64) -> Answer {
        let first = |find: fn(&Model, &Wish, &str, &Limits, i64) -> Option<Limit>| {
            wish.scopes.iter().find_map(|(scope, limits)| {
                let limit = find(self, &wish, scope, limits, now)?;
                Some(Answer::Refused { scope: scope.clone(), limit })
            })
        };
        if let Some(refused) = first(Self::never).or_else(|| first(Self::full)) {
            return refused;
        }
        for (scope, limits) in &wish.scopes {
            let counters = self.scopes.entry(scope.clone()).or_default();
            counters.held += limits.budget.map_or(0, |budget| wish.held_of(budget));
            counters.parallel += i64::from(limits.parallel.is_some());
            if limits.has_window() {
                let open = counters.window.filter(|window| window.is_open(now));
                let window = open.unwrap_or(Window { start: now, requests: 0, tokens: 0 });
                let (requests, tokens) = (window.requests + 1, window.tokens + wish.tokens_of(limits.tokens));
                counters.window = Some(Window { start: window.start, requests, tokens });
            }
        }
        self.calls.insert(call, Call { wish, at: now, state: State::Held });
        Answer::Held
    }

    /// A limit of nothing lets nobody in.
    fn never(&self, _: &Wish, _: &str, limits: &Limits, _: i64) -> Option<Limit> {
        let is_nothing = |limit: Option<i64>| limit.is_some_and(|limit| limit <= 0);
        match limits {
            _ if is_nothing(limits.budget) => Some(Limit::Budget),
            _ if is_nothing(limits.requests) => Some(Limit::Requests),
            _ if is_nothing(limits.tokens) => Some(Limit::Tokens),
            _ if is_nothing(limits.parallel) => Some(Limit::Parallel),
            _ => None,
        }
    }

    fn full(&self, wish: &Wish, scope: &str, limits: &Limits, now: i64) -> Option<Limit> {
        let counters = self.scopes.get(scope).cloned().unwrap_or_default();
        let (requests, tokens) = match counters.window.filter(|window| window.is_open(now)) {
            Some(window) => (window.requests, window.tokens),
            None => (0, 0),
        };
        let passes = |counted: i64, more: i64, limit: Option<i64>| limit.is_some_and(|limit| counted + more > limit);
        let held = wish.held_of(limits.budget.unwrap_or(i64::MAX));
        if passes(counters.charged + counters.held, held, limits.budget) {
            Some(Limit::Budget)
        } else if passes(requests, 1, limits.requests) {
            Some(Limit::Requests)
        } else if passes(tokens, wish.tokens_of(limits.tokens), limits.tokens) {
            Some(Limit::Tokens)
        } else if passes(counters.parallel, 1, limits.parallel) {
            Some(Limit::Parallel)
        } else {
            None
        }
    }

    /// The call is over, and this is what it cost and used.
    pub(crate) fn settle(&mut self, call: usize, cost: i64, tokens: i64, now: i64) {
        let Some(known) = self.calls.get(&call).cloned() else { return };
        match known.state {
            State::Held => {
                self.let_go(&known);
                self.correct(&known, tokens, now);
                self.charge(&known, cost);
            }
            State::Charged(before) => self.charge(&known, cost - before),
            // It was sent after all, so it is charged.
            State::Void => self.charge(&known, cost),
            State::Settled => return,
        }
        self.become_(call, State::Settled);
    }

    /// The call was never sent.
    pub(crate) fn void(&mut self, call: usize, now: i64) {
        let Some(known) = self.calls.get(&call).cloned().filter(|call| call.state == State::Held) else { return };
        self.let_go(&known);
        self.correct(&known, 0, now);
        self.become_(call, State::Void);
    }

    /// Nobody came back for the calls whose time is over.
    pub(crate) fn expire(&mut self, now: i64) {
        let over: Vec<(usize, Call)> = self.calls.iter().map(|(call, known)| (*call, known.clone())).collect();
        for (call, known) in over {
            if known.state == State::Held && known.at + known.wish.lasts <= now {
                let cost = known.wish.charged_unsettled();
                self.let_go(&known);
                self.charge(&known, cost);
                self.become_(call, State::Charged(cost));
            }
        }
    }

    /// A period is over: what was charged counts no more, what is held does.
    pub(crate) fn begin_period(&mut self, scope: &str) {
        self.scopes.entry(scope.to_owned()).or_default().charged = 0;
    }

    fn charge(&mut self, call: &Call, cost: i64) {
        for (number, (scope, limits)) in call.wish.scopes.iter().enumerate() {
            if number == 0 || limits.budget.is_some() {
                self.scopes.entry(scope.clone()).or_default().charged += cost;
            }
        }
    }

    fn let_go(&mut self, call: &Call) {
        for (scope, limits) in &call.wish.scopes {
            let counters = self.scopes.entry(scope.clone()).or_default();
            counters.held -= limits.budget.map_or(0, |budget| call.wish.held_of(budget));
            counters.parallel -= i64::from(limits.parallel.is_some());
        }
    }

    /// In windows that have not changed since and are not over, the tokens are those that were used. What was used beyond
    /// what was counted counts in any other.
    fn correct(&mut self, call: &Call, tokens: i64, now: i64) {
        for (scope, limits) in call.wish.scopes.iter().filter(|(_, limits)| limits.tokens.is_some()) {
            let counted = call.wish.tokens_of(limits.tokens);
            let window = self.scopes.get_mut(scope).and_then(|counters| counters.window.as_mut());
            let more = tokens - counted;
            let is_its_own = |window: &Window| window.start <= call.at && now - call.at < MINUTE;
            if let Some(window) = window.filter(|window| is_its_own(window) || more > 0) {
                window.tokens += more;
            }
        }
    }

    fn become_(&mut self, call: usize, state: State) {
        if let Some(known) = self.calls.get_mut(&call) {
            known.state = state;
        }
    }
}

impl Window {
    pub(crate) fn is_open(&self, now: i64) -> bool {
        now < self.start + MINUTE
    }
}

/// When a period ends that runs at `now`.
pub(crate) fn end_of(period: &str, now: i64) -> i64 {
    let next = |step: i64| (now / step + 1) * step;
    match period {
        "30s" => next(30_000),
        "1h" => next(60 * MINUTE),
        "1d" => next(DAY),
        "1mo" => first_of_next_month(now),
        other => panic!("no such period: {other}"),
    }
}

fn first_of_next_month(now: i64) -> i64 {
    let mut day = 0;
    for year in 1970.. {
        for month in 1..=12 {
            day += days_in(month, year);
            if day * DAY > now {
                return day * DAY;
            }
        }
    }
    0
}

fn days_in(month: i64, year: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 31,
    }
}
