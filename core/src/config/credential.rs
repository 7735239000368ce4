//! Credentials that the configuration names, as deployments refer to them.

use crate::secret::Secret;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A credential of `credential_list`.
#[derive(Clone, Debug)]
pub struct ConfiguredCredential {
    /// Its name.
    pub name: String,
    /// Its values, each as text.
    pub values: BTreeMap<String, Secret>,
    /// What is known of it, in the open.
    pub info: Map<String, Value>,
}
