//! `GET /key/list` and `GET /key/aliases`: which keys there are, page by page.

use super::key_admin::KeyAdmin;
use super::render;
use crate::auth::key_listing::{KeyFilter, KeyListing};
use crate::auth::key_record::StoredKey;
use crate::auth::key_store::Order;
use crate::auth::rights::{Actor, Standing};
use crate::flow::admin::error::AdminError;
use crate::flow::admin::listing::{Direction, order, paged};
use crate::flow::admin::params::Params;
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::collections::BTreeSet;

const PAGES_MAX: u64 = 1 << 32;

impl KeyAdmin {
    /// The hashes of the keys that the parameters ask for and the caller may see, or the whole records
    /// (`return_full_object`), newest first unless `sort_by` and `sort_order` say otherwise. With `include_team_keys`, those
    /// of teams that the user administers are its too.
    ///
    /// # Errors
    /// [`AdminError::Form`] for a page, a size or an order that cannot be.
    pub async fn list(&self, actor: &Actor, params: &Params) -> Result<Value, AdminError> {
        let page = params.number("page", 1, 1..=PAGES_MAX)?;
        let size = params.number("size", 10, 1..=100)?;
        let full = params.flag("return_full_object")?.unwrap_or(false);
        let (by, direction) = order(params, &COLUMNS)?;
        let text = |name: &str| params.text(name).map(str::to_owned);
        let named = match params.text("key_hash") {
            Some(key) => self.find(Some(key), None).await?.map(|stored| stored.record.hash),
            None => None,
        };
        let teams = match params.text("user_id") {
            Some(user) if params.flag("include_team_keys")? == Some(true) => {
                Standing::read(&self.records, user).await?.administers
            }
            _ => BTreeSet::new(),
        };
        if let (By::Age, true) = (by, actor.is_unbounded() && params.names_none_of(&FILTERS)) {
            return self.page_of_all(direction, (page, size), full).await;
        }
        let filter = KeyFilter {
            hash: named,
            key_alias: text("key_alias"),
            user_id: text("user_id"),
            team_id: text("team_id"),
            organization_id: text("organization_id"),
            or_of_teams: teams,
            among: actor.scope().owners_of_keys(),
        };
        let is_unknown = params.text("key_hash").is_some() && filter.hash.is_none();
        let mut listings = if is_unknown { Vec::new() } else { self.keys.list(&filter).await? };
        listings.retain(|listing| actor.scope().sees_listed_key(listing));
        let total = listings.len() as u64;
        let keys = match by {
            By::Age => {
                listings.sort_by(|a, b| direction.of(a.position().cmp(&b.position())));
                self.shown(&paged(&listings, page, size), full).await?
            }
            By::Listing(compare) => {
                listings.sort_by(|a, b| direction.of(compare(a, b)));
                self.shown(&paged(&listings, page, size), full).await?
            }
            By::Record(compare) => {
                let mut records = self.records(&listings.iter().collect::<Vec<_>>()).await?;
                records.sort_by(|a, b| direction.of(compare(a, b)));
                paged(&records, page, size).into_iter().map(|stored| show(stored, full)).collect()
            }
        };
        Ok(told(keys, total, (page, size)))
    }

    /// A page of all keys, of which no more are read than come before it.
    async fn page_of_all(
        &self,
        direction: Direction,
        (page, size): (u64, u64),
        full: bool,
    ) -> Result<Value, AdminError> {
        let order = if direction == Direction::Ascending { Order::OldestFirst } else { Order::NewestFirst };
        let wanted = usize::try_from(page.saturating_mul(size)).unwrap_or(usize::MAX);
        let listings = self.keys.first(order, wanted).await?;
        let keys = self.shown(&paged(&listings, page, size), full).await?;
        Ok(told(keys, self.keys.count().await?, (page, size)))
    }

    /// The aliases in use among the keys that the caller may see, in alphabetical order.
    ///
    /// # Errors
    /// [`AdminError::Form`] for a page or a size that cannot be.
    pub async fn aliases(&self, actor: &Actor, params: &Params) -> Result<Value, AdminError> {
        let page = params.number("page", 1, 1..=PAGES_MAX)?;
        let size = params.number("size", 50, 1..=100)?;
        let wanted = params.text("search").unwrap_or_default().to_lowercase();
        let filter = KeyFilter { among: actor.scope().owners_of_keys(), ..KeyFilter::default() };
        let mut listings = self.keys.list(&filter).await?;
        listings.retain(|listing| actor.scope().sees_listed_key(listing));
        let mut aliases: Vec<&str> = listings.iter().filter_map(|listing| listing.key_alias.as_deref()).collect();
        aliases.retain(|alias| alias.to_lowercase().contains(&wanted));
        aliases.sort_unstable();
        let total = aliases.len() as u64;
        Ok(json!({
            "aliases": paged(&aliases, page, size),
            "total_count": total,
            "current_page": page,
            "total_pages": total.div_ceil(size),
            "size": size,
        }))
    }

    async fn shown(&self, listings: &[&KeyListing], full: bool) -> Result<Vec<Value>, AdminError> {
        if !full {
            return Ok(listings.iter().map(|listing| listing.hash.as_str().into()).collect());
        }
        Ok(self.records(listings).await?.iter().map(|stored| show(stored, true)).collect())
    }

    async fn records(&self, listings: &[&KeyListing]) -> Result<Vec<StoredKey>, AdminError> {
        let mut records = Vec::with_capacity(listings.len());
        for listing in listings {
            // A key deleted since it was listed is left out.
            records.extend(self.load(&listing.hash).await?);
        }
        Ok(records)
    }
}

fn show(stored: &StoredKey, full: bool) -> Value {
    if full { Value::Object(render::record(stored, true)) } else { stored.record.hash.as_str().into() }
}

fn told(keys: Vec<Value>, total: u64, (page, size): (u64, u64)) -> Value {
    json!({"keys": keys, "total_count": total, "current_page": page, "total_pages": total.div_ceil(size)})
}

/// Parameters that say which keys are asked for.
const FILTERS: [&str; 6] = ["key_hash", "key_alias", "user_id", "team_id", "organization_id", "include_team_keys"];

/// What keys can be ordered by.
#[derive(Clone, Copy)]
enum By {
    /// The order in which they are listed.
    Age,
    Listing(fn(&KeyListing, &KeyListing) -> Ordering),
    Record(fn(&StoredKey, &StoredKey) -> Ordering),
}

const COLUMNS: [(&str, By); 6] = [
    ("created_at", By::Age),
    ("key_alias", By::Listing(|a, b| a.key_alias.cmp(&b.key_alias))),
    ("token", By::Listing(|a, b| a.hash.cmp(&b.hash))),
    ("spend", By::Record(|a, b| a.totals.spend().cmp(&b.totals.spend()))),
    ("max_budget", By::Record(|a, b| a.record.limits.max_budget.cmp(&b.record.limits.max_budget))),
    ("updated_at", By::Record(|a, b| a.record.updated_at.cmp(&b.record.updated_at))),
];
