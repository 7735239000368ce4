//! `/get/allowed_ips`, `/add/allowed_ip` and `/delete/allowed_ip`: where callers may call from (`allowed_ips`), one address
//! or network at a time.

use super::config_admin::{ConfigAdmin, of_file};
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::config::stored::StoredSettings;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::AdminError;
use crate::flow::admin::records::forms::required_id;
use serde_json::{Map, Value, json};

/// Fields of a body that names an address or a network.
pub const FIELDS: &[Field] = &[("ip", Kind::Text)];

const SETTING: (&str, &str) = ("general_settings", "allowed_ips");

impl ConfigAdmin {
    /// The addresses and networks; null: callers from everywhere are let in.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn allowed_ips(&self) -> Result<Value, AdminError> {
        let stored = self.latest().await?.settings;
        let (section, name) = SETTING;
        let said = self.served.file().get(section, name).or_else(|| stored.get(section, name));
        Ok(json!({ "data": said }))
    }

    /// Lets callers in from one more. With the first, those from elsewhere stay out.
    ///
    /// # Errors
    /// The mistakes of a body, and those of [`ConfigAdmin::update`].
    pub async fn add_allowed_ip(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = body::read(body, FIELDS)?;
        let ip = required_id(&asked, "ip")?;
        self.change_allowed(actor, now, |known| {
            if known.iter().any(|other| other == ip) {
                return Err(AdminError::Refused("IP address already exists".to_owned()));
            }
            known.push(ip.into());
            Ok(())
        })
        .await?;
        Ok(json!({"message": format!("IP {ip} address added successfully"), "status": "success"}))
    }

    /// Lets callers in from one less. Without the last, they are let in from everywhere.
    ///
    /// # Errors
    /// [`AdminError::NoSuchAddress`], and those of [`ConfigAdmin::update`].
    pub async fn delete_allowed_ip(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = body::read(body, FIELDS)?;
        let ip = required_id(&asked, "ip")?;
        self.change_allowed(actor, now, |known| {
            let at = known.iter().position(|other| other == ip).ok_or(AdminError::NoSuchAddress)?;
            known.remove(at);
            Ok(())
        })
        .await?;
        Ok(json!({"message": format!("IP {ip} deleted successfully"), "status": "success"}))
    }

    async fn change_allowed(
        &self,
        actor: &Actor,
        now: Timestamp,
        change: impl Fn(&mut Vec<Value>) -> Result<(), AdminError>,
    ) -> Result<(), AdminError> {
        let (section, name) = SETTING;
        if self.served.file().get(section, name).is_some() {
            return Err(of_file(section, name));
        }
        let change = |settings: &mut StoredSettings| {
            let mut known = settings.get(section, name).and_then(Value::as_array).cloned().unwrap_or_default();
            change(&mut known)?;
            match known.is_empty() {
                true => drop(settings.remove(section, name)),
                false => settings.set(section, name, known.into())?,
            }
            Ok(())
        };
        self.change(actor, now, &Map::new(), change).await.map(drop)
    }
}
