//! What variables and the file make of each provider.

use super::*;
use crate::clock::Timestamp;
use crate::upstream::transport::{Bounds, TransportError, UpstreamBody};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use std::sync::Mutex;

/// Nobody answers; what was asked is kept.
#[derive(Default)]
struct Silent(Mutex<Vec<String>>);

#[async_trait]
impl Transport for Silent {
    async fn send(&self, request: Request<Bytes>, _: Bounds) -> Result<Response<UpstreamBody>, TransportError> {
        self.0.lock().unwrap().push(request.uri().to_string());
        Err(TransportError::NotSent("nobody answers".into()))
    }
}

fn made(kind: SsoKind, variables: &[(&str, &str)], file: Option<&SsoProvider>) -> Result<Option<Provider>, String> {
    let environment = Environment::from_pairs(variables.iter().copied());
    let transport: Arc<dyn Transport> = Arc::new(Silent::default());
    let made = Said { kind, first: file, environment: &environment }.provider(&transport);
    made.map_err(|error| error.to_string())
}

const GOOGLE_CLIENT: [(&str, &str); 2] = [("GOOGLE_CLIENT_ID", "g"), ("GOOGLE_CLIENT_SECRET", "s")];
const MICROSOFT_CLIENT: [(&str, &str); 2] = [("MICROSOFT_CLIENT_ID", "m"), ("MICROSOFT_CLIENT_SECRET", "s")];
const GENERIC_CLIENT: [(&str, &str); 5] = [
    ("GENERIC_CLIENT_ID", "c"),
    ("GENERIC_CLIENT_SECRET", "s"),
    ("GENERIC_AUTHORIZATION_ENDPOINT", "https://a.test/auth?x=1"),
    ("GENERIC_TOKEN_ENDPOINT", "https://a.test/token"),
    ("GENERIC_USERINFO_ENDPOINT", "https://a.test/me"),
];

#[tokio::test]
async fn google_and_microsoft_describe_themselves_where_everybody_knows() {
    let of_tenant = [&MICROSOFT_CLIENT[..], &[("MICROSOFT_TENANT", "corp.test")]].concat();
    for (kind, variables, issuer) in [
        (SsoKind::Google, &GOOGLE_CLIENT[..], "https://accounts.google.com"),
        (SsoKind::Microsoft, &of_tenant[..], "https://login.microsoftonline.com/corp.test/v2.0"),
    ] {
        let environment = Environment::from_pairs(variables.iter().copied());
        let silent = Arc::new(Silent::default());
        let transport: Arc<dyn Transport> = silent.clone();
        let provider = Said { kind, first: None, environment: &environment }.provider(&transport).unwrap().unwrap();
        assert!(provider.endpoints(Timestamp::default()).await.is_err());
        assert_eq!(*silent.0.lock().unwrap(), [format!("{issuer}/.well-known/openid-configuration")]);
        assert!(!provider.settings.asks_userinfo && provider.settings.domains.is_empty());
    }
}

#[test]
fn mail_of_many_organizations_must_be_confirmed() {
    let of = |tenant| {
        let variables = [&MICROSOFT_CLIENT[..], &[("MICROSOFT_TENANT", tenant)]].concat();
        made(SsoKind::Microsoft, &variables, None)
    };
    let own = of("8f3c").unwrap().unwrap().settings.claims;
    assert_eq!((own.id.as_str(), own.email.len(), own.mail), ("oid", 2, MailTrust::UnlessDenied));
    for tenant in MANY_TENANTS {
        let many = of(tenant).unwrap().unwrap().settings.claims;
        assert_eq!((many.email, many.mail), (vec!["email".to_owned()], MailTrust::IfConfirmed), "{tenant}");
    }
    for wrong in ["", "a/b", "a?b", "a b"] {
        assert!(of(wrong).unwrap_err().contains("MICROSOFT_TENANT"), "{wrong}");
    }
}

#[test]
fn what_variables_say_of_any_provider_counts() {
    let more = [
        ("GENERIC_SCOPE", "openid groups"),
        ("GENERIC_USER_ID_ATTRIBUTE", "uid"),
        ("GENERIC_USER_EMAIL_ATTRIBUTE", "mail"),
        ("GENERIC_USER_ROLE_ATTRIBUTE", "app.role"),
        ("GENERIC_USER_DISPLAY_NAME_ATTRIBUTE", "cn"),
        ("GENERIC_USER_FIRST_NAME_ATTRIBUTE", "gn"),
        ("GENERIC_USER_LAST_NAME_ATTRIBUTE", "sn"),
        ("GENERIC_USER_PROVIDER_ATTRIBUTE", "idp"),
        ("GENERIC_INCLUDE_CLIENT_ID", "True"),
        ("GENERIC_SSO_HEADERS", "X-Tenant=a=b, X-Other=c"),
        ("ALLOWED_EMAIL_DOMAINS", " Corp.test ,,other.test"),
    ];
    let settings = made(SsoKind::Generic, &[&GENERIC_CLIENT[..], &more].concat(), None).unwrap().unwrap().settings;
    let claims = ClaimNames {
        id: "uid".to_owned(),
        email: vec!["mail".to_owned()],
        name: "cn".to_owned(),
        first_name: "gn".to_owned(),
        last_name: "sn".to_owned(),
        role: vec!["app.role".to_owned()],
        provider: Some("idp".to_owned()),
        mail: MailTrust::UnlessDenied,
    };
    assert_eq!((settings.claims, settings.scope.as_str()), (claims, "openid groups"));
    assert!(settings.names_client && settings.asks_userinfo);
    assert_eq!(settings.domains, ["corp.test", "other.test"]);
    let headers: Vec<_> = settings.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    assert_eq!(headers, [("x-tenant", &b"a=b"[..]), ("x-other", b"c")]);
}

#[test]
fn the_file_goes_first_and_the_rest_comes_from_variables() {
    let file = serde_json::json!({"provider": "okta", "client_id": "of-file", "allowed_domains": []});
    let file: SsoProvider = serde_json::from_value(file).unwrap();
    let variables = [&GENERIC_CLIENT[..], &[("ALLOWED_EMAIL_DOMAINS", "corp.test")]].concat();
    let settings = made(SsoKind::Generic, &variables, Some(&file)).unwrap().unwrap().settings;
    assert_eq!((settings.client_id.as_str(), settings.client_secret.expose()), ("of-file", "s"));
    assert!(settings.domains.is_empty(), "an empty list of the file opens it to all");
    let bare: SsoProvider = serde_json::from_value(serde_json::json!({"provider": "google"})).unwrap();
    assert!(made(SsoKind::Google, &[], Some(&bare)).unwrap_err().contains("GOOGLE_CLIENT_ID is missing"));
    assert!(made(SsoKind::Google, &[], None).unwrap().is_none());
}

#[test]
fn what_is_wrong_is_named_and_its_value_is_not() {
    for (name, value) in [
        ("GENERIC_TOKEN_ENDPOINT", "http://sk-secret.test/token"),
        ("GENERIC_TOKEN_ENDPOINT", "sk-secret"),
        ("OPENID_BASE_URL", "ftp://sk-secret.test"),
        ("GENERIC_SSO_HEADERS", "sk-secret"),
        ("GENERIC_SSO_HEADERS", "a b=sk-secret"),
        ("GENERIC_INCLUDE_CLIENT_ID", "sk-secret"),
        ("GENERIC_USERINFO_ENDPOINT", ""),
    ] {
        let error = made(SsoKind::Generic, &[&GENERIC_CLIENT[..], &[(name, value)]].concat(), None).unwrap_err();
        assert!(error.starts_with(&format!("single sign-on: {name} ")) && !error.contains("sk-secret"), "{error}");
    }
}
