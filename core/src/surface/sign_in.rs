//! The routes of single sign-on. Those that a browser or a command line takes before anybody is known ask for no key;
//! what they bring instead is checked where the sign-in is.

use super::body;
use super::client_address::told_by;
use super::error::{ErrorAnswer, kind_of};
use super::gate::{Gate, named};
use super::sign_in_pages as pages;
use crate::auth::sign_in::attempt::{ATTEMPT_MILLIS, Attempt};
use crate::auth::sign_in::error::Meaning;
use crate::flow::admin::keys::session::SESSION_MILLIS;
use crate::flow::admin::params::Params;
use crate::flow::sign_in::browser::{Answer, Begun, Ended, SignIn};
use crate::flow::sign_in::command_lines::Poll;
use crate::flow::sign_in::error::SignInFailure;
use crate::secret::Secret;
use axum::extract::{Path, Query, Request};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodFilter, on};
use axum::{Json, RequestExt, Router};
use http::header::{ACCEPT, COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

/// Most bytes of a form.
const FORM_BYTES_MAX: usize = 16 << 10;
/// How LiteLLM's command line says that it is one.
const COMMAND_LINE: &str = "litellm-cli";
/// The header in which it polls.
const POLL_SECRET: &str = "x-litellm-cli-poll-secret";
/// The cookie of a session, as LiteLLM's dashboard reads it.
const SESSION: &str = "token";
/// Below the gateway's own address: where the cookie of a sign-in under way goes.
const ATTEMPT_PATH: &str = "/sso";

#[derive(Clone, Copy, Debug)]
enum Action {
    Begin,
    Finish,
    BeginCommandLine,
    ConfirmCommandLine,
    Poll,
    ForPages,
    ForAdministrators,
}

const ROUTES: [(MethodFilter, &str, Action); 7] = [
    (MethodFilter::GET, "/sso/key/generate", Action::Begin),
    (MethodFilter::GET, "/sso/callback", Action::Finish),
    (MethodFilter::POST, "/sso/cli/start", Action::BeginCommandLine),
    (MethodFilter::POST, "/sso/cli/complete/{key}", Action::ConfirmCommandLine),
    (MethodFilter::GET, "/sso/cli/poll/{key}", Action::Poll),
    (MethodFilter::GET, "/sso/get/ui_settings", Action::ForPages),
    (MethodFilter::GET, "/get/sso_settings", Action::ForAdministrators),
];

/// Which paths there are.
pub(super) fn paths() -> impl Iterator<Item = (MethodFilter, &'static str)> {
    ROUTES.iter().map(|(method, path, _)| (*method, *path))
}

/// The routes.
pub(super) fn routes(sign_in: Arc<SignIn>, gate: Gate) -> Router {
    ROUTES.into_iter().fold(Router::new(), |router, (method, path, action)| {
        let (sign_in, gate) = (Arc::clone(&sign_in), gate.clone());
        let answer = move |request: Request| {
            let (sign_in, gate) = (Arc::clone(&sign_in), gate.clone());
            async move {
                let shows_pages = asks_for_page(request.headers());
                let done = Box::pin(perform(&sign_in, (action, named(method), path), &gate, request)).await;
                let mut answer = done.unwrap_or_else(|refused| told(refused, shows_pages));
                pages::unkept(&mut answer);
                answer
            }
        };
        router.route(path, on(method, answer))
    })
}

async fn perform(
    sign_in: &SignIn,
    (action, method, pattern): (Action, &'static str, &'static str),
    gate: &Gate,
    mut request: Request,
) -> Result<Response, ErrorAnswer> {
    let now = gate.clock.now();
    let pairs = request.extract_parts::<Query<Vec<(String, String)>>>().await.map(|Query(pairs)| pairs);
    let params = Params::new(pairs.unwrap_or_default());
    match action {
        Action::Begin => begin(sign_in, &params, gate).await,
        Action::Finish => {
            let (headers, address) = told_by(&request);
            let text = |name: &str| params.text(name).map(str::to_owned);
            let state = text("state");
            let cookie = state.as_deref().and_then(Attempt::cookie_name);
            let kept = cookie.as_deref().and_then(|name| kept_in(headers, name));
            let code = params.text("code").map(Secret::new);
            let answer = Answer { state, code, error: text("error"), issuer: text("iss"), kept, address };
            // In a box: it is large, and rarely needed.
            let done = Box::pin(sign_in.finish(answer, now)).await.map(|ended| finished(sign_in, ended));
            let mut response = done.unwrap_or_else(|failure| told(failure.into(), asks_for_page(headers)));
            // It is over, however it ended.
            let over = cookie.and_then(|name| set_cookie(sign_in, (&name, &Secret::new("")), ATTEMPT_PATH, 0, true));
            response.headers_mut().extend(over.map(|cookie| (SET_COOKIE, cookie)));
            Ok(response)
        }
        Action::BeginCommandLine => Ok(Json(sign_in.begin_command_line(now).await?).into_response()),
        Action::ConfirmCommandLine => {
            let login = named_in_path(&mut request).await;
            let form = body::read(request.into_body(), FORM_BYTES_MAX).await?;
            let form: HashMap<String, String> = form_urlencoded::parse(&form).into_owned().collect();
            let field = |name: &str| form.get(name).map_or("", String::as_str);
            let told = (field("user_code"), field("browser_complete_token"));
            sign_in.confirm_command_line(&login, told, now).await?;
            Ok(pages::confirmed())
        }
        Action::Poll => {
            let login = named_in_path(&mut request).await;
            let (headers, address) = told_by(&request);
            let secret = headers.get(POLL_SECRET).and_then(|secret| secret.to_str().ok());
            let poll = Poll { login: &login, secret, team: params.text("team_id"), address };
            Ok(Json(sign_in.poll(poll, now).await?).into_response())
        }
        Action::ForPages => {
            gate.admit(told_by(&request), (method, pattern)).await?;
            Ok(Json(sign_in.settings.for_pages(&sign_in.kinds())).into_response())
        }
        Action::ForAdministrators => {
            gate.admit(told_by(&request), (method, pattern)).await?;
            Ok(Json(sign_in.settings.for_administrators()).into_response())
        }
    }
}

async fn begin(sign_in: &SignIn, params: &Params, gate: &Gate) -> Result<Response, ErrorAnswer> {
    let is_command_line = params.text("source") == Some(COMMAND_LINE);
    let login = is_command_line.then(|| params.text("key").unwrap_or_default());
    match sign_in.begin(params.text("provider"), login, gate.clock.now()).await? {
        Begun::Choose(kinds) => {
            let along = ["source", "key"];
            let along = along.iter().filter_map(|name| Some(((*name).to_owned(), params.text(name)?.to_owned())));
            Ok(pages::asks_for_provider(&kinds, &along.collect::<Vec<_>>()))
        }
        Begun::At { address, cookie, kept } => {
            let kept = set_cookie(sign_in, (&cookie, &Secret::new(kept)), ATTEMPT_PATH, ATTEMPT_MILLIS, true);
            let mut response = Redirect::to(address.as_str()).into_response();
            response.headers_mut().extend(kept.map(|kept| (SET_COOKIE, kept)));
            Ok(response)
        }
    }
}

fn finished(sign_in: &SignIn, ended: Ended) -> Response {
    match ended {
        Ended::CommandLine { who, login, confirmation } => pages::asks_for_code(&who, &login, &confirmation),
        Ended::Session { who, key, token } => {
            let mut response = pages::signed_in(&who, &key);
            // A dashboard's script reads it.
            let kept = set_cookie(sign_in, (SESSION, &token), "/", SESSION_MILLIS, false);
            response.headers_mut().extend(kept.map(|kept| (SET_COOKIE, kept)));
            response
        }
    }
}

fn set_cookie(
    sign_in: &SignIn,
    (name, value): (&str, &Secret),
    path: &str,
    millis: i64,
    hides: bool,
) -> Option<HeaderValue> {
    let secure = if sign_in.settings.is_https() { "; Secure" } else { "" };
    let hidden = if hides { "; HttpOnly" } else { "" };
    let (base, seconds) = (sign_in.settings.base_path(), millis / 1000);
    let cookie =
        format!("{name}={}; Path={base}{path}; Max-Age={seconds}; SameSite=Lax{hidden}{secure}", value.expose());
    let mut cookie = HeaderValue::try_from(cookie).ok()?;
    cookie.set_sensitive(true);
    Some(cookie)
}

/// A refusal, to a person or to a program.
fn told(refused: ErrorAnswer, shows_pages: bool) -> Response {
    match shows_pages {
        true => pages::refused(refused.status, &refused.message),
        false => refused.into_response(),
    }
}

/// The cookie of this name.
fn kept_in(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

async fn named_in_path(request: &mut Request) -> String {
    let named = request.extract_parts::<Path<HashMap<String, String>>>().await.map(|Path(named)| named);
    named.unwrap_or_default().remove("key").unwrap_or_default()
}

/// Whether a person looks at the answer.
fn asks_for_page(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

impl From<SignInFailure> for ErrorAnswer {
    fn from(failure: SignInFailure) -> Self {
        let message = failure.to_string();
        let told = |status| Self::new(status, kind_of(status), message.clone());
        match failure {
            // The route is there.
            SignInFailure::NotSetUp => told(StatusCode::BAD_REQUEST),
            SignInFailure::Refused(refused) => {
                tracing::info!(error = &refused as &dyn Error, "somebody is not signed in");
                told(match refused.meaning() {
                    Meaning::Wrong => StatusCode::BAD_REQUEST,
                    Meaning::NotKnown => StatusCode::UNAUTHORIZED,
                    Meaning::NotAllowed => StatusCode::FORBIDDEN,
                    Meaning::NotThere => StatusCode::NOT_FOUND,
                    Meaning::Provider => StatusCode::BAD_GATEWAY,
                    Meaning::NotNow => StatusCode::SERVICE_UNAVAILABLE,
                })
            }
            SignInFailure::Admin(error) => error.into(),
            SignInFailure::Login(_) | SignInFailure::Key(_) | SignInFailure::Store(_) => {
                tracing::error!(error = &failure as &dyn Error, "a sign-in failed");
                told(StatusCode::SERVICE_UNAVAILABLE)
            }
        }
    }
}
