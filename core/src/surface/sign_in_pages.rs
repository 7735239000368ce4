//! The few pages of single sign-on: small, without scripts and without anything from elsewhere. Whatever stands in them
//! that somebody else says is escaped.

use crate::config::sso::SsoKind;
use crate::flow::sign_in::browser::SignedIn;
use crate::secret::Secret;
use axum::response::{Html, IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use http::{HeaderValue, StatusCode};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem}\
                     code,input{font:16px monospace;word-break:break-all}input{padding:.3rem}\
                     button{font:inherit;padding:.3rem 1rem}";
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Somebody is signed in, with this key.
pub(super) fn signed_in(who: &SignedIn, key: &Secret) -> Response {
    let text = format!(
        "<p>{}</p><p>Your key for this session, which ends in 24 hours:</p><p><code>{}</code></p>\
         <p>It is shown this once. Give it to a client as its API key; whoever has it acts for you.</p>",
        named(who),
        escaped(key.expose()),
    );
    page(StatusCode::OK, "Signed in", &text)
}

/// Asks for the code that a command line shows.
pub(super) fn asks_for_code(who: &SignedIn, login: &str, confirmation: &str) -> Response {
    let text = format!(
        "<p>{}</p><p>A command line waits for this sign-in. Type the code that <b>your own</b> terminal shows. If you \
         have not just run a login command there, close this page: somebody else has sent you here.</p>\
         <form method=\"post\" action=\"cli/complete/{}\"><input type=\"hidden\" name=\"browser_complete_token\" \
         value=\"{}\"><label>Code <input name=\"user_code\" autocomplete=\"off\" autofocus required \
         placeholder=\"ABCD-EFGH\"></label> <button>Confirm</button></form>",
        named(who),
        escaped(login),
        escaped(confirmation),
    );
    page(StatusCode::OK, "Confirm the login of your command line", &text)
}

/// A command line may go on.
pub(super) fn confirmed() -> Response {
    page(StatusCode::OK, "Signed in", "<p>Your command line goes on by itself. You can close this page.</p>")
}

/// Asks with which provider; `query` goes along.
pub(super) fn asks_for_provider(kinds: &[SsoKind], query: &[(String, String)]) -> Response {
    let link = |kind: &SsoKind| {
        let rest = query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        let pairs = pairs.append_pair("provider", kind.as_str()).extend_pairs(rest).finish();
        let name = match kind {
            SsoKind::Google => "Google",
            SsoKind::Microsoft => "Microsoft",
            SsoKind::Generic => "your organization",
        };
        format!("<li><a href=\"?{}\">{name}</a></li>", escaped(&pairs))
    };
    let links: String = kinds.iter().map(link).collect();
    page(StatusCode::OK, "Sign in", &format!("<p>Sign in with</p><ul>{links}</ul>"))
}

/// Somebody is not signed in.
pub(super) fn refused(status: StatusCode, message: &str) -> Response {
    page(status, "Not signed in", &format!("<p>{}</p>", escaped(message)))
}

/// A page that no cache keeps and whose address goes nowhere: it may hold a key, and its address a code.
fn page(status: StatusCode, title: &str, text: &str) -> Response {
    let whole = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style>\
         </head><body><h1>{title}</h1>{text}</body></html>"
    );
    let mut response = (status, Html(whole)).into_response();
    unkept(&mut response);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

/// No cache keeps this answer, and no other site learns its address.
pub(super) fn unkept(response: &mut Response) {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}

fn named(who: &SignedIn) -> String {
    let email = who.email.as_deref().map(|email| format!(" ({})", escaped(email))).unwrap_or_default();
    let role = if who.role.is_empty() { String::new() } else { format!(", {}", escaped(&who.role)) };
    format!("You are signed in as <b>{}</b>{email}{role}.", escaped(&who.user))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_is_no_markup() {
        let who = SignedIn { user: "<script>\"'&".to_owned(), email: None, role: String::new() };
        assert_eq!(named(&who), "You are signed in as <b>&lt;script&gt;&quot;&#39;&amp;</b>.");
    }
}
