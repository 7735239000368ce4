//! From what a token says to who that is here. Pure: settings and claims in, a caller out; whether the records it names
//! are there is not known yet.

use super::claims::{scopes, text, texts};
use super::error::TokenError;
use crate::config::{InternalRole, JwtAuth, UserRole};
use crate::limits::Limits;
use serde_json::{Map, Value};

/// In a list of routes or models: none. An empty list would mean all.
const NOTHING: &str = "no-default-models";

/// What a token speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpeaksFor {
    /// An administrator.
    Admin,
    /// A team, or a user, or both.
    Known,
    /// Nobody that is known here.
    Nobody,
}

/// The teams of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Teams {
    /// This one.
    One(String),
    /// One of these: the first that may use the model.
    AnyOf(Vec<String>),
}

/// Who presents a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    /// What it speaks for.
    pub speaks_for: SpeaksFor,
    /// Who the issuer knows the bearer as: stays the same from token to token.
    pub subject: String,
    /// The user's id.
    pub user: Option<String>,
    /// The user's e-mail address.
    pub email: Option<String>,
    /// The teams.
    pub teams: Teams,
    /// The organization's id.
    pub organization: Option<String>,
    /// The end user.
    pub end_user: Option<String>,
    /// The role that the user is to have, where the token decides it.
    pub role: Option<UserRole>,
    /// Whether its user and its team count without a record here.
    pub may_be_unknown: bool,
    /// What may be called, by the bearer's standing; empty: what its role may.
    pub routes: Vec<String>,
    /// What may be called, by its scopes; `None`: they do not say.
    pub scope_routes: Option<Vec<String>>,
    /// Models that its scopes let it call; empty: they do not decide.
    pub models: Vec<String>,
    /// What the caller itself may spend, and how fast.
    pub limits: Limits,
}

impl Teams {
    /// The teams' ids.
    pub fn ids(&self) -> &[String] {
        match self {
            Self::One(team) => std::slice::from_ref(team),
            Self::AnyOf(teams) => teams,
        }
    }
}

/// Who presents a token with these claims.
///
/// # Errors
/// [`TokenError`]: nobody who is let in.
pub fn identify(settings: &JwtAuth, claims: &Map<String, Value>) -> Result<Identified, TokenError> {
    let read = |field: &Option<String>| field.as_deref().map_or(Ok(None), |name| text(claims, name));
    let list = |field: &Option<String>| field.as_deref().map_or(Ok(Vec::new()), |name| texts(claims, name));
    let scopes = scopes(claims)?;
    let email = read(&settings.user_email_jwt_field)?;
    let mut user = read(&settings.user_id_jwt_field)?.or_else(|| email.clone());
    let mut teams = teams(settings, claims)?;
    let roles = list(&settings.roles_jwt_field)?;
    let user_roles = list(&settings.user_roles_jwt_field)?;
    let is_allowed_role = settings.user_allowed_roles.as_ref().map(|allowed| among(allowed, &user_roles));
    let standing = if scopes.contains(&settings.admin_jwt_scope) {
        Some(InternalRole::ProxyAdmin)
    } else if !teams.ids().is_empty() {
        Some(InternalRole::Team)
    } else if user.is_some() || is_allowed_role == Some(true) {
        Some(InternalRole::InternalUser)
    } else {
        let mappings = settings.role_mappings.iter().flatten();
        mappings.clone().find(|mapping| roles.contains(&mapping.role)).map(|mapping| mapping.internal_role)
    };
    match (standing, read(&settings.object_id_jwt_field)?) {
        (Some(InternalRole::Team), Some(id)) if teams.ids().is_empty() => teams = Teams::One(id),
        (Some(InternalRole::InternalUser), Some(id)) if user.is_none() => user = Some(id),
        _ => {}
    }
    let is_admin = standing == Some(InternalRole::ProxyAdmin);
    if !is_admin {
        let (email, user) = (email.as_deref(), user.as_deref());
        check(settings, (standing, user, &teams), email, is_allowed_role)?;
    }
    let speaks_for = match standing {
        Some(InternalRole::ProxyAdmin) => SpeaksFor::Admin,
        _ if user.is_some() || !teams.ids().is_empty() => SpeaksFor::Known,
        _ => SpeaksFor::Nobody,
    };
    let (models, scope_routes) = by_scope(settings, &scopes);
    let routes = match speaks_for {
        SpeaksFor::Admin => or_none(settings.admin_allowed_routes.clone()),
        SpeaksFor::Nobody => or_none(settings.public_allowed_routes.clone()),
        SpeaksFor::Known if teams.ids().is_empty() => Vec::new(),
        SpeaksFor::Known => or_none(settings.team_allowed_routes.clone()),
    };
    Ok(Identified {
        speaks_for,
        subject: subject(claims, user.as_deref()),
        role: role(settings, &roles),
        may_be_unknown: false,
        organization: read(&settings.org_id_jwt_field)?,
        end_user: read(&settings.end_user_id_jwt_field)?,
        user,
        email,
        teams,
        routes,
        scope_routes,
        models,
        limits: Limits::default(),
    })
}

/// Whether a token that is no administrator's is let in.
fn check(
    settings: &JwtAuth,
    (standing, user, teams): (Option<InternalRole>, Option<&str>, &Teams),
    email: Option<&str>,
    is_allowed_role: Option<bool>,
) -> Result<(), TokenError> {
    if settings.enforce_rbac && (standing.is_none() || user.is_none() && teams.ids().is_empty()) {
        return Err(TokenError::Unmatched);
    }
    if let Some(domain) = settings.user_allowed_email_domain.as_deref().filter(|_| user.is_some()) {
        let own = email.and_then(|email| email.rsplit_once('@')).map(|(_, own)| own);
        if !own.is_some_and(|own| own.eq_ignore_ascii_case(domain.trim_start_matches('@'))) {
            return Err(TokenError::EmailDomain);
        }
    }
    if user.is_some() && is_allowed_role == Some(false) {
        return Err(TokenError::UserRole);
    }
    if teams.ids().is_empty() {
        if settings.enforce_team_based_model_access {
            return Err(TokenError::NoTeams);
        }
        if let Some(field) = &settings.team_id_jwt_field {
            return Err(TokenError::NoTeam(field.clone()));
        }
    }
    Ok(())
}

/// The team that the token names, else those that it lists, else the one of tokens that name none.
fn teams(settings: &JwtAuth, claims: &Map<String, Value>) -> Result<Teams, TokenError> {
    if let Some(field) = &settings.team_id_jwt_field
        && let Some(team) = text(claims, field)?
    {
        return Ok(Teams::One(team));
    }
    let mut listed = match &settings.team_ids_jwt_field {
        Some(field) => texts(claims, field)?,
        None => Vec::new(),
    };
    let mut seen = std::collections::BTreeSet::new();
    listed.retain(|team| seen.insert(team.clone()));
    match &settings.team_id_default {
        Some(team) if listed.is_empty() => Ok(Teams::One(team.clone())),
        _ => Ok(Teams::AnyOf(listed)),
    }
}

/// The models and routes of the token's scopes, where they decide.
fn by_scope(settings: &JwtAuth, scopes: &[String]) -> (Vec<String>, Option<Vec<String>>) {
    if !settings.enforce_scope_based_access {
        return (Vec::new(), None);
    }
    let held = || settings.scope_mappings.iter().flatten().filter(|mapping| scopes.contains(&mapping.scope));
    let models = held().flat_map(|mapping| mapping.models.iter().cloned()).collect();
    let routes: Vec<_> = held().flat_map(|mapping| mapping.routes.iter().cloned()).collect();
    (or_none(models), Some(routes).filter(|routes| !routes.is_empty()))
}

/// The role that the user gets.
fn role(settings: &JwtAuth, roles: &[String]) -> Option<UserRole> {
    let map = settings.jwt_litellm_role_map.iter().flatten().filter(|_| settings.sync_user_role_and_teams);
    let mut fitting = map.filter(|mapping| roles.iter().any(|role| fits(&mapping.jwt_role, role)));
    fitting.next().map(|mapping| mapping.litellm_role)
}

/// Whether a pattern with `*` and `?` fits all of a text.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // What of the text the pattern so far can have taken.
    let mut reached = vec![false; text.len() + 1];
    reached.first_mut().into_iter().for_each(|start| *start = true);
    for wanted in pattern {
        let mut next = vec![false; text.len() + 1];
        for (at, slot) in next.iter_mut().enumerate() {
            let before = at.checked_sub(1);
            let was = |at: usize| reached.get(at).copied().unwrap_or(false);
            *slot = match wanted {
                '*' => (0..=at).any(was),
                '?' => before.is_some_and(was),
                _ => before.is_some_and(|before| was(before) && text.get(before) == Some(&wanted)),
            };
        }
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

fn subject(claims: &Map<String, Value>, user: Option<&str>) -> String {
    let said = |name: &str| claims.get(name).and_then(Value::as_str);
    let bearer = said("sub").or_else(|| said("client_id")).or_else(|| said("azp")).or(user).unwrap_or_default();
    format!("{}\n{bearer}", said("iss").unwrap_or_default())
}

fn among(list: &[String], wanted: &[String]) -> bool {
    wanted.iter().any(|one| list.contains(one))
}

fn or_none(list: Vec<String>) -> Vec<String> {
    if list.is_empty() { vec![NOTHING.to_owned()] } else { list }
}
