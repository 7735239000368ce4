//! What can go wrong when an administrator acts. Where LiteLLM's clients know a wording, it is that wording; which
//! status and envelope it goes out with is the surface's to say.

use crate::auth::key_store::KeyStoreError;
use crate::auth::records::{RecordId, RecordKind, RecordStoreError};
use crate::clock::NoEntropy;
use crate::crypto::SealError;
use crate::duration::DurationError;
use crate::limits::{LimitError, LimitFault};
use crate::secrets::SecretError;
use crate::store::documents::DocumentError;
use crate::store::table::{ReadError, WriteError};

/// Why an administrator's request was not done.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The body or the parameters do not have the form asked for. Answered as a list under `detail`.
    #[error("the request does not have the form asked for")]
    Form(Vec<Problem>),
    /// An amount of money is negative or no number.
    #[error("{{'error': '{field} must be a non-negative finite number. Received: {value:?}'}}")]
    Amount {
        /// Which field.
        field: String,
        /// What it held.
        value: f64,
    },
    /// The key's lifetime is no duration.
    #[error(transparent)]
    Lifetime(#[from] DurationError),
    /// A budget's period is no duration, or one that no period can have.
    #[error("Invalid budget_duration '{0}'. Use a format like '1h', '24h', '7d', or '30d'.")]
    BudgetPeriod(String),
    /// A chosen key does not begin as keys do.
    #[error("{{'error': \"Invalid key format. LiteLLM Virtual Key must start with 'sk-'. Received: ****\"}}")]
    KeyPrefix,
    /// A chosen key is so short that it could be guessed.
    #[error("{{'error': 'Invalid key format. LiteLLM Virtual Key must be at least {bytes_min} characters long.'}}")]
    KeyTooShort {
        /// Fewest characters.
        bytes_min: usize,
    },
    /// A chosen key exists already.
    #[error("{{'error': 'Key already exists'}}")]
    KeyTaken,
    /// Another key has the alias.
    #[error("Key with alias '{0}' already exists. Unique key aliases across all keys are required.")]
    AliasTaken(String),
    /// The key asked about is not there.
    #[error("Key not found in database")]
    KeyNotInDatabase,
    /// The key to block or unblock is not there.
    #[error("Key not found.")]
    KeyNotFound,
    /// None of the keys to delete is there.
    #[error("{{'error': 'No keys found'}}")]
    NoKeysFound,
    /// There is a record of this id already.
    #[error("{}", taken(.0))]
    Taken(RecordId),
    /// There is no record of this id.
    #[error("{}", missing(.0))]
    Missing(RecordId),
    /// The team whose members are asked about is not there.
    #[error("Team doesn't exist in db. Team={0}. Create team via `/team/new` call.")]
    NoSuchTeam(String),
    /// The user is a member of the team already.
    #[error("User already in team. Member: user_id={user_id}, user_email=None. Existing members={existing}")]
    AlreadyMember {
        /// The user.
        user_id: String,
        /// The members there are, as LiteLLM tells them.
        existing: String,
    },
    /// The user is no member of the team.
    #[error("User not found in team")]
    NotInTeam,
    /// A service account's key names a team that is not there.
    #[error("team_id does not exist in the database. Please specify a valid `team_id` in the request body.")]
    TeamNotFound,
    /// A virtual key asks about another key.
    #[error("You are not allowed to access this key's info. Your role=unknown")]
    ForeignKey,
    /// The caller may call the route, but not for this object.
    #[error("{0}")]
    Forbidden(String),
    /// A field would be more than what it hangs from.
    #[error("`{field}` would be more than that of {whose}. Nobody gives more than they have, or more to themselves.")]
    Wider {
        /// Which field.
        field: &'static str,
        /// What it hangs from.
        whose: String,
    },
    /// A field is for administrators of the proxy alone.
    #[error("`{0}` is for administrators of the proxy alone.")]
    Closed(String),
    /// There is a credential of this name already.
    #[error("Credential '{0}' already exists. Change it with PATCH /credentials/{0}.")]
    CredentialTaken(String),
    /// The credential is one of the configuration's.
    #[error("Credential '{0}' stands in `credential_list` of the configuration. Change it there.")]
    CredentialConfigured(String),
    /// There is no credential of this name.
    #[error("Credential not found. Got credential name: {0}")]
    NoSuchCredential(String),
    /// A value cannot be sealed.
    #[error("It cannot be sealed: {0}")]
    Sealing(SealError),
    /// A date is none.
    #[error("Invalid date format: '{value}' in `{field}`. Expected: YYYY-MM-DD or YYYY-MM-DD HH:MM:SS")]
    Date {
        /// Which parameter.
        field: &'static str,
        /// What it held.
        value: String,
    },
    /// A field asks for something that Postern does not do.
    #[error("`{field}` is not available: {reason}")]
    Unsupported {
        /// Which field.
        field: &'static str,
        /// Why not, and what to do instead.
        reason: &'static str,
    },
    /// There is no stored model of this id.
    #[error("{{'error': 'Model with id={0} not found in db'}}")]
    NoSuchModel(String),
    /// There is no access group of this name.
    #[error("Access group '{0}' not found")]
    NoSuchGroup(String),
    /// A user is no member of a team.
    #[error("User user_id={user} is not a member of team_id={team}.")]
    NoSuchMember {
        /// The team.
        team: String,
        /// The user.
        user: String,
    },
    /// What is named is not there: the sentence says what. No endpoint of this id, nobody who stands in for a model.
    #[error("{0}")]
    NotThere(String),
    /// There is no such version of the settings.
    #[error("There is no version {0} of the settings, or no longer")]
    NoSuchVersion(i64),
    /// The settings are not what a change was made to. Nothing was changed.
    #[error("The settings are at version {current}, not {asked}: read them again, and change them then.")]
    Stale {
        /// What the change was made to.
        asked: i64,
        /// What is there.
        current: i64,
    },
    /// Callers are not let in from there anyway.
    #[error("IP address not found")]
    NoSuchAddress,
    /// There is a mapping of this value of a claim already.
    #[error("A mapping for claim '{claim}' = '{value}' already exists for this issuer.")]
    MappingTaken {
        /// The claim.
        claim: String,
        /// Its value.
        value: String,
    },
    /// There is no such mapping of a claim to a key.
    #[error("Mapping not found")]
    NoSuchMapping,
    /// There is no record of this id in the audit log.
    #[error("Audit log with ID {0} not found")]
    NoSuchAuditLog(String),
    /// What is asked for cannot be done as things are: the sentence says why.
    #[error("{0}")]
    Refused(String),
    /// The record is larger than the store takes. Nothing was done.
    #[error("Its fields take {bytes} bytes together; the most is {limit}. Shorten `metadata`.")]
    TooLarge {
        /// The record's size.
        bytes: usize,
        /// The most it may have.
        limit: usize,
    },
    /// Somebody else kept changing the same record. Nothing was done; try again.
    #[error("It was changed by another request at the same time. Try again.")]
    Busy,
    /// No random bytes for a new key. Nothing was done.
    #[error("No new key can be made at the moment. Try again.")]
    NoEntropy(#[from] NoEntropy),
    /// The secret manager did not take a new key. There is no such key.
    #[error("The key could not be stored in the secret manager, so it was not made. Try again.")]
    NotStored(#[source] SecretError),
    /// The store could not be read. Nothing was done.
    #[error("The store cannot be read at the moment. Try again.")]
    Read(#[from] ReadError),
    /// The store could not be written, or did not say whether it was.
    #[error("The store cannot be written at the moment, and the change may or may not have been made.")]
    Write(#[source] WriteError),
}

impl AdminError {
    /// What is wrong, with every mistake of a form named.
    pub fn told(&self) -> String {
        let Self::Form(problems) = self else { return self.to_string() };
        let told: Vec<String> = problems
            .iter()
            .map(|problem| {
                let place: Vec<String> = problem
                    .place
                    .iter()
                    .map(|step| match step {
                        Step::Field(name) => name.clone(),
                        Step::Index(index) => index.to_string(),
                    })
                    .collect();
                format!("{}: {}", place.join("."), problem.message)
            })
            .collect();
        told.join("; ")
    }
}

/// One thing wrong with a body or its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of mistake it is: `missing`, `list_type`.
    pub kind: &'static str,
    /// Where it stands: `body`, then names of fields and indices.
    pub place: Vec<Step>,
    /// What is wrong, as a sentence.
    pub message: String,
}

/// One step of the way to a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into a field.
    Field(String),
    /// Into a list.
    Index(usize),
}

impl Problem {
    /// Something wrong at a place.
    pub fn new(kind: &'static str, place: Vec<Step>, message: impl Into<String>) -> Self {
        Self { kind, place, message: message.into() }
    }

    /// A required field is missing.
    pub fn missing(place: &[&str]) -> Self {
        let place = place.iter().map(|&field| field.into()).collect();
        Self::new("missing", place, "Field required")
    }

    /// A rule of the whole body is broken.
    pub fn rule(message: &str) -> Self {
        Self::new("value_error", vec!["body".into()], format!("Value error, {message}"))
    }
}

fn taken(id: &RecordId) -> String {
    let name = id.name();
    match id {
        RecordId::Of(RecordKind::Team, _) => {
            format!("{{'error': 'Team id = {name} already exists. Please use a different team id.'}}")
        }
        RecordId::Of(RecordKind::User, _) => format!("{{'error': 'User with id {name} already exists'}}"),
        RecordId::Of(RecordKind::Budget, _) => format!("Budget with id '{name}' already exists."),
        RecordId::Of(RecordKind::Organization, _) => format!("Organization with id '{name}' already exists."),
        RecordId::Of(RecordKind::Tag, _) => format!("Tag {name} already exists"),
        RecordId::Of(RecordKind::Customer, _) => {
            format!("Customer already exists, passed user_id={name}. Please pass a new user_id.")
        }
        RecordId::Member { .. } => format!("User {name} already in team"),
    }
}

fn missing(id: &RecordId) -> String {
    let name = id.name();
    match id {
        RecordId::Of(RecordKind::Team, _) => format!("{{'error': 'Team not found, passed team_id={name}'}}"),
        RecordId::Of(RecordKind::User, _) => format!("User {name} not found"),
        RecordId::Of(RecordKind::Budget, _) => format!("Budget with id '{name}' not found."),
        RecordId::Of(RecordKind::Organization, _) => format!("Organization not found for organization_id={name}"),
        RecordId::Of(RecordKind::Tag, _) => format!("Tag {name} not found"),
        RecordId::Of(RecordKind::Customer, _) => format!("End User Id={name} does not exist in db"),
        RecordId::Member { .. } => "User not found in team".to_owned(),
    }
}

impl From<Problem> for AdminError {
    fn from(problem: Problem) -> Self {
        Self::Form(vec![problem])
    }
}

impl From<&str> for Step {
    fn from(field: &str) -> Self {
        Self::Field(field.to_owned())
    }
}

impl From<LimitError> for AdminError {
    fn from(LimitError { field, fault }: LimitError) -> Self {
        match fault {
            LimitFault::Amount(value) => Self::Amount { field, value },
            LimitFault::Period(written) if field == "budget_duration" => Self::BudgetPeriod(written),
            fault => {
                let place = std::iter::once("body").chain(field.split('.')).map(Step::from).collect();
                let message = format!("Value error, {field} {fault}");
                Problem::new("value_error", place, message).into()
            }
        }
    }
}

impl From<RecordStoreError> for AdminError {
    fn from(error: RecordStoreError) -> Self {
        match error {
            // Those who can say which record it is do so before.
            RecordStoreError::Taken | RecordStoreError::NotFound | RecordStoreError::Changed => Self::Busy,
            RecordStoreError::Read(error) => Self::Read(error),
            RecordStoreError::Write(WriteError::TooLarge { bytes, limit }) => Self::TooLarge { bytes, limit },
            RecordStoreError::Write(error) => Self::Write(error),
        }
    }
}

impl From<DocumentError> for AdminError {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::Taken | DocumentError::Changed => Self::Busy,
            DocumentError::Read(error) => Self::Read(error),
            DocumentError::Write(WriteError::TooLarge { bytes, limit }) => Self::TooLarge { bytes, limit },
            DocumentError::Write(error) => Self::Write(error),
        }
    }
}

impl From<KeyStoreError> for AdminError {
    fn from(error: KeyStoreError) -> Self {
        match error {
            KeyStoreError::AliasTaken(alias) => Self::AliasTaken(alias),
            KeyStoreError::KeyTaken => Self::KeyTaken,
            KeyStoreError::NotFound => Self::KeyNotInDatabase,
            KeyStoreError::Changed => Self::Busy,
            KeyStoreError::Read(error) => Self::Read(error),
            KeyStoreError::Write(WriteError::TooLarge { bytes, limit }) => Self::TooLarge { bytes, limit },
            KeyStoreError::Write(error) => Self::Write(error),
        }
    }
}
