//! How people sign in: providers and who may, from the settings and the variables of the environment.

use super::calls::OverTransport;
use super::error::StartError;
use crate::auth::sign_in::command_line_store::DoneLogins;
use crate::auth::sign_in::endpoints::{Described, Source, Told, is_safe};
use crate::auth::sign_in::person::{ClaimNames, MailTrust};
use crate::auth::sign_in::provider::{Provider, ProviderSettings};
use crate::clock::Random;
use crate::config::sso::{SsoKind, SsoProvider};
use crate::config::{Config, Environment};
use crate::crypto::Sealer;
use crate::flow::admin::keys::key_admin::KeyAdmin;
use crate::flow::admin::records::record_admin::RecordAdmin;
use crate::flow::sign_in::browser::SignIn;
use crate::flow::sign_in::sealing_key::SealingKey;
use crate::flow::sign_in::settings::{MASK, SignInSettings};
use crate::money::NanoDollars;
use crate::secret::Secret;
use crate::store::table::Table;
use crate::upstream::transport::Transport;
use http::{HeaderName, HeaderValue};
use std::sync::Arc;
use url::Url;

/// Where browsers reach the gateway.
const BASE: &str = "PROXY_BASE_URL";
/// The user who administers everything.
const ADMIN: &str = "PROXY_ADMIN_ID";
/// Where people sign out.
const LOGOUT: &str = "PROXY_LOGOUT_URL";
/// The only domains of mail that may sign in, between commas.
const DOMAINS: &str = "ALLOWED_EMAIL_DOMAINS";
/// The organization at Microsoft.
const TENANT: &str = "MICROSOFT_TENANT";
/// Where a provider's description stands.
const ISSUER: &str = "OPENID_BASE_URL";
/// Where people sign in at a provider, where codes are exchanged, where it is asked about a person.
const AUTHORIZATION: &str = "GENERIC_AUTHORIZATION_ENDPOINT";
const TOKEN: &str = "GENERIC_TOKEN_ENDPOINT";
const USERINFO: &str = "GENERIC_USERINFO_ENDPOINT";
/// What is asked for.
const SCOPE: &str = "GENERIC_SCOPE";
const SCOPE_UNSAID: &str = "openid email profile";
/// Headers of calls of the provider, `name=value` between commas.
const HEADERS: &str = "GENERIC_SSO_HEADERS";
/// Whether the body names the client too.
const NAMES_CLIENT: &str = "GENERIC_INCLUDE_CLIENT_ID";
/// Names of claims, and those that count where nobody says another.
const ID: (&str, &str) = ("GENERIC_USER_ID_ATTRIBUTE", "preferred_username");
const EMAIL: (&str, &str) = ("GENERIC_USER_EMAIL_ATTRIBUTE", "email");
const NAME: (&str, &str) = ("GENERIC_USER_DISPLAY_NAME_ATTRIBUTE", "sub");
const FIRST_NAME: (&str, &str) = ("GENERIC_USER_FIRST_NAME_ATTRIBUTE", "first_name");
const LAST_NAME: (&str, &str) = ("GENERIC_USER_LAST_NAME_ATTRIBUTE", "last_name");
const ROLE: (&str, &str) = ("GENERIC_USER_ROLE_ATTRIBUTE", "role");
const PROVIDER: (&str, &str) = ("GENERIC_USER_PROVIDER_ATTRIBUTE", "provider");

/// <https://accounts.google.com/.well-known/openid-configuration>
const GOOGLE: &str = "https://accounts.google.com";
/// As Google's tokens may call it too. <https://developers.google.com/identity/openid-connect/openid-connect>
const GOOGLE_ALSO: &[&str] = &["accounts.google.com"];
/// <https://learn.microsoft.com/en-us/entra/identity-platform/v2-protocols-oidc>
const MICROSOFT: &str = "https://login.microsoftonline.com/";
/// Names that stand for more than one organization: whose mail addresses nobody has confirmed.
const MANY_TENANTS: [&str; 3] = ["common", "organizations", "consumers"];

/// What a session's key may spend where nobody says, in dollars.
const SESSION_DOLLARS: f64 = 10.0;

/// The operations that sign-ins make users and keys with.
pub(super) struct Operations {
    pub(super) records: Arc<RecordAdmin>,
    pub(super) keys: Arc<KeyAdmin>,
}

/// How people sign in; without a provider nobody can.
///
/// # Errors
/// [`StartError::SignIn`] names the variable that is missing or wrong.
pub(super) fn of(
    (config, environment): (&Config, &Environment),
    transport: &Arc<dyn Transport>,
    (table, sealer, random): (&Arc<dyn Table>, &Sealer, &Arc<dyn Random>),
    operations: Operations,
) -> Result<SignIn, StartError> {
    let mut providers = Vec::new();
    for kind in SsoKind::ALL {
        let mut told = config.general.sso.providers.iter().filter(|provider| provider.kind == kind);
        let first = told.next();
        if told.next().is_some() {
            return Err(wrong("sso_providers", format!("names `{}` twice; take one out", kind.as_str())));
        }
        providers.extend(Said { kind, first, environment }.provider(transport)?);
    }
    let base = environment.text(BASE).map(|text| address(BASE, text));
    // Without a provider it is only shown.
    let base = if providers.is_empty() { base.and_then(Result::ok) } else { base.transpose()? };
    if !providers.is_empty() {
        if base.is_none() {
            let problem = "is missing: set it to where browsers reach this gateway, such as `https://llm.example.com`, \
                           and its `/sso/callback` as a redirect URI at the provider";
            return Err(wrong(BASE, problem));
        }
        if !sealer.can_seal() {
            return Err(wrong(
                "LITELLM_MASTER_KEY",
                "is missing: what browsers keep while they sign in is sealed with it",
            ));
        }
    }
    let sealing = SealingKey::new(Arc::clone(table), sealer.clone(), Arc::clone(random));
    let Operations { records, keys } = operations;
    let settings = settings((config, environment), base);
    Ok(SignIn { providers, settings, sealing, logins: DoneLogins::new(Arc::clone(table)), records, keys })
}

fn settings((config, environment): (&Config, &Environment), base: Option<Url>) -> SignInSettings {
    let text = |name: &str| environment.text(name).map(str::to_owned);
    let said = |kind: SsoKind| {
        let first = config.general.sso.providers.iter().find(|provider| provider.kind == kind);
        let said = Said { kind, first, environment };
        (said.client_id(), said.client_secret().map(|_| MASK.to_owned()))
    };
    let [google, microsoft, generic] = SsoKind::ALL.map(said);
    let header = config.general.litellm_key_header_name.clone();
    SignInSettings {
        base,
        admin: text(ADMIN),
        access: config.general.sso.access,
        session_budget: config.litellm.max_ui_session_budget.unwrap_or(NanoDollars::from_dollars(SESSION_DOLLARS)),
        key_header: header.unwrap_or_else(|| "Authorization".to_owned()),
        logout: text(LOGOUT),
        teams_only: config.general.default_team_disabled,
        shown: vec![
            ("google_client_id", google.0),
            ("google_client_secret", google.1),
            ("microsoft_client_id", microsoft.0),
            ("microsoft_client_secret", microsoft.1),
            ("microsoft_tenant", text(TENANT)),
            ("generic_client_id", generic.0),
            ("generic_client_secret", generic.1),
            ("generic_authorization_endpoint", text(AUTHORIZATION)),
            ("generic_token_endpoint", text(TOKEN)),
            ("generic_userinfo_endpoint", text(USERINFO)),
            ("generic_scope", Some(text(SCOPE).unwrap_or_else(|| SCOPE_UNSAID.to_owned()))),
        ],
    }
}

/// What is said of one kind of provider.
struct Said<'s> {
    kind: SsoKind,
    first: Option<&'s SsoProvider>,
    environment: &'s Environment,
}

impl Said<'_> {
    /// Variables that name the client, and those that hold its password.
    fn variables(&self) -> (&'static [&'static str], &'static [&'static str]) {
        match self.kind {
            SsoKind::Google => (&["GOOGLE_CLIENT_ID"], &["GOOGLE_CLIENT_SECRET"]),
            SsoKind::Microsoft => (&["MICROSOFT_CLIENT_ID"], &["MICROSOFT_CLIENT_SECRET"]),
            SsoKind::Generic => {
                (&["GENERIC_CLIENT_ID", "OPENID_CLIENT_ID"], &["GENERIC_CLIENT_SECRET", "OPENID_CLIENT_SECRET"])
            }
        }
    }

    fn client_id(&self) -> Option<String> {
        let told = self.first.and_then(|provider| provider.client_id.clone()).filter(|id| !id.is_empty());
        let mut names = self.variables().0.iter();
        told.or_else(|| names.find_map(|name| self.environment.text(name)).map(str::to_owned))
    }

    fn client_secret(&self) -> Option<Secret> {
        let told = self.first.and_then(|provider| provider.client_secret.clone());
        told.or_else(|| self.variables().1.iter().find_map(|name| self.environment.secret(name)))
    }

    /// The provider; `None`: nobody asks for it.
    fn provider(&self, transport: &Arc<dyn Transport>) -> Result<Option<Provider>, StartError> {
        let (names, secrets) = self.variables();
        let (id, secret) = match (self.client_id(), self.client_secret()) {
            (Some(id), Some(secret)) => (id, secret),
            (None, None) if self.first.is_none() => return Ok(None),
            (None, _) => return Err(wrong(first(names), "is missing: it is the client's name at the provider")),
            (Some(_), None) => {
                return Err(wrong(first(secrets), "is missing: it is the password that goes with the client's name"));
            }
        };
        let (source, (claims, scope)) = match self.kind {
            SsoKind::Google => (described(GOOGLE, None, GOOGLE_ALSO)?, (google(), SCOPE_UNSAID.to_owned())),
            SsoKind::Microsoft => self.microsoft()?,
            SsoKind::Generic => (self.source()?, (self.claims(), self.text(SCOPE, SCOPE_UNSAID))),
        };
        let is_generic = self.kind == SsoKind::Generic;
        let settings = ProviderSettings {
            kind: self.kind,
            client_id: id,
            client_secret: secret,
            domains: self.domains(),
            scope,
            claims,
            asks_userinfo: is_generic,
            names_client: is_generic && self.flag(NAMES_CLIENT)?,
            headers: if is_generic { self.headers()? } else { Vec::new() },
        };
        Ok(Some(Provider::new(settings, source, OverTransport::plain(Arc::clone(transport)))))
    }

    fn microsoft(&self) -> Result<(Source, (ClaimNames, String)), StartError> {
        let tenant = self.environment.text(TENANT).filter(|tenant| is_tenant(tenant));
        let missing =
            "must be your organization's id or domain at Microsoft (or `common`, `organizations`, `consumers`)";
        let tenant = tenant.ok_or_else(|| wrong(TENANT, missing))?;
        let source = described(&format!("{MICROSOFT}{tenant}/v2.0"), Some(MICROSOFT), &[])?;
        let of_many = MANY_TENANTS.contains(&tenant);
        let email: &[&str] = if of_many { &["email"] } else { &["preferred_username", "email"] };
        let mail = if of_many { MailTrust::IfConfirmed } else { MailTrust::UnlessDenied };
        let texts = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let claims = ClaimNames {
            id: "oid".to_owned(),
            email: texts(email),
            name: "name".to_owned(),
            first_name: "given_name".to_owned(),
            last_name: "family_name".to_owned(),
            role: texts(&["app_roles", "roles"]),
            provider: None,
            mail,
        };
        Ok((source, (claims, SCOPE_UNSAID.to_owned())))
    }

    /// Where the provider that is none of the well-known ones is asked.
    fn source(&self) -> Result<Source, StartError> {
        let read = |name: &'static str| {
            let text = self.environment.text(name);
            text.map(|text| safe_address(name, text)).transpose()
        };
        let issuer = read(ISSUER)?;
        let told = Told { authorization: read(AUTHORIZATION)?, token: read(TOKEN)?, userinfo: read(USERINFO)? };
        if issuer.is_none() {
            let needed = [(AUTHORIZATION, &told.authorization), (TOKEN, &told.token), (USERINFO, &told.userinfo)];
            if let Some((name, _)) = needed.into_iter().find(|(_, address)| address.is_none()) {
                return Err(wrong(name, format!("is missing: set it, or {ISSUER}, whose description says it")));
            }
        }
        let described = issuer.map(|issuer| Described { issuer, begins_with: None, also: &[] });
        Ok(Source::new(told, described))
    }

    fn claims(&self) -> ClaimNames {
        let named = |(variable, usual): (&str, &str)| self.text(variable, usual);
        ClaimNames {
            id: named(ID),
            email: vec![named(EMAIL)],
            name: named(NAME),
            first_name: named(FIRST_NAME),
            last_name: named(LAST_NAME),
            role: vec![named(ROLE)],
            provider: Some(named(PROVIDER)),
            mail: MailTrust::UnlessDenied,
        }
    }

    fn domains(&self) -> Vec<String> {
        let listed = self.first.and_then(|provider| provider.allowed_domains.clone());
        let usual = || self.environment.text(DOMAINS).unwrap_or_default().split(',').map(str::to_owned).collect();
        let mut domains: Vec<String> = listed.unwrap_or_else(usual);
        domains.iter_mut().for_each(|domain| *domain = domain.trim().to_lowercase());
        domains.retain(|domain| !domain.is_empty());
        domains
    }

    fn headers(&self) -> Result<Vec<(HeaderName, HeaderValue)>, StartError> {
        let parts = self.environment.text(HEADERS).unwrap_or_default().split(',').map(str::trim);
        let read = |part: &str| {
            let (name, value) = part.split_once('=')?;
            let mut value = HeaderValue::from_str(value.trim()).ok()?;
            value.set_sensitive(true);
            Some((name.trim().to_ascii_lowercase().parse().ok()?, value))
        };
        let problem = "must be headers such as `X-Tenant=a`, between commas";
        parts.filter(|part| !part.is_empty()).map(|part| read(part).ok_or_else(|| wrong(HEADERS, problem))).collect()
    }

    fn flag(&self, name: &'static str) -> Result<bool, StartError> {
        let flag = self.environment.flag(name).map_err(|_| wrong(name, "must be `true` or `false`"))?;
        Ok(flag.unwrap_or_default())
    }

    fn text(&self, name: &str, usual: &str) -> String {
        self.environment.text(name).unwrap_or(usual).to_owned()
    }
}

fn google() -> ClaimNames {
    ClaimNames {
        id: "sub".to_owned(),
        email: vec!["email".to_owned()],
        name: "name".to_owned(),
        first_name: "given_name".to_owned(),
        last_name: "family_name".to_owned(),
        role: Vec::new(),
        provider: None,
        mail: MailTrust::IfConfirmed,
    }
}

fn described(
    issuer: &str,
    begins_with: Option<&'static str>,
    also: &'static [&'static str],
) -> Result<Source, StartError> {
    let issuer = address(ISSUER, issuer)?;
    Ok(Source::new(Told::default(), Some(Described { issuer, begins_with, also })))
}

/// Whether this can be a part of an address.
fn is_tenant(tenant: &str) -> bool {
    tenant.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
}

fn address(name: &'static str, text: &str) -> Result<Url, StartError> {
    let address = Url::parse(text.trim()).ok();
    let address = address.filter(|address| matches!(address.scheme(), "http" | "https") && address.has_host());
    address.ok_or_else(|| wrong(name, "must be an address, `https://…`"))
}

fn safe_address(name: &'static str, text: &str) -> Result<Url, StartError> {
    let address = address(name, text)?;
    if is_safe(&address) {
        return Ok(address);
    }
    Err(wrong(name, "must begin with `https://`: whoever can read or change what goes there signs in as anybody"))
}

fn first(names: &[&'static str]) -> &'static str {
    names.first().copied().unwrap_or_default()
}

fn wrong(setting: &'static str, problem: impl Into<String>) -> StartError {
    StartError::SignIn { setting, problem: problem.into() }
}

#[cfg(test)]
#[path = "sign_in_tests.rs"]
mod tests;
