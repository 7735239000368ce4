//! `custom_auth`: the operator's own service that says who callers are.

use super::lenient;
use http::Uri;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// The part of `general_settings` that is about such a service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CustomAuthSettings {
    /// Where it is; `None`: there is none.
    #[serde(rename = "custom_auth", deserialize_with = "service")]
    pub service: Option<CustomAuthService>,
    /// How it is used.
    #[serde(rename = "custom_auth_settings")]
    pub manner: Manner,
}

/// How such a service is used.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Manner {
    /// For whom.
    pub mode: CustomAuthMode,
}

/// Whom such a service is asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CustomAuthMode {
    /// Everybody: virtual keys do not count.
    #[default]
    On,
    /// Those who present no virtual key.
    Auto,
    /// Nobody.
    Off,
}

/// Such a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomAuthService {
    /// One that is asked by HTTP.
    Webhook(Uri),
    /// A Lambda function.
    Lambda {
        /// Its ARN.
        arn: String,
        /// The region that it is in.
        region: String,
    },
}

impl CustomAuthService {
    fn of(text: &str) -> Option<Self> {
        if text.starts_with("arn:") {
            let parts: Vec<&str> = text.split(':').collect();
            return match parts.as_slice() {
                ["arn", _, "lambda", region, _, "function", name, ..] if !region.is_empty() && !name.is_empty() => {
                    Some(Self::Lambda { arn: text.to_owned(), region: (*region).to_owned() })
                }
                _ => None,
            };
        }
        http_address(text).map(Self::Webhook)
    }
}

/// An address that is called by HTTP.
pub fn http_address(text: &str) -> Option<Uri> {
    let address: Uri = text.parse().ok()?;
    let is_http = matches!(address.scheme_str(), Some("http" | "https")) && address.host().is_some();
    is_http.then_some(address)
}

fn service<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<CustomAuthService>, D::Error> {
    let service = CustomAuthService::of(&lenient::text(deserializer)?);
    let wrong = "is neither the address of a webhook (`https://…`) nor the ARN of a Lambda function \
                 (`arn:aws:lambda:…:function:…`); a Python function cannot run here";
    service.map(Some).ok_or_else(|| D::Error::custom(wrong))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_a_webhook_or_a_function() {
        let arn = "arn:aws:lambda:eu-central-1:123456789012:function:who:live";
        let function = CustomAuthService::Lambda { arn: arn.to_owned(), region: "eu-central-1".to_owned() };
        assert_eq!(CustomAuthService::of(arn), Some(function));
        let webhook = "https://who.test/is?x=1";
        assert_eq!(CustomAuthService::of(webhook), Some(CustomAuthService::Webhook(webhook.parse().unwrap())));
        for wrong in ["custom_auth.user_api_key_auth", "ftp://who.test", "arn:aws:s3:::bucket", "arn:aws:lambda:x", ""]
        {
            assert_eq!(CustomAuthService::of(wrong), None, "{wrong}");
        }
    }
}
