//! What a call under way holds of its limits, as an item of the table until the call is settled.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `HOLD#<shard>` | the call's id | `void`: its caller has given up, so that a reservation that arrives late is refused; ends after a day |
//! | `HOLD#<shard>` | the call's id | `held`: what to give back, as JSON; `until`: when the call is over (ms); the row that is charged where nobody settles it |

use super::counters::{add_to_window, correct_window, count_out};
use crate::calendar::DAY_MILLIS;
use crate::clock::Timestamp;
use crate::id::RequestId;
use crate::store::item::{Item, Key, Value};
use crate::store::table::ReadError;
use crate::store::write::{Change, Condition, Preferred, Write};
use serde::{Deserialize, Serialize};

/// Partitions that holds are spread over.
pub const SHARDS: u8 = 16;

const HELD: &str = "held";
const UNTIL: &str = "until";
const VOID: &str = "void";

/// What a call holds until it is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The call.
    pub id: RequestId,
    /// When the call is over, settled or not.
    pub until: Timestamp,
    pub(super) held: Vec<Held>,
}

/// One thing held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// Of a budget that is counted with a record's totals; 0: the call is charged there, and nothing is held.
    Totals {
        key: Key,
        nanos: i64,
    },
    /// Of a budget that has a counter of its own.
    Counter {
        key: Key,
        nanos: i64,
    },
    Window {
        key: Key,
        /// `None`: it counts requests alone.
        tokens: Option<i64>,
        /// What it has counted of requests: none where the call was counted there before.
        requests: i64,
        counted_at: Timestamp,
    },
    Parallel {
        key: Key,
    },
}

impl Hold {
    /// The running totals that the call is charged to, and how many nano-dollars it holds there.
    pub fn totals(&self) -> impl Iterator<Item = (&Key, i64)> {
        self.held.iter().filter_map(|held| match held {
            Held::Totals { key, nanos } => Some((key, *nanos)),
            Held::Counter { .. } | Held::Window { .. } | Held::Parallel { .. } => None,
        })
    }

    /// The counters of budgets that the call counts in, and how many nano-dollars it holds there.
    pub fn counters(&self) -> impl Iterator<Item = (&Key, i64)> {
        self.held.iter().filter_map(|held| match held {
            Held::Counter { key, nanos } => Some((key, *nanos)),
            Held::Totals { .. } | Held::Window { .. } | Held::Parallel { .. } => None,
        })
    }

    /// The least that the call holds of any budget, in nano-dollars; `None`: it has none.
    pub fn least(&self) -> Option<i64> {
        self.totals().chain(self.counters()).map(|(_, nanos)| nanos).filter(|nanos| *nanos > 0).min()
    }

    /// The writes that end the hold, beside those of its budgets: they fail where it has been ended before, or holds
    /// something else by now, as what is given back must be what is held.
    pub fn ended(&self) -> Vec<Write> {
        let mut writes = vec![Write::Delete { key: place(self.id), when: vec![self.stands()] }];
        writes.extend(self.held.iter().filter_map(|held| match held {
            Held::Parallel { key } => Some(count_out(key)),
            Held::Totals { .. } | Held::Counter { .. } | Held::Window { .. } => None,
        }));
        writes
    }

    /// The writes that make what its windows counted into the `tokens` that were used. They fail where a window has
    /// ended meanwhile. What was used beyond what a window counted is then added to the one that stands: a call that
    /// outlasts its window does not escape the limit. What was not used is given back to no other window.
    pub fn corrected(&self, tokens: i64, now: Timestamp) -> Vec<Preferred> {
        let corrected = |(key, counted, _, at): (&Key, Option<i64>, i64, Timestamp)| {
            let more = tokens.saturating_sub(counted?);
            let beyond = (more > 0).then(|| add_to_window(key, more));
            match is_over(at, now) {
                true => Some(Preferred { write: beyond?, otherwise: None }),
                false if more == 0 => None,
                false => Some(Preferred { write: correct_window(key, more, 0, at), otherwise: beyond }),
            }
        };
        self.windows().filter_map(corrected).collect()
    }

    /// The writes that take the call out of its windows, for one that was never sent. They fail as those of
    /// [`Hold::corrected`] do.
    pub(super) fn uncounted(&self, now: Timestamp) -> Vec<Write> {
        let windows = self.windows().filter(|(.., at)| !is_over(*at, now));
        let windows = windows.map(|(key, tokens, requests, at)| (key, tokens.unwrap_or(0), requests, at));
        let counted = windows.filter(|(_, tokens, requests, _)| (*tokens, *requests) != (0, 0));
        counted.map(|(key, tokens, requests, at)| correct_window(key, -tokens, -requests, at)).collect()
    }

    /// Its windows: what they have counted of tokens and of requests, and when.
    fn windows(&self) -> impl Iterator<Item = (&Key, Option<i64>, i64, Timestamp)> {
        self.held.iter().filter_map(|held| match held {
            Held::Window { key, tokens, requests, counted_at } => Some((key, *tokens, *requests, *counted_at)),
            Held::Totals { .. } | Held::Counter { .. } | Held::Parallel { .. } => None,
        })
    }

    /// The hold as an item that also holds the row `unsettled`.
    pub(super) fn to_item(&self, unsettled: Item) -> Item {
        let held = self.held_text();
        let mut item = Item { key: place(self.id), ..unsettled };
        item.expires_at = None;
        item.with(HELD, held).with(UNTIL, self.until.millis())
    }

    /// The write that makes this hold into `extended`, once, and that charges `more` nano-dollars where the call is
    /// never settled.
    pub(super) fn becomes(&self, extended: &Self, more: i64) -> Write {
        let changes =
            vec![Change::Set(HELD.to_owned(), extended.held_text().into()), Change::Add("spend".to_owned(), more)];
        Write::Update { key: place(self.id), changes, when: vec![self.stands()] }
    }

    /// The hold is there, and holds just this.
    fn stands(&self) -> Condition {
        Condition::Equals(HELD.to_owned(), self.held_text().into())
    }

    fn held_text(&self) -> String {
        let held: Vec<Text<'_>> = self.held.iter().map(Text::of).collect();
        // Numbers and texts always serialise.
        serde_json::to_string(&held).unwrap_or_default()
    }

    /// The hold in an item, and the row of its call as it is charged where nobody settles it.
    ///
    /// # Errors
    /// [`ReadError::Corrupt`] names the item.
    pub fn from_item(mut item: Item) -> Result<(Self, Item), ReadError> {
        let corrupt = || ReadError::Corrupt(format!("hold `{}` / `{}`", item.key.partition, item.key.sort));
        let id = RequestId::parse(&item.key.sort).ok_or_else(corrupt)?;
        let until = item.number(UNTIL).map(Timestamp::from_millis).ok_or_else(corrupt)?;
        let held: Vec<Text<'_>> =
            item.text(HELD).and_then(|text| serde_json::from_str(text).ok()).ok_or_else(corrupt)?;
        let held = held.into_iter().map(Text::into_held).collect();
        item.attributes.retain(|name, _: &mut Value| name != HELD && name != UNTIL);
        Ok((Self { id, until, held }, item))
    }
}

/// Whether a window is over that was open at `counted_at`.
fn is_over(counted_at: Timestamp, now: Timestamp) -> bool {
    now.millis_since(counted_at) >= super::limits::WINDOW_MILLIS
}

/// The partition of one shard.
pub fn partition(shard: u8) -> String {
    format!("HOLD#{shard:x}")
}

/// What stands in the place of a hold that nobody waits for any more. It outlasts whatever may still be on its way.
pub(super) fn given_up(id: RequestId, now: Timestamp) -> Item {
    let mut item = Item::new(place(id)).with(VOID, true);
    item.expires_at = Some(now.plus_millis(DAY_MILLIS));
    item
}

/// The write that removes what stands in the place of a call that holds nothing, whatever has become of it.
pub fn removal(id: RequestId) -> Write {
    Write::Delete { key: place(id), when: Vec::new() }
}

/// Whether a call's place says that its caller has given up.
pub fn is_given_up(item: &Item) -> bool {
    item.attributes.contains_key(VOID)
}

/// Where a call's hold stands.
pub(super) fn place(id: RequestId) -> Key {
    Key::new(partition(id.shard() % SHARDS), id.to_string())
}

/// One thing held, as JSON.
#[derive(Serialize, Deserialize)]
struct Text<'a> {
    /// `t`otals, `c`ounter of a budget, `w`indow, one that counts `r`equests alone, or requests in `p`arallel.
    t: char,
    p: std::borrow::Cow<'a, str>,
    s: std::borrow::Cow<'a, str>,
    #[serde(default, skip_serializing_if = "is_zero")]
    n: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    c: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    r: i64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl<'a> Text<'a> {
    fn of(held: &'a Held) -> Self {
        let at = |t, key: &'a Key, n| Self { t, p: (&*key.partition).into(), s: (&*key.sort).into(), n, c: 0, r: 0 };
        match held {
            Held::Totals { key, nanos } => at('t', key, *nanos),
            Held::Counter { key, nanos } => at('c', key, *nanos),
            Held::Parallel { key } => at('p', key, 0),
            Held::Window { key, tokens, requests, counted_at } => {
                let t = if tokens.is_some() { 'w' } else { 'r' };
                Self { c: counted_at.millis(), r: *requests, ..at(t, key, tokens.unwrap_or(0)) }
            }
        }
    }

    fn into_held(self) -> Held {
        let key = Key::new(self.p, self.s);
        match self.t {
            't' => Held::Totals { key, nanos: self.n },
            'c' => Held::Counter { key, nanos: self.n },
            'p' => Held::Parallel { key },
            t => Held::Window {
                key,
                tokens: (t == 'w').then_some(self.n),
                requests: self.r,
                counted_at: Timestamp::from_millis(self.c),
            },
        }
    }
}
