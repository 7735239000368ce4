//! `/config/field/update`, `/config/field/delete`, `/config/field/info` and `/config/list`: one setting at a time, and what
//! there is to set.

use super::config_admin::{ConfigAdmin, VERSION, masked_one, of_file};
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::config::ledger::{self, Fate, Setting};
use crate::config::stored::StoredSettings;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use crate::flow::admin::params::Params;
use serde_json::{Map, Value, json};

const GENERAL: &str = "general_settings";

/// Sections of which single settings are changed.
const SECTIONS: &[&str] = &[GENERAL, "litellm_settings", "router_settings"];

/// Fields of a body that says one setting.
pub const FIELDS: &[Field] =
    &[("field_name", Kind::Text), ("field_value", Kind::Any), ("config_type", Kind::OneOf(SECTIONS)), VERSION];

impl ConfigAdmin {
    /// Sets one setting.
    ///
    /// # Errors
    /// As [`ConfigAdmin::update`].
    pub async fn set_field(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = body::read(body, FIELDS)?;
        let (section, name) = named(&asked)?;
        let value = asked.get("field_value").ok_or_else(|| Problem::missing(&["body", "field_value"]))?;
        if value.is_null() {
            return Err(AdminError::Refused(format!("`{name}` is unset with POST /config/field/delete")));
        }
        let made = self.change(actor, now, &asked, |settings| self.set(settings, (section, name), value)).await?;
        Ok(row(section, &made.version.settings, made.version.number))
    }

    /// Unsets one setting, so that it is what it is by itself.
    ///
    /// # Errors
    /// [`AdminError::Refused`] for a setting that is not stored, and those of [`ConfigAdmin::update`].
    pub async fn delete_field(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = body::read(body, FIELDS)?;
        let (section, name) = named(&asked)?;
        let change = |settings: &mut StoredSettings| match settings.remove(section, name) {
            Some(_) => Ok(()),
            None if self.served.file().get(section, name).is_some() => Err(of_file(section, name)),
            None => Err(AdminError::Refused(format!("Field name={name} not in config"))),
        };
        let made = self.change(actor, now, &asked, change).await?;
        Ok(row(section, &made.version.settings, made.version.number))
    }

    /// What one setting is, and where that is said.
    ///
    /// # Errors
    /// The mistakes of parameters; [`AdminError::Refused`] for a setting that is none, or is not set.
    pub async fn field(&self, params: &Params) -> Result<Value, AdminError> {
        let name = params.text("field_name").ok_or_else(|| Problem::missing(&["query", "field_name"]))?;
        let section = section(params)?;
        if !is_listed(section, name) {
            return Err(AdminError::Refused(format!("Invalid field={name} passed in.")));
        }
        let stored = self.latest().await?.settings;
        let (value, source) = self.said(&stored, section, name);
        let value = value.ok_or_else(|| AdminError::Refused(format!("Field name={name} is not set")))?;
        let value = masked_one(section, name, value);
        Ok(json!({"field_name": name, "field_value": value, "source": source, "editable": source != CONFIG}))
    }

    /// Every setting of a section, what it means, what it is and where that is said.
    ///
    /// # Errors
    /// The mistakes of parameters; those of the store.
    pub async fn list(&self, params: &Params) -> Result<Value, AdminError> {
        if params.text("config_type").is_none() {
            return Err(Problem::missing(&["query", "config_type"]).into());
        }
        let section = section(params)?;
        let stored = self.latest().await?.settings;
        let listed = ledger::in_section(section).filter(|setting| is_listed(section, setting.name));
        Ok(listed.map(|setting| self.described(&stored, setting)).collect())
    }

    fn described(&self, stored: &StoredSettings, setting: &Setting) -> Value {
        let (section, name) = (setting.section, setting.name);
        let (value, source) = self.said(stored, section, name);
        json!({
            "field_name": name,
            "field_type": field_type(setting),
            "field_description": setting.meaning,
            "field_value": value.map(|value| masked_one(section, name, value)),
            "stored_in_db": value.map(|_| source == DB),
            "field_default_value": default(setting),
            "premium_field": false,
            "nested_fields": null,
            "source": source,
            "editable": source != CONFIG,
        })
    }

    /// What a setting is said to be, and where: in the file, in the table, or nowhere.
    pub(super) fn said<'a>(
        &'a self,
        stored: &'a StoredSettings,
        section: &str,
        name: &str,
    ) -> (Option<&'a Value>, &'static str) {
        match (self.served.file().get(section, name), stored.get(section, name)) {
            (Some(value), _) => (Some(value), CONFIG),
            (None, Some(value)) => (Some(value), DB),
            (None, None) => (None, "default"),
        }
    }
}

/// Where a setting is said: in the file.
const CONFIG: &str = "config";
/// In the table.
const DB: &str = "db";

fn named(asked: &Map<String, Value>) -> Result<(&str, &str), AdminError> {
    let text = |name: &'static str| asked.get(name).and_then(Value::as_str);
    let name = text("field_name").ok_or_else(|| Problem::missing(&["body", "field_name"]))?;
    Ok((text("config_type").ok_or_else(|| Problem::missing(&["body", "config_type"]))?, name))
}

fn section(params: &Params) -> Result<&'static str, AdminError> {
    let asked = params.text("config_type").unwrap_or(GENERAL);
    let known = SECTIONS.iter().find(|section| **section == asked);
    known.copied().ok_or_else(|| {
        let message = "Input should be 'general_settings', 'litellm_settings' or 'router_settings'".to_owned();
        Problem::new("enum", vec!["query".into(), "config_type".into()], message).into()
    })
}

/// Whether a setting stands for itself, and does something.
pub(super) fn is_listed(section: &str, name: &str) -> bool {
    let is_part = name.contains(['.', '[', '*']);
    !is_part && ledger::in_section(section).any(|setting| setting.name == name && setting.fate == Fate::Honoured)
}

fn row(section: &str, settings: &StoredSettings, version: i64) -> Value {
    let values = settings.section(section).map(|(name, value)| (name.clone(), masked_one(section, name, value)));
    json!({"param_name": section, "param_value": values.collect::<Map<_, _>>(), "version": version})
}

/// The type as LiteLLM's dashboard names it.
pub(super) fn field_type(setting: &Setting) -> &'static str {
    match setting.types().next() {
        Some("integer") => "Integer",
        Some("number") => "Float",
        Some("boolean") => "Boolean",
        Some("array") => "List",
        Some("object") => "Dictionary",
        _ => "String",
    }
}

pub(super) fn default(setting: &Setting) -> Value {
    match setting.default {
        "" => Value::Null,
        text => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
    }
}
