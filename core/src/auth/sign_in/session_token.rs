//! What a browser keeps of a sign-in, in the form that LiteLLM's dashboard reads: who signed in, and the session's key. It
//! opens nothing here by itself.
//!
//! Wire format: RFC 7515 with HS256.

use crate::clock::Timestamp;
use crate::crypto::CipherKey;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

/// Who signed in.
#[derive(Debug)]
pub struct Session<'s> {
    /// The user.
    pub user: &'s str,
    /// Its mail address.
    pub email: Option<&'s str>,
    /// Its role.
    pub role: &'s str,
    /// The session's key.
    pub key: &'s Secret,
    /// The header that keys go in.
    pub header: &'s str,
    /// When the session ends.
    pub ends: Timestamp,
}

impl Session<'_> {
    /// The token, signed.
    pub fn token(&self, key: &CipherKey) -> Secret {
        let claims = json!({
            "user_id": self.user,
            "key": self.key.expose(),
            "user_email": self.email,
            "user_role": self.role,
            "login_method": "sso",
            "premium_user": true,
            "auth_header_name": self.header,
            "disabled_non_admin_personal_key_creation": false,
            "server_root_path": "",
            "password_reset_required": false,
            "exp": self.ends.seconds(),
        });
        let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let message = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()));
        Secret::new(format!("{message}.{signature}"))
    }
}
