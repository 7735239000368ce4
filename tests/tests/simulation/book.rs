//! The books of somebody who sees every write that was done, knows what each call asked for and what the provider billed,
//! and says at once when the table is wrong. Keeps its own sums; reads the table only to compare.

use crate::call::{Call, Row, has_window, parallel_key, window_key};
use postern_core::accounting::spend_row::SpendRow;
use postern_core::admission::hold::{Hold, is_given_up};
use postern_core::clock::Timestamp;
use postern_core::id::RequestId;
use postern_core::store::item::{Item, Key};
use postern_core::store::write::Write;
use postern_tests::plain_table::PlainTable;
use std::collections::{BTreeMap, BTreeSet};

/// How long a window lasts.
pub(crate) const WINDOW_MILLIS: i64 = 60_000;

/// Everything that is known.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) calls: BTreeMap<RequestId, Call>,
    pub(crate) budgets: BTreeMap<Key, Budget>,
    pub(crate) windows: BTreeMap<Key, Window>,
    pub(crate) parallel: BTreeMap<Key, i64>,
    /// Batches of writes that were done.
    pub(crate) steps: u64,
    /// The first thing that was wrong.
    pub(crate) wrong: Option<String>,
}

/// What counts in one item of totals.
#[derive(Default)]
pub(crate) struct Budget {
    /// Of every open hold.
    pub(crate) held: i64,
    /// Of every row.
    pub(crate) charged: i64,
    pub(crate) tokens: i64,
    pub(crate) adjustment: i64,
    /// The highest limit that somebody was admitted under.
    pub(crate) limit_max: i64,
    /// What answers cost more than was held for them, all together; and what calls hold that are charged already, as an
    /// extension that nobody waited for arrived with their settlement. That is held until the sweep comes.
    pub(crate) excess: i64,
    /// What an administrator added.
    pub(crate) added: i64,
    /// What the charges and the adjustment have come to, at each moment since the adjustment last changed.
    pub(crate) values: BTreeSet<i64>,
}

/// The window that was last opened in one scope: who was counted, and with how many tokens.
#[derive(Default)]
pub(crate) struct Window {
    pub(crate) start: Option<i64>,
    pub(crate) counted: Vec<(RequestId, i64)>,
    /// Tokens of calls that an earlier window has counted, which used more than that.
    pub(crate) beyond: i64,
}

/// A batch of writes that was done, and what stood there before.
pub(crate) struct Done<'a> {
    pub(crate) writes: &'a [Write],
    pub(crate) before: &'a [Option<Item>],
    pub(crate) table: &'a PlainTable,
    pub(crate) now: Timestamp,
}

/// What a batch meant, as far as its windows must know.
enum Meant {
    Admitted(RequestId),
    /// Its hold is gone; what it used, where its row says so.
    Ended(RequestId, i64),
    Other,
}

impl Book {
    /// Says that something is wrong. The first wins.
    pub(crate) fn complain(&mut self, complaint: impl FnOnce() -> String) {
        if self.wrong.is_none() {
            self.wrong = Some(complaint());
        }
    }

    pub(crate) fn check(&mut self, holds: bool, complaint: impl FnOnce() -> String) {
        if !holds {
            self.complain(complaint);
        }
    }

    /// A batch of writes was done.
    pub(crate) fn see(&mut self, done: &Done<'_>) {
        self.steps += 1;
        let mut meant = Meant::Other;
        let (mut used, mut charged) = (0, None);
        for (write, before) in done.writes.iter().zip(done.before) {
            match (write.key().partition.split('#').next(), write) {
                (Some("LOG"), Write::Put { item, .. }) => {
                    charged = RequestId::parse(&item.key.sort);
                    used = self.row_stored(item, before.as_ref());
                }
                // Its caller has given up: nothing is held.
                (Some("HOLD"), Write::Put { item, .. }) if is_given_up(item) => {}
                (Some("HOLD"), Write::Put { item, .. }) => meant = self.hold_stored(item),
                (Some("HOLD"), Write::Update { key, .. }) => self.hold_extended(key, done),
                (Some("HOLD"), Write::Delete { key, .. }) => {
                    if let Some(id) = RequestId::parse(&key.sort) {
                        meant = Meant::Ended(id, used);
                        self.hold_removed(id);
                    }
                }
                _ => {}
            }
        }
        let standing = charged.and_then(|id| self.calls.get(&id)?.hold.clone());
        for (key, nanos) in standing.iter().flat_map(amounts_of) {
            self.budgets.entry(key).or_default().excess += nanos;
        }
        for (write, before) in done.writes.iter().zip(done.before) {
            let key = write.key();
            match (key.partition.split('#').next(), key.sort.as_str()) {
                (Some("RATE"), "WINDOW") => self.window_changed(key, &meant, done),
                (Some("RATE"), _) => self.parallel_changed(key, done),
                (Some("KEY"), "KEY") => self.record_changed(write, before.as_ref(), done),
                (_, "SPEND" | "ALL") => self.totals_changed(key, done),
                _ => {}
            }
        }
        match meant {
            Meant::Admitted(id) => self.admitted(id, done),
            Meant::Ended(id, _) => self.ended(id),
            Meant::Other => {}
        }
    }

    fn row_stored(&mut self, item: &Item, before: Option<&Item>) -> i64 {
        let Ok(row) = SpendRow::from_item(item) else {
            self.complain(|| format!("a row that cannot be read: {item:?}"));
            return 0;
        };
        let id = row.request_id;
        let tokens = i64::try_from(row.details.usage.total()).unwrap_or(i64::MAX);
        let is_final = !item.attributes.contains_key("unsettled");
        let row = Row { cost: row.cost.nanos(), tokens, is_final };
        let Some(call) = self.calls.get_mut(&id) else { return tokens };
        let (old, asked, billed) = (call.row.replace(row), call.charged_unsettled(), call.billed);
        let totals: Vec<(Key, i64)> = call.counts_in.iter().map(|key| (key.clone(), call.held_at(key))).collect();
        let is_step = match old {
            None => before.is_none(),
            Some(old) => !old.is_final && is_final,
        };
        self.check(is_step, || format!("{id} is charged again: {old:?}, then {row:?}"));
        let is_true = if is_final { billed == Some(row.cost) } else { row.cost == asked };
        self.check(is_true, || format!("{id} is charged {row:?}, asked for {asked}, billed {billed:?}"));
        for (key, held) in totals {
            let budget = self.budgets.entry(key).or_default();
            budget.charged += row.cost - old.map_or(0, |old| old.cost);
            budget.tokens += row.tokens - old.map_or(0, |old| old.tokens);
            budget.excess += (row.cost - held).max(0);
        }
        tokens
    }

    fn hold_stored(&mut self, item: &Item) -> Meant {
        let Ok((hold, _)) = Hold::from_item(item.clone()) else {
            self.complain(|| format!("a hold that cannot be read: {item:?}"));
            return Meant::Other;
        };
        let id = hold.id;
        let Some(call) = self.calls.get_mut(&id) else { return Meant::Other };
        call.admissions += 1;
        call.extended = 0;
        let scopes = call.scopes.clone();
        let wanted: Vec<(Key, i64, i64)> = call.budgets().collect();
        let amounts: BTreeMap<Key, i64> = wanted.iter().map(|(key, _, nanos)| (key.clone(), *nanos)).collect();
        let is_wanted = amounts == amounts_of(&hold);
        let old = call.hold.replace(hold);
        self.check(is_wanted, || format!("{id} does not hold {wanted:?}"));
        // Replacing a hold gives nothing back, so what it held stays held by nobody.
        self.check(old.is_none(), || format!("{id} is held a second time"));
        for (key, limit, nanos) in wanted {
            let budget = self.budgets.entry(key).or_default();
            budget.held += nanos;
            budget.limit_max = budget.limit_max.max(limit);
        }
        for scope in scopes.iter().filter(|scope| scope.parallel.is_some()) {
            *self.parallel.entry(parallel_key(scope)).or_default() += 1;
        }
        Meant::Admitted(id)
    }

    /// A call holds more of each of its budgets, which is charged where nobody settles it.
    fn hold_extended(&mut self, key: &Key, done: &Done<'_>) {
        let Some(Ok((hold, _))) = done.table.stored(key).map(Hold::from_item) else { return };
        let id = hold.id;
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(old) = call.hold.replace(hold.clone()) else { return };
        let (before, after) = (amounts_of(&old), amounts_of(&hold));
        let mut more: Vec<i64> =
            after.iter().map(|(key, nanos)| nanos - before.get(key).copied().unwrap_or(0)).collect();
        more.dedup();
        call.extended += more.first().copied().unwrap_or(0);
        let limits: Vec<(Key, i64, i64)> = call.budgets().collect();
        self.check(more.len() == 1, || format!("{id} holds {more:?} more of its budgets"));
        for (key, nanos) in after {
            self.budgets.entry(key.clone()).or_default().held += nanos - before.get(&key).copied().unwrap_or(0);
        }
        for (key, limit, _) in limits {
            let used = number(done.table, &key, "used");
            self.check(used <= limit, || format!("{id} is extended with {used} used of {limit} in {key:?}"));
        }
    }

    fn hold_removed(&mut self, id: RequestId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(hold) = call.hold.take() else { return };
        for (key, nanos) in amounts_of(&hold) {
            self.budgets.entry(key).or_default().held -= nanos;
        }
        for scope in call.scopes.iter().filter(|scope| scope.parallel.is_some()) {
            *self.parallel.entry(parallel_key(scope)).or_default() -= 1;
        }
    }

    /// Right after the reservation: no limit is passed.
    fn admitted(&mut self, id: RequestId, done: &Done<'_>) {
        let Some(call) = self.calls.get(&id).cloned() else { return };
        for (totals, limit, _) in call.budgets() {
            let used = number(done.table, &totals, "used");
            self.check(used <= limit, || format!("{id} is admitted with {used} used of {limit} in {totals:?}"));
        }
        for scope in &call.scopes {
            if let Some(limit) = scope.parallel {
                let count = number(done.table, &parallel_key(scope), "count");
                self.check(count <= limit, || format!("{id} is request {count} in flight of {limit}"));
            }
            if has_window(scope) {
                let window = window_key(scope);
                let within =
                    |name, limit: Option<i64>| limit.is_none_or(|limit| number(done.table, &window, name) <= limit);
                let holds = within("requests", scope.requests) && within("tokens", scope.tokens);
                self.check(holds, || format!("{id} passes {scope:?}: {:?}", done.table.stored(&window)));
            }
        }
    }

    /// A hold ends with a row that charges its call, or because its call was never sent.
    fn ended(&mut self, id: RequestId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.given_back += u32::from(call.row.is_none());
        let holds = call.billed.is_none() || call.row.is_some();
        self.check(holds, || format!("{id} was dispatched, and holds nothing though it is not charged"));
    }

    fn window_changed(&mut self, key: &Key, meant: &Meant, done: &Done<'_>) {
        let item = done.table.stored(key);
        let number = |name| item.as_ref().and_then(|item| item.number(name)).unwrap_or(0);
        let start = number("start");
        let is_charged = |id: &RequestId| self.calls.get(id).is_none_or(|call| call.row.is_some());
        let was_never_made = matches!(meant, Meant::Ended(id, _) if !is_charged(id));
        let window = self.windows.entry(key.clone()).or_default();
        let mut complaint = None;
        match meant {
            Meant::Admitted(id) => {
                let Some(call) = self.calls.get(id) else { return };
                let limit = call.scopes.iter().find(|scope| window_key(scope) == *key).and_then(|scope| scope.tokens);
                if window.start != Some(start) {
                    if window.start.is_some_and(|last| start < last + WINDOW_MILLIS) {
                        complaint = Some(format!("a window begins at {start}, in the one of {:?}", window.start));
                    }
                    *window = Window { start: Some(start), ..Window::default() };
                }
                window.counted.push((*id, call.counted(limit)));
                if start <= call.asked_at.millis() - WINDOW_MILLIS {
                    complaint = Some(format!("{id}, of {:?}, counts in a window of {start}", call.asked_at));
                }
            }
            Meant::Ended(id, used) => match window.counted.iter().rposition(|(counted, _)| counted == id) {
                // A call that was never made is no request either.
                Some(at) if was_never_made => drop(window.counted.remove(at)),
                Some(at) => window.counted.iter_mut().skip(at).take(1).for_each(|(_, tokens)| *tokens = *used),
                None => {
                    let call = self.calls.get(id);
                    let scope = call.and_then(|call| call.scopes.iter().find(|scope| window_key(scope) == *key));
                    let counted = call.map_or(0, |call| call.counted(scope.and_then(|scope| scope.tokens)));
                    if was_never_made || *used <= counted {
                        complaint = Some(format!("{id} corrects a window that it was not counted in"));
                    }
                    window.beyond += used - counted;
                }
            },
            Meant::Other => complaint = Some("a window changes without a call".to_owned()),
        }
        let counted = (
            i64::try_from(window.counted.len()).unwrap_or(i64::MAX),
            window.counted.iter().map(|(_, tokens)| tokens).sum::<i64>() + window.beyond,
        );
        if counted != (number("requests"), number("tokens")) {
            complaint = complaint.or_else(|| Some(format!("{counted:?} are counted in {item:?}")));
        }
        if let Some(complaint) = complaint {
            self.complain(|| format!("{complaint} ({key:?})"));
        }
    }

    fn parallel_changed(&mut self, key: &Key, done: &Done<'_>) {
        let (count, counted) = (number(done.table, key, "count"), self.parallel.get(key).copied().unwrap_or(0));
        self.check(count == counted, || format!("{counted} are in flight, {count} are counted: {key:?}"));
    }

    fn totals_changed(&mut self, key: &Key, done: &Done<'_>) {
        let value = |name| number(done.table, key, name);
        let (used, charged, tokens, adjustment) =
            (value("used"), value("spend"), value("tokens"), value("spend_adjustment"));
        let budget = self.budgets.entry(key.clone()).or_default();
        let taken = budget.adjustment - adjustment;
        let is_period = done.writes.len() > 1 && taken != 0;
        let mut complaint = None;
        if is_period && !budget.values.contains(&taken) {
            complaint = Some(format!("a new period takes {taken} off, which was never what counted"));
        }
        if !is_period {
            budget.added += (-taken).max(0);
        }
        if taken != 0 {
            budget.adjustment = adjustment;
            budget.values.clear();
        }
        // A counter of its own knows no more than what is used; only keys count tokens.
        let charged = if key.sort == "ALL" { budget.charged } else { charged };
        let tokens = if key.partition.starts_with("KEY#") { tokens } else { budget.tokens };
        budget.values.insert(charged + adjustment);
        if (charged, tokens) != (budget.charged, budget.tokens) {
            let rows = (budget.charged, budget.tokens);
            complaint = complaint.or_else(|| Some(format!("totals of {:?} for rows of {rows:?}", (charged, tokens))));
        }
        let most = budget.limit_max + budget.excess + budget.added;
        if used > most {
            complaint = complaint.or_else(|| Some(format!("{used} used, where {most} is the most")));
        }
        let held = budget.held;
        if used != charged + adjustment + held {
            let say = format!("{used} used, but {charged} charged, {adjustment} adjusted, {held} held");
            complaint = complaint.or(Some(say));
        }
        if let Some(complaint) = complaint {
            self.complain(|| format!("{complaint} ({key:?})"));
        }
    }
}

/// What a hold holds of budgets, and where.
fn amounts_of(hold: &Hold) -> BTreeMap<Key, i64> {
    let amounts = hold.totals().chain(hold.counters()).filter(|(_, nanos)| *nanos != 0);
    amounts.map(|(key, nanos)| (key.clone(), nanos)).collect()
}

pub(crate) fn number(table: &PlainTable, key: &Key, name: &str) -> i64 {
    table.stored(key).and_then(|item| item.number(name)).unwrap_or(0)
}
