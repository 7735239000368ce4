//! An account of AWS, as Vault wants it shown: a request to AWS's own "who am I", signed and not sent. Vault sends it and
//! believes the answer.
//!
//! Wire format: <https://developer.hashicorp.com/vault/api-docs/auth/aws#login>

use super::call::CallError;
use super::vault_login::Statement;
use crate::aws::accounts::{Account, key_of};
use crate::aws::signing::{SigningKey, sign_request};
use crate::clock::Timestamp;
use crate::secret::Secret;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, Request};
use serde_json::{Map, Value, json};

const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";
/// The region of AWS's common address, which Vault asks where nobody says another.
const COMMON_REGION: &str = "us-east-1";
const SERVER_ID: HeaderName = HeaderName::from_static("x-vault-aws-iam-server-id");

/// Variables of the environment, by name.
type Variables = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Says who the process is on AWS.
pub struct AwsStatement {
    variables: Variables,
    region: String,
    server_id: Option<String>,
}

impl AwsStatement {
    /// As the environment has it. `server_id` ties the statement to one Vault, where that asks for it.
    pub fn new(variables: Variables, region: Option<String>, server_id: Option<String>) -> Self {
        Self { variables, region: region.unwrap_or_else(|| COMMON_REGION.to_owned()), server_id }
    }

    /// The key of the environment, where it has one; else the machine's is asked for.
    fn key(&self) -> Option<SigningKey> {
        let said = |name| (self.variables)(name).filter(|value| !value.is_empty());
        Some(SigningKey {
            id: said("AWS_ACCESS_KEY_ID")?,
            secret: Secret::new(said("AWS_SECRET_ACCESS_KEY")?),
            session_token: said("AWS_SESSION_TOKEN").map(Secret::new),
        })
    }

    fn address(&self) -> String {
        match self.region.as_str() {
            COMMON_REGION => "https://sts.amazonaws.com/".to_owned(),
            region => format!("https://sts.{region}.amazonaws.com/"),
        }
    }
}

#[async_trait]
impl Statement for AwsStatement {
    async fn fields(&self, now: Timestamp) -> Result<Value, CallError> {
        let account = Account { region: &self.region, key: self.key(), profile: None, role: None };
        let given = Box::pin(key_of(&account, &*self.variables)).await?;
        let address = self.address();
        let mut request = Request::new(Bytes::from_static(BODY.as_bytes()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = address.parse()?;
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");
        request.headers_mut().insert(CONTENT_TYPE, kind);
        if let Some(id) = &self.server_id {
            request.headers_mut().insert(SERVER_ID, HeaderValue::from_str(id)?);
        }
        sign_request(&mut request, &given.key, (&self.region, "sts"), now)?;
        let mut headers = Map::new();
        for (name, value) in request.headers() {
            headers.insert(name.as_str().to_owned(), json!([value.to_str()?]));
        }
        let host = request.uri().host().unwrap_or_default();
        headers.insert(HOST.as_str().to_owned(), json!([host]));
        Ok(json!({
            "iam_http_request_method": "POST",
            "iam_request_url": STANDARD.encode(&address),
            "iam_request_body": STANDARD.encode(BODY),
            "iam_request_headers": STANDARD.encode(Value::Object(headers).to_string()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(name: &str) -> Option<String> {
        match name {
            "AWS_ACCESS_KEY_ID" => Some("AKIDEXAMPLE".to_owned()),
            "AWS_SECRET_ACCESS_KEY" => Some("very-secret".to_owned()),
            "AWS_SESSION_TOKEN" => Some("session".to_owned()),
            _ => None,
        }
    }

    async fn shown(region: Option<&str>) -> (String, Value) {
        let statement =
            AwsStatement::new(Box::new(variables), region.map(str::to_owned), Some("vault.test".to_owned()));
        let fields = statement.fields(Timestamp::from_seconds(1_700_000_000)).await.unwrap();
        let plain = |name: &str| String::from_utf8(STANDARD.decode(fields[name].as_str().unwrap()).unwrap()).unwrap();
        assert_eq!(fields["iam_http_request_method"], "POST");
        assert_eq!(plain("iam_request_body"), BODY);
        assert!(!plain("iam_request_headers").contains("very-secret"));
        (plain("iam_request_url"), serde_json::from_str(&plain("iam_request_headers")).unwrap())
    }

    #[tokio::test]
    async fn the_request_is_signed_with_the_server_it_is_meant_for() {
        let (address, headers) = shown(None).await;
        assert_eq!(address, "https://sts.amazonaws.com/");
        assert_eq!(headers["host"], json!(["sts.amazonaws.com"]));
        assert_eq!(headers["x-vault-aws-iam-server-id"], json!(["vault.test"]));
        assert_eq!(headers["x-amz-security-token"], json!(["session"]));
        let signature = headers["authorization"][0].as_str().unwrap();
        let begins = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20231114/us-east-1/sts/aws4_request, SignedHeaders=\
                      content-type;host;x-amz-date;x-amz-security-token;x-vault-aws-iam-server-id, Signature=";
        assert!(signature.starts_with(begins), "{signature}");
        assert_eq!(shown(Some("eu-west-1")).await.0, "https://sts.eu-west-1.amazonaws.com/");
    }
}
