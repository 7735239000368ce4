//! What new users and new teams get where their maker says nothing (`/get/…_settings`, `/update/…_settings`): the
//! configuration's word, and over it what administrators have said since.

use super::documents;
use super::forms;
use super::record_admin::RecordAdmin;
use crate::auth::records::store::{RECORD_DEFAULTS, TEAM_DEFAULTS, USER_DEFAULTS};
use crate::clock::Timestamp;
use crate::config::RecordDefaults;
use crate::flow::admin::body::{self, Field};
use crate::flow::admin::error::AdminError;
use crate::store::documents::{DocumentError, Documents};
use serde_json::{Map, Value, json};

/// Whose defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defaults {
    /// Of new users.
    User,
    /// Of new teams.
    Team,
}

/// The fields that have defaults, with what each is.
const FIELDS: [(&str, &str, &str); 7] = [
    ("user_role", "string", "Role of the user"),
    ("models", "array", "Public names of the models that may be called"),
    ("max_budget", "number", "The most that may be spent in one period, in dollars"),
    ("budget_duration", "string", "The period of the budget, such as 30d"),
    ("tpm_limit", "integer", "Tokens in a minute"),
    ("rpm_limit", "integer", "Requests in a minute"),
    ("max_parallel_requests", "integer", "Requests in flight at once"),
];

impl Defaults {
    fn id(self) -> &'static str {
        match self {
            Self::User => USER_DEFAULTS,
            Self::Team => TEAM_DEFAULTS,
        }
    }

    fn fields(self) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        FIELDS.into_iter().filter(move |(name, ..)| self == Self::User || *name != "user_role")
    }

    /// Fields of the body that changes them.
    pub fn asked(self) -> Vec<Field> {
        let form = if self == Self::User { &forms::USER } else { &forms::TEAM };
        let mut asked = form.fields();
        asked.retain(|(name, _)| self.fields().any(|(field, ..)| field == *name));
        asked
    }

    fn read(self, body: &[u8]) -> Result<Map<String, Value>, AdminError> {
        body::read(body, &self.asked())
    }
}

impl RecordAdmin {
    /// The defaults as they are.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn defaults(&self, of: Defaults) -> Result<Value, AdminError> {
        let mut known = Map::new();
        self.fill(of, &mut known).await?;
        let values: Map<String, Value> =
            of.fields().map(|(name, ..)| (name.to_owned(), known.get(name).cloned().unwrap_or_default())).collect();
        let schema: Map<String, Value> = of
            .fields()
            .map(|(name, kind, description)| (name.to_owned(), json!({"type": kind, "description": description})))
            .collect();
        let description = "What new records get where their maker says nothing";
        Ok(json!({"values": values, "field_schema": {"description": description, "properties": schema}}))
    }

    /// Changes the defaults that the body names; null goes back to what the configuration says.
    ///
    /// # Errors
    /// The mistakes of a body.
    pub async fn update_defaults(&self, of: Defaults, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = of.read(body)?;
        // Found wrong now rather than when the next record is made.
        crate::limits::Limits::default().read(&asked, now)?;
        let change = |said: &mut Map<String, Value>| {
            for (name, value) in &asked {
                if value.is_null() {
                    said.shift_remove(name);
                } else {
                    said.insert(name.clone(), value.clone());
                }
            }
            Ok(())
        };
        let said = self.said_defaults();
        while documents::change(&said, of.id(), change).await?.is_none() {
            match said.create(of.id(), Map::new()).await {
                Ok(_) | Err(DocumentError::Taken) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let settings = self.defaults(of).await?.get("values").cloned();
        Ok(json!({"message": "The defaults of new records were changed", "status": "success", "settings": settings}))
    }

    /// Adds the defaults to the fields of a request that asks for a new record, where they are missing or null.
    pub(super) async fn fill(&self, of: Defaults, asked: &mut Map<String, Value>) -> Result<(), AdminError> {
        if let Some(said) = self.said_defaults().get(of.id()).await? {
            for (name, value) in said.value {
                if asked.get(&name).is_none_or(Value::is_null) {
                    asked.insert(name, value);
                }
            }
        }
        let configured: &RecordDefaults = if of == Defaults::User { &self.user_defaults } else { &self.team_defaults };
        configured.fill(asked);
        Ok(())
    }

    fn said_defaults(&self) -> Documents {
        self.records.documents(RECORD_DEFAULTS)
    }
}
