//! How callers are known who present tokens: from the settings and the variables of the environment.

use super::calls::OverTransport;
use super::error::StartError;
use crate::auth::identity::custom::CustomAuth;
use crate::auth::identity::introspection::{Introspection, IntrospectionSettings};
use crate::auth::identity::jwt::Expected;
use crate::auth::identity::key_source::KeySource;
use crate::auth::identity::keys_beside::KeysBeside;
use crate::auth::identity::opaque::{Authority, Opaque};
use crate::auth::identity::proxied::Proxied;
use crate::auth::identity::tokens::{Signed, Tokens};
use crate::auth::records::RecordStore;
use crate::aws::settings::{AwsSettings, Service};
use crate::clock::Clock;
use crate::config::custom_auth::{CustomAuthMode, CustomAuthService, CustomAuthSettings, http_address};
use crate::config::proxied::ProxiedSettings;
use crate::config::{AccountParams, Config, Environment, GeneralSettings};
use crate::providers::identity::{AwsAccount, Identity};
use crate::store::table::Table;
use crate::upstream::transport::Transport;
use http::Uri;
use std::sync::Arc;

/// Asks for signed tokens.
const JWT: &str = "enable_jwt_auth";
/// Where issuers' keys stand, between commas.
const KEY_URL: &str = "JWT_PUBLIC_KEY_URL";
/// Whom tokens must be for, between commas.
const AUDIENCE: &str = "JWT_AUDIENCE";
/// Whom they must be from, between commas.
const ISSUER: &str = "JWT_ISSUER";
/// Seconds for which keys are kept where nobody says.
const TTL_UNSAID: f64 = 600.0;

/// Asks for tokens about which their issuer is asked.
const OAUTH2: &str = "enable_oauth2_auth";
/// The operator's own service that says who callers are.
const CUSTOM: &str = "custom_auth";
/// Where Lambda functions are called, in place of AWS's own address.
const LAMBDA_ENDPOINT: &str = "AWS_ENDPOINT_URL_LAMBDA";
/// Where the issuer is asked about a token.
const TOKEN_INFO: &str = "OAUTH_TOKEN_INFO_ENDPOINT";
/// As which of its clients.
const CLIENT: &str = "OAUTH_CLIENT_ID";
/// That client's password.
const CLIENT_SECRET: &str = "OAUTH_CLIENT_SECRET";
/// Asks for callers to be taken for whom a proxy in front says they are.
const PROXIED: &str = "enable_oauth2_proxy_auth";
/// Fields of the answer, and their names where nobody says another.
const USER_FIELD: (&str, &str) = ("OAUTH_USER_ID_FIELD_NAME", "sub");
const ROLE_FIELD: (&str, &str) = ("OAUTH_USER_ROLE_FIELD_NAME", "role");
const TEAM_FIELD: (&str, &str) = ("OAUTH_USER_TEAM_ID_FIELD_NAME", "team_id");

/// The tokens that are taken; `None`: none are. Users and teams that they make stand in `table`.
///
/// # Errors
/// [`StartError::Tokens`] names the variable that is missing or wrong.
pub(super) fn tokens(
    (config, environment): (&Config, &Environment),
    (transport, clock): (&Arc<dyn Transport>, &Arc<dyn Clock>),
    table: &Arc<dyn Table>,
) -> Result<Option<Tokens>, StartError> {
    let general = &config.general;
    let signed = general.enable_jwt_auth.then(|| signed(config, environment, transport)).transpose()?;
    let opaque = opaque((general, environment), (transport, clock))?;
    let proxied = proxied(&general.proxied)?;
    if signed.is_none() && opaque.is_none() && proxied.is_none() {
        return Ok(None);
    }
    let defaults = (config.litellm.user_defaults(), config.litellm.default_team_params.clone());
    let records = RecordStore::new(Arc::clone(table));
    let tokens = Tokens::new(general.litellm_jwtauth.clone(), (signed, opaque), records, defaults);
    Ok(Some(tokens.beside(proxied)))
}

/// Whom a proxy in front names; `None`: it names nobody.
fn proxied(settings: &ProxiedSettings) -> Result<Option<Proxied>, StartError> {
    if !settings.is_enabled {
        return Ok(None);
    }
    let wrong = |problem: &str| Err(StartError::Tokens { setting: PROXIED, problem: problem.to_owned() });
    if settings.headers.is_empty() {
        return wrong("needs `oauth2_config_mappings`, which header says what, such as `{user_id: X-Auth-User}`");
    }
    if settings.proxies.as_ref().is_none_or(Vec::is_empty) {
        return wrong(
            "needs `oauth2_proxy_trusted_ips`, the addresses and networks that the proxy calls from: else anybody could \
             write its headers",
        );
    }
    Ok(Some(Proxied::new(settings.headers.clone())))
}

fn signed(config: &Config, environment: &Environment, transport: &Arc<dyn Transport>) -> Result<Signed, StartError> {
    let list = |name: &str| listed(environment, name);
    let addresses = list(KEY_URL);
    let addresses = addresses.iter().map(|text| address((JWT, KEY_URL), text)).collect::<Result<Vec<_>, _>>()?;
    if addresses.is_empty() {
        return Err(StartError::Tokens {
            setting: JWT,
            problem: format!(
                "needs {KEY_URL}, the address of the issuer's keys (`jwks_uri` of its \
                 `/.well-known/openid-configuration`)"
            ),
        });
    }
    let expected = Expected { issuers: list(ISSUER), audiences: list(AUDIENCE) };
    if expected.audiences.is_empty() {
        tracing::warn!("{AUDIENCE} is not set: tokens that the issuer gave for other services are taken here too");
    }
    let ttl_millis = (config.general.litellm_jwtauth.public_key_ttl.unwrap_or(TTL_UNSAID) * 1000.0) as i64;
    let keys = KeySource::new(OverTransport::plain(Arc::clone(transport)), addresses, ttl_millis);
    Ok(Signed { keys, expected })
}

/// Who is asked about tokens that say nothing by themselves; `None`: nobody.
fn opaque(
    (general, environment): (&GeneralSettings, &Environment),
    (transport, clock): (&Arc<dyn Transport>, &Arc<dyn Clock>),
) -> Result<Option<Opaque>, StartError> {
    let asked = match custom((&general.custom_auth, environment), (transport, clock))? {
        Some(_) if general.enable_oauth2_auth => {
            let problem =
                format!("stands beside `{OAUTH2}`; only one of them can be asked about a token: take one out");
            return Err(StartError::Tokens { setting: CUSTOM, problem });
        }
        Some(custom) => Authority::Custom(custom),
        None if general.enable_oauth2_auth => Authority::Issuer(introspection(environment, transport)?),
        None => return Ok(None),
    };
    Ok(Some(Opaque::known_to(asked)))
}

/// The operator's own service; `None`: there is none.
fn custom(
    (settings, environment): (&CustomAuthSettings, &Environment),
    (transport, clock): (&Arc<dyn Transport>, &Arc<dyn Clock>),
) -> Result<Option<CustomAuth>, StartError> {
    let keys = match settings.manner.mode {
        CustomAuthMode::On => KeysBeside::Ignored,
        CustomAuthMode::Auto => KeysBeside::First,
        CustomAuthMode::Off => return Ok(None),
    };
    let transport = Arc::clone(transport);
    Ok(match &settings.service {
        None => None,
        Some(CustomAuthService::Webhook(address)) => {
            Some(CustomAuth::new(OverTransport::plain(transport), address.clone(), keys))
        }
        Some(CustomAuthService::Lambda { arn, region }) => {
            let account = AwsAccount::of(&AccountParams::default(), "lambda", region.clone(), environment);
            let calls = OverTransport::shown(transport, Identity::Aws(account), Arc::clone(clock));
            Some(CustomAuth::new(calls, invocations(arn, region, environment)?, keys))
        }
    })
}

/// Where a function is called. Its ARN stands in the path with its colons escaped.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>
fn invocations(arn: &str, region: &str, environment: &Environment) -> Result<Uri, StartError> {
    let of_aws = || {
        let domain = if arn.starts_with("arn:aws-cn:") { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("https://lambda.{region}.{domain}")
    };
    let settings = AwsSettings::read(&|name| environment.text(name).map(str::to_owned));
    let base = settings.endpoints.of(Service::Lambda).map_or_else(of_aws, |told| told.trim_end_matches('/').to_owned());
    let name = arn.replace(':', "%3A");
    address((CUSTOM, LAMBDA_ENDPOINT), &format!("{base}/2015-03-31/functions/{name}/invocations"))
}

fn introspection(environment: &Environment, transport: &Arc<dyn Transport>) -> Result<Introspection, StartError> {
    let wrong = |problem: String| StartError::Tokens { setting: OAUTH2, problem };
    let missing = || wrong(format!("needs {TOKEN_INFO}, the address where the issuer says what a token is"));
    let told = environment.text(TOKEN_INFO).ok_or_else(missing)?;
    let client = match (environment.text(CLIENT), environment.secret(CLIENT_SECRET)) {
        (Some(id), Some(secret)) => Some((id.to_owned(), secret)),
        (None, None) => None,
        (Some(_), None) => return Err(wrong(format!("{CLIENT} needs {CLIENT_SECRET} beside it"))),
        (None, Some(_)) => return Err(wrong(format!("{CLIENT_SECRET} needs {CLIENT} beside it"))),
    };
    let field = |(variable, usual): (&str, &str)| environment.text(variable).unwrap_or(usual).to_owned();
    let settings = IntrospectionSettings {
        address: address((OAUTH2, TOKEN_INFO), told)?,
        client,
        audiences: listed(environment, AUDIENCE),
        user_field: field(USER_FIELD),
        role_field: field(ROLE_FIELD),
        team_field: field(TEAM_FIELD),
    };
    Ok(Introspection::new(OverTransport::plain(Arc::clone(transport)), settings))
}

/// What stands between commas.
fn listed(environment: &Environment, name: &str) -> Vec<String> {
    let parts = environment.text(name).unwrap_or_default().split(',').map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn address((setting, variable): (&'static str, &str), text: &str) -> Result<Uri, StartError> {
    let wrong = || format!("{variable} must be an address, `https://…`, not `{text}`");
    http_address(text).ok_or_else(|| StartError::Tokens { setting, problem: wrong() })
}
