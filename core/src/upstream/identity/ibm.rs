//! A key of IBM Cloud, exchanged for a token.
//!
//! Wire format: <https://cloud.ibm.com/apidocs/iam-identity-token-api#gettoken-apikey>

use super::tokens::TokenKey;
use crate::providers::identity::IbmKey;

pub(super) fn key(account: &IbmKey) -> TokenKey {
    TokenKey::of(["ibm", &account.token_address, account.key.expose()])
}

pub(super) fn form(account: &IbmKey) -> [(&str, &str); 2] {
    [("grant_type", "urn:ibm:params:oauth:grant-type:apikey"), ("apikey", account.key.expose())]
}
