//! Fields that calls of models must have, as the file asks: `enforce_user_param`, `enforced_params`,
//! `service_account_settings`. Read here; calls are judged above.

use serde::{Deserialize, Deserializer};

/// The field that says who the end user is.
pub const USER: &str = "user";

/// Names of fields; a dot leads into an object, as in `metadata.generation_name`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequiredFields {
    /// Of every call.
    pub everyone: Vec<String>,
    /// Beside them, of calls with a key that belongs to a team and to no user.
    pub service_accounts: Vec<String>,
}

impl RequiredFields {
    /// Those of the settings; `user` is one where `enforce_user_param` says so.
    pub fn of(enforced: &[String], user_is_enforced: bool, service_accounts: &[String]) -> Self {
        let user = user_is_enforced.then(|| USER.to_owned());
        let everyone = user.into_iter().chain(enforced.iter().cloned()).collect();
        Self { everyone, service_accounts: service_accounts.to_vec() }
    }
}

/// `service_account_settings`: a map, or a list of maps.
///
/// # Errors
/// It is something else, or has another member than `enforced_params`.
pub fn of_service_accounts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        #[serde(default)]
        enforced_params: Vec<String>,
    }
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "must be a map with `enforced_params`, a list of names of fields")]
    enum Said {
        Map(Settings),
        List(Vec<Settings>),
    }
    Ok(match Said::deserialize(deserializer)? {
        Said::Map(settings) => settings.enforced_params,
        Said::List(list) => list.into_iter().flat_map(|settings| settings.enforced_params).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_settings_of_service_accounts_are_a_map_or_a_list_of_maps() {
        let of = |said: serde_json::Value| of_service_accounts(said);
        assert_eq!(of(json!({"enforced_params": ["user"]})).unwrap(), ["user"]);
        assert_eq!(
            of(json!([{"enforced_params": ["user"]}, {"enforced_params": ["tags"]}])).unwrap(),
            ["user", "tags"]
        );
        for wrong in [json!(["user"]), json!({"enforced": []}), json!("user")] {
            assert!(of(wrong).is_err());
        }
    }
}
