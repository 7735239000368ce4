//! `/team/filter/ui` and `/user/filter/ui`: teams and users of which a part of the name is known, for forms that choose one.

use super::record_admin::RecordAdmin;
use super::render;
use crate::auth::records::RecordKind;
use crate::auth::rights::Actor;
use crate::flow::admin::error::AdminError;
use crate::flow::admin::listing::paged;
use crate::flow::admin::params::Params;
use serde_json::{Value, json};
use std::cmp::Reverse;

impl RecordAdmin {
    /// The teams that the caller may see whose `team_id` and `team_alias` hold these texts, the newest first.
    ///
    /// # Errors
    /// [`AdminError::Form`] for a page or a size that cannot be; those of the store.
    pub async fn search_teams(&self, actor: &Actor, params: &Params) -> Result<Value, AdminError> {
        let (page, size) = page_of(params)?;
        let mut teams = self.all(RecordKind::Team).await?;
        teams.retain(|team| {
            let (id, alias) = (team.record.id.name(), team.record.alias.as_deref().unwrap_or_default());
            actor.scope().sees_team(id) && holds(params, "team_id", id) && holds(params, "team_alias", alias)
        });
        teams.sort_by_key(|team| Reverse(team.record.created_at));
        let mut shown = Vec::new();
        for team in paged(&teams, page, size) {
            shown.push(Value::Object(render::team(team, &self.records.members(team.record.id.name()).await?)));
        }
        Ok(shown.into())
    }

    /// The users that the caller may see whose `user_id` and `user_email` hold these texts, or one of them `search`.
    ///
    /// # Errors
    /// As [`RecordAdmin::search_teams`].
    pub async fn search_users(&self, actor: &Actor, params: &Params) -> Result<Value, AdminError> {
        let (page, size) = page_of(params)?;
        let mut users = self.records.list(RecordKind::User).await?;
        users.retain(|user| {
            let (id, email) = (user.name.as_str(), user.user_email.as_deref().unwrap_or_default());
            actor.scope().sees_user(id, user.organization_id.as_deref())
                && holds(params, "user_id", id)
                && holds(params, "user_email", email)
                && (holds(params, "search", id) || holds(params, "search", email))
        });
        users.sort_by_key(|user| Reverse(user.created_at));
        let shown = paged(&users, page, size)
            .into_iter()
            .map(|user| json!({"user_id": user.name, "user_email": user.user_email}));
        Ok(shown.collect())
    }
}

fn page_of(params: &Params) -> Result<(u64, u64), AdminError> {
    Ok((params.number("page", 1, 1..=1 << 32)?, params.number("page_size", 50, 1..=100)?))
}

/// Whether a text holds what is asked for, in whatever case; also where nothing is.
fn holds(params: &Params, name: &str, text: &str) -> bool {
    params.text(name).is_none_or(|wanted| text.to_lowercase().contains(&wanted.to_lowercase()))
}
