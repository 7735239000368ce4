//! `/get/allowed_ips`, `/add/allowed_ip` and `/delete/allowed_ip`: where callers may call from (`allowed_ips`), one address
//! or network at a time.

use super::config_admin::ConfigAdmin;
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::AdminError;
use crate::flow::admin::records::forms::required_id;
use serde_json::{Value, json};

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
        self.change_list(actor, SETTING, now, |known| {
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
        self.change_list(actor, SETTING, now, |known| {
            let at = known.iter().position(|other| other == ip).ok_or(AdminError::NoSuchAddress)?;
            known.remove(at);
            Ok(())
        })
        .await?;
        Ok(json!({"message": format!("IP {ip} deleted successfully"), "status": "success"}))
    }
}
