//! Why somebody is not signed in. The texts say what to do, and tell nothing of codes, tokens and secrets.

use crate::auth::identity::error::{Refusal, TokenError};
use crate::clock::NoEntropy;
use std::error::Error;

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// There is no such provider.
    #[error("there is no provider of this name to sign in with; there are: {0}")]
    NoSuchProvider(String),
    /// The browser has not begun this, or the answer was changed on its way.
    #[error("this sign-in was not begun in this browser, or its answer was changed on the way. Begin again.")]
    Foreign,
    /// It took too long.
    #[error("this sign-in took longer than ten minutes. Begin again.")]
    Late,
    /// The provider's answer names another provider.
    #[error("the answer is from another provider than the one that was asked. Begin again.")]
    OtherProvider,
    /// The person, or the provider, said no.
    #[error("the provider did not sign you in (`{0}`)")]
    Denied(String),
    /// The provider's answer holds no code.
    #[error("the provider's answer holds no `code`. Begin again.")]
    NoCode,
    /// The provider does not take the code.
    #[error("the provider does not take the code of this sign-in: it was used before, or came too late. Begin again.")]
    Code,
    /// The provider does not take the gateway's own name and password, or what it asks for.
    #[error("the provider refuses this gateway's request (`{0}`); an administrator must look at the client's settings")]
    Client(String),
    /// The provider cannot be reached.
    #[error("the provider cannot be reached at the moment. Try again.")]
    Silent(#[source] Option<Box<dyn Error + Send + Sync>>),
    /// What it answers cannot be read.
    #[error("the provider's {0} is not what OpenID Connect asks for; an administrator must look at its settings")]
    Unreadable(&'static str),
    /// The token of the person does not count.
    #[error("the provider's token does not count: {0}")]
    Token(#[source] TokenError),
    /// The token is of another sign-in.
    #[error("the provider's token is of another sign-in (`nonce`). Begin again.")]
    Nonce,
    /// The token and what is told of the person are of two people.
    #[error("the provider's token and its userinfo are of two different people (`sub`)")]
    OtherPerson,
    /// It says not who that is.
    #[error("the provider does not say who you are: neither `{0}` nor `sub` is there")]
    Nobody(String),
    /// The mail address is of no domain that may sign in.
    #[error("only people with a confirmed mail address of these domains may sign in: {0}")]
    Domain(String),
    /// The user is another one's.
    #[error(
        "the user `{0}` is bound to another account at the provider. An administrator can change its `sso_user_id` \
         with `/user/update`."
    )]
    Bound(String),
    /// Several users have the mail address.
    #[error("several users have your mail address. An administrator must set `sso_user_id` of the one that is yours.")]
    Several,
    /// The user is blocked.
    #[error("the user `{0}` is blocked")]
    Blocked(String),
    /// Only administrators sign in.
    #[error("only administrators may sign in here (`ui_access_mode`). The role of `{user}` is {role}.")]
    AdminsOnly {
        /// The user.
        user: String,
        /// Its role.
        role: String,
    },
    /// No sign-in of a command line is known by this id.
    #[error("this sign-in of a command line is not known or over. Run the login command again.")]
    CommandLine,
    /// The id is one that the command line made by itself.
    #[error(
        "this command line makes its own login ids, which anybody could have sent you. Upgrade it (`pip install -U \
         litellm`) and run the login command again."
    )]
    OldCommandLine,
    /// Who asks is not who began it.
    #[error("the polling secret is not the one that this login was begun with")]
    PollSecret,
    /// The code is not the one that the command line shows.
    #[error("this is not the code that your command line shows, or the page is too old. Run the login command again.")]
    UserCode,
    /// The user is not in the team.
    #[error("the user is not in the team `{0}`")]
    Team(String),
    /// No random bytes.
    #[error("nobody can be signed in at the moment. Try again.")]
    NoEntropy(#[from] NoEntropy),
}

/// Words of providers that are about the gateway, and about themselves: RFC 6749 section 4.1.2.1.
const OF_GATEWAY: [&str; 4] = ["invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope"];
const OF_PROVIDER: [&str; 2] = ["server_error", "temporarily_unavailable"];

/// How a refusal is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// What was sent is wrong.
    Wrong,
    /// It is not known who that is.
    NotKnown,
    /// It is known, and not let in.
    NotAllowed,
    /// There is no such thing.
    NotThere,
    /// The provider, or how it is set up, is at fault.
    Provider,
    /// It cannot be found out at the moment.
    NotNow,
}

impl SignInError {
    /// How it is meant.
    pub fn meaning(&self) -> Meaning {
        match self {
            Self::NoSuchProvider(_) => Meaning::NotThere,
            Self::Foreign
            | Self::Late
            | Self::OtherProvider
            | Self::NoCode
            | Self::CommandLine
            | Self::OldCommandLine
            | Self::UserCode => Meaning::Wrong,
            Self::Code | Self::Nonce | Self::OtherPerson | Self::Nobody(_) => Meaning::NotKnown,
            Self::Denied(reason) => denied(reason),
            Self::Domain(_)
            | Self::Bound(_)
            | Self::Several
            | Self::Blocked(_)
            | Self::AdminsOnly { .. }
            | Self::PollSecret
            | Self::Team(_) => Meaning::NotAllowed,
            Self::Client(_) | Self::Unreadable(_) => Meaning::Provider,
            Self::Token(error) => match error.refusal() {
                Refusal::NotNow => Meaning::NotNow,
                Refusal::NotAllowed | Refusal::NotKnown => Meaning::NotKnown,
            },
            Self::Silent(_) | Self::NoEntropy(_) => Meaning::NotNow,
        }
    }
}

/// How it is meant that a provider signs nobody in.
fn denied(reason: &str) -> Meaning {
    match reason {
        reason if OF_GATEWAY.contains(&reason) => Meaning::Provider,
        reason if OF_PROVIDER.contains(&reason) => Meaning::NotNow,
        _ => Meaning::NotAllowed,
    }
}
