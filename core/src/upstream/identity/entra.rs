//! An application in Microsoft Entra: its secret is exchanged for a token.
//!
//! Wire format: <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow>

use super::tokens::TokenKey;
use crate::providers::identity::EntraApp;

pub(super) fn key(app: &EntraApp) -> TokenKey {
    TokenKey::of(["entra", &app.token_address, &app.client_id, app.client_secret.expose(), &app.scope])
}

pub(super) fn form(app: &EntraApp) -> [(&str, &str); 4] {
    [
        ("grant_type", "client_credentials"),
        ("client_id", &app.client_id),
        ("client_secret", app.client_secret.expose()),
        ("scope", &app.scope),
    ]
}
