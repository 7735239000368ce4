//! Why a token is not taken. The texts say what the caller or the operator can do, and tell nothing of the token but the
//! names in it that no record has.

use std::error::Error;

/// How a refusal is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not known who calls.
    NotKnown,
    /// It is known, and not allowed.
    NotAllowed,
    /// It cannot be found out at the moment.
    NotNow,
}

/// Why a token is not taken.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It is no token, or none that can be read.
    #[error("the token cannot be read")]
    Malformed,
    /// It is signed in a way that is not taken.
    #[error(
        "the token's `alg` is not accepted. Use RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA"
    )]
    Algorithm,
    /// The issuer has no such key.
    #[error("no key of the issuer has signed this token: its `kid` and `alg` fit none")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("the token's signature is wrong")]
    Signature,
    /// It ends never.
    #[error("the token has no `exp`, so that it would never end")]
    Endless,
    /// It has ended.
    #[error("the token has expired")]
    Expired,
    /// It does not count yet.
    #[error("the token is not valid yet (`nbf`)")]
    NotYet,
    /// Somebody else gave it.
    #[error("the token's `iss` is not an issuer that is trusted here")]
    Issuer,
    /// It was given for somebody else.
    #[error("the token's `aud` is not this gateway's")]
    Audience,
    /// A claim is not what it must be.
    #[error("the token's claim `{0}` is neither a text nor a list of texts")]
    Claim(String),
    /// A header of the proxy in front is not what it must be.
    #[error("the header `{0}`, in which a proxy in front says who calls, cannot be read")]
    Header(String),
    /// The issuer's keys are not known and cannot be fetched.
    #[error("the issuer's keys cannot be fetched at the moment. Try again.")]
    NoKeys(#[source] Option<Box<dyn Error + Send + Sync>>),
    /// Its issuer does not know it, or no longer.
    #[error("the token's issuer says that it does not count (any more)")]
    Inactive,
    /// Who was asked about the caller does not let it in.
    #[error("nobody is known by what was presented (`custom_auth`)")]
    Denied,
    /// Its issuer does not say what it is.
    #[error("the token cannot be checked at the moment. Try again.")]
    NotTold(#[source] Option<Box<dyn Error + Send + Sync>>),
    /// It belongs to nobody.
    #[error(
        "Unmatched token passed in. enforce_rbac is set to True. Token must belong to a proxy admin, team, or user."
    )]
    Unmatched,
    /// It names no team.
    #[error("No team id found in token. Checked team_id field '{0}'")]
    NoTeam(String),
    /// It names no team, and teams say which models may be called.
    #[error("No teams found in token. `enforce_team_based_model_access` is set to True. Token must belong to a team.")]
    NoTeams,
    /// There is no such team.
    #[error("Team doesn't exist in db. Team={0}. Create team via `/team/new` call.")]
    UnknownTeam(String),
    /// There is no such user.
    #[error("User doesn't exist in db. 'user_id'={0}. Create user via `/user/new` call.")]
    UnknownUser(String),
    /// There is no such organization.
    #[error("Organization doesn't exist in db. Organization={0}. Create organization via `/organization/new` call.")]
    UnknownOrganization(String),
    /// The user's mail is not of the domain.
    #[error("the token's user has no e-mail address of the domain that is let in (`user_allowed_email_domain`)")]
    EmailDomain,
    /// The user has none of the roles.
    #[error("the token's user has none of the roles that are let in (`user_allowed_roles`)")]
    UserRole,
    /// No team of the token may use the model.
    #[error(
        "No team has access to the requested model: {model}. Checked teams={teams:?}. Check `/models` to see all available models."
    )]
    NoTeamWithModel {
        /// The model.
        model: String,
        /// The teams.
        teams: Vec<String>,
    },
    /// The claim by which a key would stand for it is not there, and others are not let in.
    #[error("JWT Key Mapping: Required claim '{0}' is missing from the JWT. Access denied.")]
    NoMappedClaim(String),
    /// No key stands for it, and others are not let in.
    #[error("JWT Key Mapping: No registered mapping for {claim}='{value}'. Access denied.")]
    Unregistered {
        /// The claim.
        claim: String,
        /// What it says.
        value: String,
    },
    /// A record could not be made or changed.
    #[error("what the token says of its user and teams cannot be stored at the moment. Try again.")]
    NotStored(#[source] Box<dyn Error + Send + Sync>),
}

impl TokenError {
    /// How it is meant.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Malformed
            | Self::Algorithm
            | Self::UnknownKey
            | Self::Signature
            | Self::Endless
            | Self::Expired
            | Self::NotYet
            | Self::Issuer
            | Self::Audience
            | Self::Claim(_)
            | Self::Header(_)
            | Self::Inactive
            | Self::Denied
            | Self::UnknownUser(_)
            | Self::UnknownTeam(_)
            | Self::UnknownOrganization(_) => Refusal::NotKnown,
            Self::Unmatched
            | Self::NoTeam(_)
            | Self::NoTeams
            | Self::EmailDomain
            | Self::UserRole
            | Self::NoMappedClaim(_)
            | Self::Unregistered { .. }
            | Self::NoTeamWithModel { .. } => Refusal::NotAllowed,
            Self::NoKeys(_) | Self::NotTold(_) | Self::NotStored(_) => Refusal::NotNow,
        }
    }
}
