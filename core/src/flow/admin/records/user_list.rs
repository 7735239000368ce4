//! `GET /user/list`: which users there are, page by page.

use super::record_admin::RecordAdmin;
use super::render;
use crate::auth::key_listing::KeyFilter;
use crate::auth::records::{RecordId, RecordKind, RecordListing};
use crate::auth::rights::Actor;
use crate::flow::admin::error::AdminError;
use crate::flow::admin::listing::{order, paged};
use crate::flow::admin::params::Params;
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// What users can be ordered by.
#[derive(Clone, Copy)]
enum By {
    Listing(fn(&RecordListing, &RecordListing) -> Ordering),
    Spend,
}

const COLUMNS: [(&str, By); 6] = [
    ("created_at", By::Listing(|a, b| (a.created_at, &a.name).cmp(&(b.created_at, &b.name)))),
    ("user_id", By::Listing(|a, b| a.name.cmp(&b.name))),
    ("user_email", By::Listing(|a, b| a.user_email.cmp(&b.user_email))),
    ("user_alias", By::Listing(|a, b| a.alias.cmp(&b.alias))),
    ("user_role", By::Listing(|a, b| a.user_role.cmp(&b.user_role))),
    ("spend", By::Spend),
];

impl RecordAdmin {
    /// Users that the caller may see, page by page, newest first unless `sort_by` and `sort_order` say otherwise; filtered by
    /// `role`, `user_ids`, `sso_user_ids`, `user_email` (a part of it) and `team`.
    ///
    /// # Errors
    /// [`AdminError::Form`] for a page, a size or an order that cannot be.
    pub async fn list_users(&self, actor: &Actor, params: &Params) -> Result<Value, AdminError> {
        let page = params.number("page", 1, 1..=1 << 32)?;
        let size = params.number("page_size", 25, 1..=100)?;
        let (by, direction) = order(params, &COLUMNS)?;
        let mut listings = self.users_asked_for(actor, params).await?;
        match by {
            By::Listing(compare) => listings.sort_by(|a, b| direction.of(compare(a, b))),
            By::Spend => {
                let mut spent = Vec::with_capacity(listings.len());
                for listing in listings {
                    spent.push((self.records.totals(&listing.id(RecordKind::User)).await?.spend(), listing));
                }
                spent.sort_by(|(a, _), (b, _)| direction.of(a.cmp(b)));
                listings = spent.into_iter().map(|(_, listing)| listing).collect();
            }
        }
        let mut users = Vec::new();
        for listing in paged(&listings, page, size) {
            let Some(stored) = self.records.get(&listing.id(RecordKind::User)).await? else { continue };
            let own = KeyFilter { user_id: Some(listing.name.clone()), ..KeyFilter::default() };
            let keys = self.keys.keys.list(&own).await?;
            let mut user = render::user(&stored, &self.records.teams_of(&listing.name).await?);
            user.insert("key_count".to_owned(), keys.len().into());
            users.push(Value::Object(user));
        }
        let total = listings.len() as u64;
        let pages = total.div_ceil(size);
        Ok(json!({"users": users, "total": total, "page": page, "page_size": size, "total_pages": pages}))
    }

    /// A report (`results`) on users by their `user_id`, with the addresses of those whom the caller may see.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn with_addresses(&self, actor: &Actor, mut report: Value) -> Result<Value, AdminError> {
        for entry in report.get_mut("results").and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(id) = entry.get("user_id").and_then(Value::as_str) else { continue };
            let Some(user) = self.records.record(&RecordId::of(RecordKind::User, id)).await? else { continue };
            let is_seen = actor.scope().sees_user(id, user.text("organization_id"));
            let address = user.text("user_email").filter(|_| is_seen).map(str::to_owned);
            if let (Some(entry), Some(address)) = (entry.as_object_mut(), address) {
                entry.insert("user_email".to_owned(), address.into());
            }
        }
        Ok(report)
    }

    async fn users_asked_for(&self, actor: &Actor, params: &Params) -> Result<Vec<RecordListing>, AdminError> {
        let mut listings = self.records.list(RecordKind::User).await?;
        listings.retain(|user| actor.scope().sees_user(&user.name, user.organization_id.as_deref()));
        let list = |name| -> Option<Vec<&str>> { Some(params.text(name)?.split(',').map(str::trim).collect()) };
        let (role, email) = (params.text("role"), params.text("user_email").map(str::to_lowercase));
        let ids = list("user_ids");
        listings.retain(|user| role.is_none() || role == user.user_role.as_deref());
        listings.retain(|user| ids.as_ref().is_none_or(|ids| ids.contains(&user.name.as_str())));
        let address = |user: &Option<String>| user.as_deref().unwrap_or_default().to_lowercase();
        listings.retain(|user| email.as_deref().is_none_or(|email| address(&user.user_email).contains(email)));
        if let Some(team) = params.text("team") {
            let members = self.records.members(team).await?;
            let members: BTreeSet<&str> = members.iter().map(|member| member.id.name()).collect();
            listings.retain(|user| members.contains(user.name.as_str()));
        }
        let Some(ids) = list("sso_user_ids") else { return Ok(listings) };
        let mut found = Vec::new();
        for listing in listings {
            let record = self.records.record(&listing.id(RecordKind::User)).await?;
            if record.is_some_and(|record| record.text("sso_user_id").is_some_and(|id| ids.contains(&id))) {
                found.push(listing);
            }
        }
        Ok(found)
    }
}
