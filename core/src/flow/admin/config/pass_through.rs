//! `/config/pass_through_endpoint`: paths of the operator's own (`pass_through_endpoints`), one at a time.

use super::config_admin::{ConfigAdmin, masked_one};
use super::fields::{default, field_type};
use crate::audit::mask::{self, MASK};
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::config::ledger::{self, Fate};
use crate::config::pass_through::{SETTING, usual_id};
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use crate::flow::admin::params::Params;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Fields of a body that says what an endpoint is. `is_from_config` is told and never taken.
pub const FIELDS: &[Field] = &[
    ("id", Kind::Text),
    ("path", Kind::Text),
    ("target", Kind::Text),
    ("headers", Kind::Map),
    ("default_query_params", Kind::Map),
    ("include_subpath", Kind::Flag),
    ("forward_headers", Kind::Flag),
    ("cost_per_request", Kind::Number),
    ("timeout", Kind::Number),
    ("auth", Kind::Flag),
    ("guardrails", Kind::Map),
    ("methods", Kind::TextList),
];

/// The parameter that names an endpoint.
const ID: &str = "endpoint_id";

impl ConfigAdmin {
    /// Every endpoint, or the one that the parameters name.
    ///
    /// # Errors
    /// [`AdminError::NotThere`], and those of the store.
    pub async fn endpoints(&self, params: &Params) -> Result<Value, AdminError> {
        let stored = self.latest().await?.settings;
        let (section, name) = SETTING;
        let of_file = self.served.file().get(section, name);
        let said = of_file.or_else(|| stored.get(section, name)).and_then(Value::as_array);
        let wanted = params.text(ID);
        let all = said.into_iter().flatten().filter(|entry| wanted.is_none_or(|id| id_of(entry) == id));
        let shown: Vec<Value> = all.map(|entry| shown(entry, of_file.is_some())).collect();
        match wanted {
            Some(id) if shown.is_empty() => Err(not_there(id)),
            _ => Ok(json!({ "endpoints": shown })),
        }
    }

    /// Adds the endpoint of the body.
    ///
    /// # Errors
    /// The mistakes of a body, and those of [`ConfigAdmin::update`].
    pub async fn add_endpoint(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let mut entry = read(body)?;
        for name in ["path", "target"] {
            if entry.get(name).and_then(Value::as_str).is_none_or(str::is_empty) {
                return Err(Problem::missing(&["body", name]).into());
            }
        }
        if entry.get("id").and_then(Value::as_str).is_none_or(str::is_empty) {
            entry.insert("id".to_owned(), new_id(&entry, now).into());
        }
        for (name, value) in &entry {
            unmasked(name, value, None)?;
        }
        let entry = Value::Object(entry);
        self.change_list(actor, SETTING, now, |known| {
            known.push(entry.clone());
            Ok(())
        })
        .await?;
        Ok(json!({"endpoints": [shown(&entry, false)]}))
    }

    /// Changes what the body names of an endpoint. A header whose text is the mask keeps its own.
    ///
    /// # Errors
    /// [`AdminError::NotThere`], and those of [`ConfigAdmin::add_endpoint`].
    pub async fn change_endpoint(
        &self,
        actor: &Actor,
        id: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let named = read(body)?;
        self.change_list(actor, SETTING, now, |known| {
            let at = place_of(known, id)?;
            let entry = known.get_mut(at).and_then(Value::as_object_mut);
            let entry = entry.ok_or_else(|| not_there(id))?;
            for (name, value) in &named {
                let value = unmasked(name, value, entry.get(name))?;
                entry.insert(name.clone(), value);
            }
            Ok(())
        })
        .await?;
        let id = named.get("id").and_then(Value::as_str).unwrap_or(id);
        self.endpoints(&Params::default().with(ID, id)).await
    }

    /// Removes the endpoint that the parameters name, and shows what it was.
    ///
    /// # Errors
    /// [`AdminError::NotThere`], and those of [`ConfigAdmin::update`].
    pub async fn delete_endpoint(&self, actor: &Actor, params: &Params, now: Timestamp) -> Result<Value, AdminError> {
        let id = params.text(ID).ok_or_else(|| Problem::missing(&["query", ID]))?;
        let was = self.endpoints(&Params::default().with(ID, id)).await?;
        self.change_list(actor, SETTING, now, |known| {
            let at = place_of(known, id)?;
            known.remove(at);
            Ok(())
        })
        .await?;
        Ok(was)
    }

    /// What there is to say of an endpoint.
    pub fn endpoint_fields(&self) -> Value {
        let told = |setting: &ledger::Setting| {
            json!({
                "field_name": setting.name,
                "field_type": field_type(setting),
                "field_description": setting.meaning,
                "field_default_value": default(setting),
                "stored_in_db": null,
            })
        };
        let listed = ledger::in_section(SETTING.1).filter(|setting| setting.fate == Fate::WithParent);
        listed.map(told).collect()
    }
}

/// What a body says; what is null is not said.
fn read(body: &[u8]) -> Result<Map<String, Value>, AdminError> {
    let mut said = body::read(body, FIELDS)?;
    said.retain(|_, value| !value.is_null());
    Ok(said)
}

/// The value as it is meant, where what an answer showed was sent back.
fn unmasked(field: &str, value: &Value, before: Option<&Value>) -> Result<Value, AdminError> {
    let hidden = |name: &str| {
        let what = "shows that there is a text and not which one: send the text itself";
        AdminError::Refused(format!("`{name}`: `{MASK}` {what}"))
    };
    let mut value = value.clone();
    if value.as_str().is_some_and(|text| text.contains(MASK)) {
        let is_shown = |known: &&Value| mask::masked(json!({ field: known })).get(field) == Some(&value);
        return before.filter(is_shown).cloned().ok_or_else(|| hidden(field));
    }
    let known = before.and_then(Value::as_object);
    for (name, text) in value.as_object_mut().into_iter().flatten().filter(|(_, text)| *text == MASK) {
        // Names of headers are the same in capitals.
        let same = known.and_then(|known| known.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)));
        *text = same.ok_or_else(|| hidden(&format!("{field}.{name}")))?.1.clone();
    }
    Ok(value)
}

/// An id for an endpoint that is given none: no two are made at once for one path, as only one of them can be stored.
fn new_id(entry: &Map<String, Value>, now: Timestamp) -> String {
    let described = json!([now.millis(), entry.get("path"), entry.get("methods")]).to_string();
    let mut id = hex::encode(Sha256::digest(described.as_bytes()));
    id.truncate(32);
    id
}

/// An endpoint's id: as it was written, else as it is called without one.
fn id_of(entry: &Value) -> String {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let methods = entry.get("methods").and_then(Value::as_array).into_iter().flatten();
    let methods: Vec<&str> = methods.filter_map(Value::as_str).collect();
    text("id").map_or_else(|| usual_id(text("path").unwrap_or_default(), &methods), str::to_owned)
}

fn not_there(id: &str) -> AdminError {
    AdminError::NotThere(format!("Endpoint with ID '{id}' not found"))
}

fn place_of(known: &[Value], id: &str) -> Result<usize, AdminError> {
    let place = known.iter().position(|entry| id_of(entry) == id);
    place.ok_or_else(|| not_there(id))
}

/// An endpoint with what it does not say, secrets masked.
fn shown(entry: &Value, is_from_config: bool) -> Value {
    let mut told = json!({
        "id": "",
        "path": "",
        "target": "",
        "headers": {},
        "default_query_params": {},
        "include_subpath": false,
        "forward_headers": false,
        "cost_per_request": 0.0,
        "timeout": null,
        "auth": true,
        "guardrails": null,
        "methods": null,
    });
    let masked = masked_one(SETTING.0, SETTING.1, entry);
    if let (Some(told), Some(said)) = (told.as_object_mut(), masked.as_object()) {
        told.extend(
            said.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), value.clone())),
        );
        told.insert("id".to_owned(), id_of(entry).into());
        told.insert("is_from_config".to_owned(), is_from_config.into());
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_masked_and_stay_where_they_are_sent_back_masked() {
        let entry =
            json!({"path": "/a", "target": "t", "headers": {"Authorization": "Bearer s", "X-A": "os.environ/A"}});
        let told = shown(&entry, true);
        assert_eq!(told["headers"], json!({"Authorization": "****", "X-A": "os.environ/A"}));
        assert_eq!((&told["id"], &told["auth"], &told["is_from_config"]), (&json!("/a"), &json!(true), &json!(true)));
        let sent = json!({"authorization": "****", "X-A": "b"});
        let meant = json!({"authorization": "Bearer s", "X-A": "b"});
        let of_headers = |sent: &Value| unmasked("headers", sent, entry.get("headers")).ok();
        assert_eq!((of_headers(&sent), of_headers(&json!({"X-New": "****"}))), (Some(meant), None));
        let target = json!("https://u:p@a.test/x");
        let of_target = |sent: &str| unmasked("target", &json!(sent), Some(&target)).ok();
        assert_eq!(of_target("https://b.test"), Some(json!("https://b.test")));
        assert_eq!(of_target("https://****@a.test/x"), Some(target.clone()));
        assert_eq!(of_target("https://****@b.test/x"), None);
    }

    #[test]
    fn an_endpoint_is_named_by_its_id_or_else_by_its_path() {
        let known = [json!({"path": "/a"}), json!({"id": "x", "path": "/b"})];
        assert_eq!((place_of(&known, "/a").ok(), place_of(&known, "x").ok()), (Some(0), Some(1)));
        assert!(place_of(&known, "/b").is_err());
    }
}
