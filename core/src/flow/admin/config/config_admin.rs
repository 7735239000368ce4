//! `/config/update`, and the versions behind: what is set now, what was set before, and the way back.

use super::versions::{ConfigVersions, Version, VersionError};
use crate::audit::mask;
use crate::auth::rights::Actor;
use crate::calendar::rfc3339;
use crate::clock::Timestamp;
use crate::config::stored::{ENVIRONMENT, NotStorable, SECTIONS, StoredSettings};
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use crate::flow::admin::params::Params;
use async_trait::async_trait;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Most times a change is tried that meets another.
const ATTEMPTS_MAX: u32 = 16;

/// Versions on a page where nobody says, and at most.
const PAGE_SIZE: u64 = 10;
const PAGE_SIZE_MAX: u64 = 100;

/// Fields of a body with whole sections.
pub const FIELDS: &[Field] = &[
    ("general_settings", Kind::Map),
    ("litellm_settings", Kind::Map),
    ("router_settings", Kind::Map),
    (ENVIRONMENT, Kind::Map),
    ("model_list", Kind::List),
    VERSION,
];

/// The version that a change is made to, where it must be that one.
pub const VERSION: Field = ("version", Kind::Integer);

/// Why a gateway cannot be made of settings: sentences for the administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotServable(pub String);

/// The gateway that the settings are for.
#[async_trait]
pub trait Served: Send + Sync {
    /// What the file says: it counts, and is not changed here.
    fn file(&self) -> &StoredSettings;

    /// Whether a gateway can be made with these settings under the file's; what its operator should know of them.
    ///
    /// # Errors
    /// [`NotServable`] says why not.
    async fn check(&self, settings: &StoredSettings) -> Result<Vec<String>, NotServable>;

    /// Takes in what was stored, so that this process serves it at once.
    async fn changed(&self);

    /// The public names of the models that are served.
    fn model_names(&self) -> Vec<String>;
}

/// The operations on stored settings.
pub struct ConfigAdmin {
    versions: ConfigVersions,
    pub(super) served: Arc<dyn Served>,
    is_on: bool,
}

/// A change that was made.
pub(super) struct Made {
    pub(super) version: Version,
    warnings: Vec<String>,
}

impl ConfigAdmin {
    /// Operations on `versions`, which `served` serves, where `is_on`.
    pub fn new(versions: ConfigVersions, served: Arc<dyn Served>, is_on: bool) -> Self {
        Self { versions, served, is_on }
    }

    /// Sets what the body names, and leaves the rest. What is null is left too, as LiteLLM has it.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Refused`] for settings that cannot be stored or served,
    /// [`AdminError::Stale`], [`AdminError::Busy`].
    pub async fn update(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = body::read(body, FIELDS)?;
        if asked.get("model_list").and_then(Value::as_array).is_some_and(|models| !models.is_empty()) {
            return Err(NotStorable::Section("model_list".to_owned()).into());
        }
        let change = |settings: &mut StoredSettings| {
            for section in SECTIONS {
                let named = asked.get(section).and_then(Value::as_object).into_iter().flatten();
                for (name, value) in named.filter(|(_, value)| !value.is_null()) {
                    self.set(settings, (section, name), value)?;
                }
            }
            Ok(())
        };
        let Made { version, warnings } = self.change(actor, now, &asked, change).await?;
        let mut answer = json!({"message": "Config updated successfully", "version": version.number});
        if let (Some(answer), false) = (answer.as_object_mut(), warnings.is_empty()) {
            answer.insert("warnings".to_owned(), warnings.into());
        }
        Ok(answer)
    }

    /// What is stored now, secrets masked.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn current(&self) -> Result<Value, AdminError> {
        let latest = self.versions.told(None, 1).await?.into_iter().next();
        Ok(latest.map_or_else(|| json!({"version": 0, "settings": {}}), |(number, told)| shown(number, told)))
    }

    /// The versions that are kept, the newest first; from `before` on backwards.
    ///
    /// # Errors
    /// The mistakes of parameters; those of the store.
    pub async fn history(&self, params: &Params) -> Result<Value, AdminError> {
        let before = params.number("before", i64::MAX as u64, 1..=i64::MAX as u64)?;
        let size = params.number("page_size", PAGE_SIZE, 1..=PAGE_SIZE_MAX)?;
        let before = i64::try_from(before).ok().filter(|before| *before < i64::MAX);
        let told = self.versions.told(before, usize::try_from(size).unwrap_or(usize::MAX)).await?;
        let versions: Vec<Value> = told.into_iter().map(|(number, told)| shown(number, told)).collect();
        Ok(json!({ "versions": versions }))
    }

    /// Makes the settings of an earlier version those of now, as a version of its own.
    ///
    /// # Errors
    /// [`AdminError::NoSuchVersion`], and those of [`ConfigAdmin::update`].
    pub async fn roll_back(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        self.on()?;
        let asked = body::read(body, &[VERSION])?;
        let number = version(&asked).ok_or_else(|| Problem::missing(&["body", "version"]))?;
        let earlier = self.versions.get(number).await?.ok_or(AdminError::NoSuchVersion(number))?;
        let change = |settings: &mut StoredSettings| {
            *settings = earlier.settings.clone();
            Ok(())
        };
        let made = self.change(actor, now, &Map::new(), change).await?;
        Ok(json!({
            "message": format!("The settings are those of version {number} again"),
            "version": made.version.number,
        }))
    }

    /// Stores what `change` makes of the settings, as often as others change them meanwhile. A change that changes nothing
    /// makes no version.
    pub(super) async fn change(
        &self,
        actor: &Actor,
        now: Timestamp,
        asked: &Map<String, Value>,
        change: impl Fn(&mut StoredSettings) -> Result<(), AdminError>,
    ) -> Result<Made, AdminError> {
        self.on()?;
        for _ in 0..ATTEMPTS_MAX {
            let before = self.latest().await?;
            if let Some(asked) = version(asked).filter(|asked| *asked != before.number) {
                return Err(AdminError::Stale { asked, current: before.number });
            }
            let mut settings = before.settings.clone();
            change(&mut settings)?;
            if settings == before.settings {
                return Ok(Made { version: before, warnings: Vec::new() });
            }
            let checked = self.served.check(&settings).await;
            let warnings = checked.map_err(|NotServable(why)| AdminError::Refused(why))?;
            let told = json!({"created_at": rfc3339(now), "created_by": actor.user_id, "settings": masked(&settings)});
            let told = told.as_object().cloned().unwrap_or_default();
            let version = Version { number: before.number + 1, told, settings };
            match self.versions.add(&version).await {
                Err(VersionError::Changed) => {}
                done => {
                    done?;
                    self.served.changed().await;
                    return Ok(Made { version, warnings });
                }
            }
        }
        Err(AdminError::Busy)
    }

    /// Changes a setting that is a list, unless the file says it. An empty one goes.
    pub(super) async fn change_list(
        &self,
        actor: &Actor,
        (section, name): (&str, &str),
        now: Timestamp,
        change: impl Fn(&mut Vec<Value>) -> Result<(), AdminError>,
    ) -> Result<(), AdminError> {
        if self.served.file().get(section, name).is_some() {
            return Err(of_file(section, name));
        }
        let change = |settings: &mut StoredSettings| {
            let mut list = settings.get(section, name).and_then(Value::as_array).cloned().unwrap_or_default();
            change(&mut list)?;
            match list.is_empty() {
                true => drop(settings.remove(section, name)),
                false => settings.set(section, name, list.into())?,
            }
            Ok(())
        };
        self.change(actor, now, &Map::new(), change).await.map(drop)
    }

    /// What is stored now; version 0 where nothing ever was.
    pub(super) async fn latest(&self) -> Result<Version, AdminError> {
        let none = || Version { number: 0, told: Map::new(), settings: StoredSettings::default() };
        Ok(self.versions.latest().await?.unwrap_or_else(none))
    }

    /// Sets one setting, unless the file does.
    pub(super) fn set(
        &self,
        settings: &mut StoredSettings,
        (section, name): (&str, &str),
        value: &Value,
    ) -> Result<(), AdminError> {
        match self.served.file().get(section, name) {
            Some(said) if said == value => Ok(()),
            Some(_) => Err(of_file(section, name)),
            None => Ok(settings.set(section, name, value.clone())?),
        }
    }

    /// Whether the table keeps settings.
    pub(super) fn is_on(&self) -> bool {
        self.is_on
    }

    fn on(&self) -> Result<(), AdminError> {
        let reason = "set `general_settings.store_model_in_db: true` (or STORE_MODEL_IN_DB=True) to keep settings in \
                      the table, or change the file";
        if self.is_on { Ok(()) } else { Err(AdminError::Unsupported { field: "config", reason }) }
    }
}

/// Who wants to change what the file says.
pub(super) fn of_file(section: &str, name: &str) -> AdminError {
    AdminError::Refused(format!(
        "{section} key '{name}' is set in the config file and cannot be changed here: change it there, or take it out of \
         the file and restart"
    ))
}

/// The settings as they may be shown.
pub(super) fn masked(settings: &StoredSettings) -> Value {
    let mut shown = Map::new();
    for (section, name, value) in settings.all() {
        let of_section = shown.entry(section).or_insert_with(|| json!({}));
        of_section[name] = masked_one(section, name, value);
    }
    shown.into()
}

/// A setting as it may be shown. Of variables only the names are.
pub(super) fn masked_one(section: &str, name: &str, value: &Value) -> Value {
    let mut named = Map::new();
    named.insert(name.to_owned(), if section == ENVIRONMENT { mask::MASK.into() } else { value.clone() });
    mask::masked(named.into()).get_mut(name).map(Value::take).unwrap_or_default()
}

fn shown(number: i64, mut told: Map<String, Value>) -> Value {
    told.insert("version".to_owned(), number.into());
    told.into()
}

fn version(asked: &Map<String, Value>) -> Option<i64> {
    asked.get("version").and_then(Value::as_i64)
}

impl From<VersionError> for AdminError {
    fn from(error: VersionError) -> Self {
        match error {
            VersionError::Changed => Self::Busy,
            VersionError::Seal(error) => Self::Sealing(error),
            VersionError::Document(error) => error.into(),
        }
    }
}

impl From<NotStorable> for AdminError {
    fn from(error: NotStorable) -> Self {
        Self::Refused(error.to_string())
    }
}
