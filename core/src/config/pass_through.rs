//! `pass_through_endpoints` of `general_settings`: paths of the operator's own, and where what comes there goes. What
//! an entry asks for holds, or the start stops: a line that was not read could leave a path open.

use super::custom_auth::http_address;
use super::environment::Environment;
use super::lenient;
use super::names::{self, Unknown, join};
use super::reading::read;
use super::references::FROM_ENVIRONMENT;
use super::report::Report;
use super::tree::{Content, Node};
use crate::secret::Secret;
use crate::secret_reference::FROM_AWS_SECRET;
use http::{HeaderName, Method, Uri};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The setting, and the section that has its parts.
pub const SETTING: (&str, &str) = ("general_settings", "pass_through_endpoints");
/// The methods that may be named; an entry that names none takes all of them.
const METHODS: [Method; 7] =
    [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::HEAD, Method::OPTIONS];
/// Headers that say how bytes travel on one connection. Nobody sets them for another.
pub const OF_A_CONNECTION: [&str; 10] = [
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Names in `headers` that mean something else to LiteLLM, and what to write here.
const MEANT_OTHERWISE: [(&str, &str); 3] = [
    ("langfuse_public_key", LANGFUSE),
    ("langfuse_secret_key", LANGFUSE),
    (
        "litellm_user_api_key",
        "names no header here; say where clients' keys stand with `general_settings.litellm_key_header_name`",
    ),
];
const LANGFUSE: &str = "is no header of Langfuse's; write `Authorization: os.environ/NAME`, and let the variable hold \
                        `Basic ` and the Base64 of `PUBLIC_KEY:SECRET_KEY`";

/// One path of the operator's own.
#[derive(Clone, Debug)]
pub struct PassThroughEntry {
    /// Its name in logs, spend rows and the management API: as it is written, else the path.
    pub id: String,
    /// Where it is, without a slash at its end.
    pub path: String,
    /// Where requests go.
    pub target: Uri,
    /// Headers that every request gets. They win over the client's.
    pub headers: Vec<(HeaderName, Secret)>,
    /// Query parameters that a request gets where it does not have them.
    pub query: BTreeMap<String, String>,
    /// Whether what follows the path goes to what follows the target.
    pub takes_more: bool,
    /// Whether the client's headers go along.
    pub forwards_headers: bool,
    /// Dollars for each request that is answered without an error.
    pub cost: Option<f64>,
    /// Whether a key is needed.
    pub needs_key: bool,
    /// The methods that it is there for; empty: all.
    pub methods: Vec<Method>,
    /// Seconds for a whole request; `None`: as for every call.
    pub timeout: Option<f64>,
    /// Where it stands in its file; 0 where it stands in none.
    pub line: usize,
}

/// An entry as it is written.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    #[serde(deserialize_with = "lenient::optional_text")]
    id: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    path: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    target: Option<String>,
    #[serde(deserialize_with = "lenient::headers")]
    headers: BTreeMap<String, String>,
    default_query_params: BTreeMap<String, Text>,
    #[serde(deserialize_with = "lenient::flag")]
    include_subpath: bool,
    #[serde(deserialize_with = "lenient::flag")]
    forward_headers: bool,
    #[serde(deserialize_with = "lenient::amount")]
    cost_per_request: Option<f64>,
    #[serde(deserialize_with = "lenient::optional_flag")]
    auth: Option<bool>,
    methods: Vec<String>,
    #[serde(deserialize_with = "lenient::seconds")]
    timeout: Option<f64>,
}

#[derive(Deserialize)]
struct Text(#[serde(deserialize_with = "lenient::text")] String);

/// Reads the setting of the tree.
pub(super) fn read_endpoints(root: &Node, environment: &Environment, report: &mut Report<'_>) -> Vec<PassThroughEntry> {
    let (section, name) = SETTING;
    let list = root.get(section).and_then(|section| section.get(name)).filter(|list| !list.is_null());
    let Some(list) = list else { return Vec::new() };
    let at = join(section, name);
    if !matches!(list.content, Content::List(_)) {
        report.error(list.place, &at, format!("must be a list, not {}", list.kind()));
        return Vec::new();
    }
    let mut entries: Vec<PassThroughEntry> = Vec::new();
    for (index, item) in list.items().iter().enumerate() {
        let path = format!("{at}[{index}]");
        let Some(entry) = (Reader { item, path: &path, environment, report }).entry() else { continue };
        match entries.iter().find_map(|first| clash(first, &entry)) {
            Some((name, message)) => report.error(item.place, &join(&path, name), message),
            None => entries.push(entry),
        }
    }
    entries
}

/// The id of an entry that says none: its path, and its methods where it names some.
pub fn usual_id<M: AsRef<str>>(path: &str, methods: &[M]) -> String {
    let named: Vec<String> = methods.iter().map(|method| method.as_ref().to_ascii_uppercase()).collect();
    let path = path.trim_end_matches('/');
    if named.is_empty() { path.to_owned() } else { format!("{path} {}", named.join(",")) }
}

/// What two entries may not share.
fn clash(first: &PassThroughEntry, second: &PassThroughEntry) -> Option<(&'static str, String)> {
    let line = if first.line == 0 { String::new() } else { format!(", on line {}", first.line) };
    let shares_methods = first.methods.is_empty()
        || second.methods.is_empty()
        || first.methods.iter().any(|method| second.methods.contains(method));
    if first.path == second.path && shares_methods {
        let message = format!(
            "`{}` is another endpoint's already{line}; write it once, or give each `methods` of its own",
            first.path
        );
        return Some(("path", message));
    }
    (first.id == second.id).then(|| ("id", format!("`{}` is another endpoint's already{line}", first.id)))
}

struct Reader<'a, 'r> {
    item: &'a Node,
    path: &'a str,
    environment: &'a Environment,
    report: &'a mut Report<'r>,
}

impl Reader<'_, '_> {
    fn entry(&mut self) -> Option<PassThroughEntry> {
        if !matches!(self.item.content, Content::Map(_)) {
            let message = format!("must be a map, not {}", self.item.kind());
            self.report.error(self.item.place, self.path, message);
            return None;
        }
        let mut item = self.item.clone();
        names::check(&mut item, SETTING.1, self.path, Unknown::Warn, self.report);
        if let Some(headers) = item.get_mut("headers") {
            self.fill_in(headers);
        }
        let said: Said = read(&item, self.path, self.report);
        let (path, target, methods) = (self.own_path(&said), self.target(&said), self.methods(&said));
        let headers = self.headers(said.headers);
        let (path, methods) = (path?, methods?);
        Some(PassThroughEntry {
            id: said.id.filter(|id| !id.is_empty()).unwrap_or_else(|| usual_id(&path, &said.methods)),
            path,
            target: target?,
            headers: headers?,
            query: said.default_query_params.into_iter().map(|(name, Text(text))| (name, text)).collect(),
            takes_more: said.include_subpath,
            forwards_headers: said.forward_headers,
            cost: said.cost_per_request.filter(|cost| *cost > 0.0),
            needs_key: said.auth.unwrap_or(true),
            methods,
            timeout: said.timeout,
            line: self.item.place.line,
        })
    }

    /// Puts variables into texts that name one at their end, as LiteLLM does in headers: `Bearer os.environ/KEY`. Whole
    /// references are filled in already.
    fn fill_in(&mut self, headers: &mut Node) {
        let at = join(self.path, "headers");
        let Content::Map(entries) = &mut headers.content else { return };
        for entry in entries.iter_mut().filter(|entry| !entry.value.from_reference) {
            let name = join(&at, &entry.name);
            let Some(text) = entry.value.text() else { continue };
            if text.contains(FROM_AWS_SECRET) {
                let message = "holds a reference among other text; put all of the header's text into the secret";
                self.report.error(entry.place, &name, message);
            }
            let Some((before, variable)) = text.split_once(FROM_ENVIRONMENT) else { continue };
            let filled = self.environment.text(variable).map(|value| Content::Text(format!("{before}{value}")));
            if filled.is_none() {
                let message = format!("environment variable {variable} is not set, so this header is not sent");
                self.report.warn(entry.place, &name, message);
            }
            entry.value.content = filled.unwrap_or(Content::Null);
            entry.value.from_reference = true;
        }
    }

    fn own_path(&mut self, said: &Said) -> Option<String> {
        let Some(path) = said.path.as_deref().filter(|path| !path.is_empty()) else {
            self.error("path", "is missing; it says where clients call".to_owned());
            return None;
        };
        let trimmed = path.trim_end_matches('/');
        let is_written = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~!$&'()+,;=:@".contains(&byte);
        let mut segments = trimmed.split('/').skip(1);
        let is_straight = segments.all(|segment| !matches!(segment, "" | "." | ".."));
        if !trimmed.starts_with('/') || !trimmed.bytes().all(is_written) || !is_straight {
            let message = format!(
                "must be an absolute path of plain segments, such as `/my/service`, not `{path}`; for what follows it \
                 there is `include_subpath: true`"
            );
            self.error("path", message);
            return None;
        }
        Some(trimmed.to_owned())
    }

    fn target(&mut self, said: &Said) -> Option<Uri> {
        let found = said.target.as_deref().and_then(http_address);
        if found.is_none() {
            let message = match said.target.as_deref() {
                None | Some("") => "is missing; it says where requests go, `https://…`",
                // It may hold a credential.
                Some(_) => "must be the address of a service, `https://…`; a module in Python cannot run here",
            };
            self.error("target", message.to_owned());
        }
        found
    }

    fn methods(&mut self, said: &Said) -> Option<Vec<Method>> {
        let mut methods = Vec::new();
        for named in &said.methods {
            let Some(method) = METHODS.into_iter().find(|method| named.eq_ignore_ascii_case(method.as_str())) else {
                let known: Vec<&str> = METHODS.iter().map(Method::as_str).collect();
                self.error("methods", format!("`{named}` is none of {}", known.join(", ")));
                return None;
            };
            methods.push(method);
        }
        Some(methods)
    }

    fn headers(&mut self, said: BTreeMap<String, String>) -> Option<Vec<(HeaderName, Secret)>> {
        let mut headers = Vec::new();
        let mut are_sound = true;
        for (name, text) in said {
            let wrong = |known: &&(&str, &'static str)| name.eq_ignore_ascii_case(known.0);
            let advice = MEANT_OTHERWISE.iter().find(wrong).map(|(_, advice)| *advice);
            let advice = advice.or_else(|| {
                let is_set = OF_A_CONNECTION.iter().any(|known| name.eq_ignore_ascii_case(known));
                is_set.then_some("is set by the connection itself; leave it out")
            });
            match (advice, HeaderName::try_from(&name)) {
                (None, Ok(name)) => headers.push((name, Secret::new(text))),
                (advice, _) => {
                    are_sound = false;
                    self.error("headers", format!("`{name}` {}", advice.unwrap_or("is no name of a header")));
                }
            }
        }
        are_sound.then_some(headers)
    }

    fn error(&mut self, name: &str, message: String) {
        let place = self.item.entry(name).map_or(self.item.place, |entry| entry.place);
        self.report.error(place, &join(self.path, name), message);
    }
}

#[cfg(test)]
mod tests;
