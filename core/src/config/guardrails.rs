//! `guardrails`: services of the operator's that look at what goes to models and at what comes back. A kind or an option
//! that this version does not have stops the start, or is said: nothing passes unguarded because a line was not read.

use super::custom_auth::http_address;
use super::environment::Environment;
use super::ledger::{self, Fate};
use super::lenient;
use super::names::{self, join};
use super::reading::read;
use super::report::Report;
use super::shown::shown;
use super::tls::TlsParams;
use super::tree::{Content, Entry, Node};
use crate::secret::Secret;
use http::Uri;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The section of the table of settings.
const SECTION: &str = "guardrails";
/// The map that says what a guardrail is.
const PARAMS: &str = "litellm_params";
/// The kind that there is.
const GENERIC: &str = "generic_guardrail_api";
/// The variable that names the address where the entry does not.
const BASE: &str = "GENERIC_GUARDRAIL_API_BASE";
/// Where such a service is asked: <https://docs.litellm.ai/docs/adding_provider/generic_guardrail_api>.
const PATH: &str = "/beta/litellm_basic_guardrail_api";
/// Most times that a service is asked again.
const RETRIES_MAX: u32 = 5;
/// How like a known name an unknown one must be to be its misspelling.
const LIKE: f64 = 0.7;

/// When a guardrail is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Before the call is made: it may change or refuse the request.
    PreCall,
    /// While the call is made: it may refuse the request, and nothing is answered before it has spoken.
    DuringCall,
    /// When the answer is there: it may change or refuse that.
    PostCall,
}

/// One guardrail of the configuration.
#[derive(Clone, Debug)]
pub struct GuardrailEntry {
    /// Its name.
    pub name: String,
    /// Where it stands in its file.
    pub line: usize,
    /// When it is asked; never empty.
    pub modes: Vec<Mode>,
    /// Whether it is asked of every request.
    pub default_on: bool,
    /// What becomes of requests where it does not answer.
    pub tolerance: Tolerance,
    /// Who is asked.
    pub service: GenericService,
    /// How TLS towards the service is to be.
    pub tls: TlsParams,
    /// What `/guardrails/list` shows of it: no secrets.
    pub shown: Value,
}

/// What becomes of requests where a guardrail says nothing that can be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tolerance {
    /// They pass where it cannot be reached.
    pub of_unreachable: bool,
    /// They pass whatever goes wrong.
    pub of_errors: bool,
}

/// A service of the kind `generic_guardrail_api`.
#[derive(Clone, Debug)]
pub struct GenericService {
    /// Where it is asked.
    pub address: Uri,
    /// Headers for it, its key among them.
    pub headers: BTreeMap<String, Secret>,
    /// Names of clients' headers whose values it is shown beside the usual ones, in lower case.
    pub shown_headers: Vec<String>,
    /// What it is sent with each request.
    pub params: Map<String, Value>,
    /// Seconds for one answer; `None`: nobody says.
    pub timeout: Option<f64>,
    /// Times that it is asked again.
    pub retries: u32,
}

/// `litellm_params` as it is written.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    guardrail: Option<String>,
    mode: Value,
    #[serde(deserialize_with = "lenient::optional_text")]
    api_base: Option<String>,
    #[serde(deserialize_with = "lenient::secret")]
    api_key: Option<Secret>,
    headers: Option<Headers>,
    extra_headers: Option<Vec<String>>,
    #[serde(deserialize_with = "lenient::optional_flag")]
    default_on: Option<bool>,
    unreachable_fallback: Option<String>,
    #[serde(deserialize_with = "lenient::optional_flag")]
    fail_on_error: Option<bool>,
    additional_provider_specific_params: Option<Map<String, Value>>,
    #[serde(deserialize_with = "lenient::seconds")]
    timeout: Option<f64>,
    #[serde(deserialize_with = "lenient::number_of")]
    num_retries: Option<u32>,
    #[serde(flatten)]
    tls: TlsParams,
}

/// Headers, each of which may hold a credential.
struct Headers(BTreeMap<String, Secret>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let headers = lenient::headers(deserializer)?;
        Ok(Self(headers.into_iter().map(|(name, text)| (name.to_ascii_lowercase(), Secret::new(text))).collect()))
    }
}

/// Reads `guardrails` of the tree.
pub(super) fn read_guardrails(root: &Node, environment: &Environment, report: &mut Report<'_>) -> Vec<GuardrailEntry> {
    let Some(list) = root.get(SECTION).filter(|list| !list.is_null()) else { return Vec::new() };
    if !matches!(list.content, Content::List(_)) {
        report.error(list.place, SECTION, format!("must be a list, not {}", list.kind()));
        return Vec::new();
    }
    let mut entries: Vec<GuardrailEntry> = Vec::new();
    for (index, item) in list.items().iter().enumerate() {
        let path = format!("{SECTION}[{index}]");
        let Some(entry) = (Reader { item, path: &path, environment, report }).entry() else { continue };
        if let Some(first) = entries.iter().find(|first| first.name == entry.name) {
            let message = format!("`{}` names another guardrail already, on line {}", entry.name, first.line);
            report.error(item.place, &join(&path, "guardrail_name"), message);
            continue;
        }
        entries.push(entry);
    }
    entries
}

struct Reader<'a, 'r> {
    item: &'a Node,
    path: &'a str,
    environment: &'a Environment,
    report: &'a mut Report<'r>,
}

impl Reader<'_, '_> {
    fn entry(&mut self) -> Option<GuardrailEntry> {
        let (item, path) = (self.item, self.path);
        if !matches!(item.content, Content::Map(_)) {
            self.report.error(item.place, path, format!("must be a map, not {}", item.kind()));
            return None;
        }
        self.check_names(item, "");
        let name = self.name();
        let Some(node) = item.get(PARAMS).filter(|node| matches!(node.content, Content::Map(_))) else {
            self.report.error(item.place, path, format!("`{PARAMS}` is missing; it says what the guardrail is"));
            return None;
        };
        // What another kind is told means nothing here.
        if !self.is_of_our_kind(node) {
            return None;
        }
        self.check_names(node, "litellm_params.");
        let said: Said = read(node, &join(path, PARAMS), self.report);
        let (modes, address, tolerance) = (self.modes(node, &said), self.address(&said), self.tolerance(node, &said));
        let retries = said.num_retries.unwrap_or_default();
        if retries > RETRIES_MAX {
            self.error(node, "num_retries", format!("must be {RETRIES_MAX} at most"));
        }
        let shown = shown_entry(item, node);
        let mut headers = said.headers.map(|Headers(headers)| headers).unwrap_or_default();
        headers.extend(said.api_key.map(|key| ("x-api-key".to_owned(), key)));
        let service = GenericService {
            address: address?,
            headers,
            shown_headers: said.extra_headers.iter().flatten().map(|name| name.to_ascii_lowercase()).collect(),
            params: said.additional_provider_specific_params.unwrap_or_default(),
            timeout: said.timeout,
            retries,
        };
        Some(GuardrailEntry {
            name: name?,
            line: item.place.line,
            modes: modes?,
            default_on: said.default_on.unwrap_or_default(),
            tolerance: tolerance?,
            service,
            tls: said.tls,
            shown,
        })
    }

    fn name(&mut self) -> Option<String> {
        let name = self.item.get("guardrail_name");
        if let Some(name) = name.and_then(Node::text).filter(|name| !name.is_empty() && !name.contains(',')) {
            return Some(name.to_owned());
        }
        let message = match name {
            Some(node) => format!("must be a text without commas, not {}", shown(node, self.path)),
            None => "is missing; requests, keys and teams name the guardrail by it".to_owned(),
        };
        self.report.error(self.item.place, &join(self.path, "guardrail_name"), message);
        None
    }

    fn is_of_our_kind(&mut self, params: &Node) -> bool {
        let message = match params.get("guardrail").and_then(Node::text) {
            Some(GENERIC) => return true,
            Some(other) => format!(
                "`{other}` is no kind of guardrail that this version of Postern has, and requests would pass unguarded \
                 without it: put it behind an endpoint of the kind `{GENERIC}`, or keep this traffic on LiteLLM"
            ),
            None => format!("must be a text, the kind of the guardrail: `{GENERIC}`"),
        };
        self.error(params, "guardrail", message);
        false
    }

    fn modes(&mut self, params: &Node, said: &Said) -> Option<Vec<Mode>> {
        const WANTED: &str = "must be `pre_call`, `during_call` or `post_call`, or a list of them";
        let texts: Vec<&Value> = match &said.mode {
            Value::String(_) => vec![&said.mode],
            Value::Array(items) if !items.is_empty() => items.iter().collect(),
            _ => {
                self.error(params, "mode", WANTED.to_owned());
                return None;
            }
        };
        let mut modes = Vec::new();
        for text in texts {
            let mode = match text.as_str().map(str::to_ascii_lowercase).as_deref() {
                Some("pre_call") => Mode::PreCall,
                Some("during_call") => Mode::DuringCall,
                Some("post_call") => Mode::PostCall,
                Some("logging_only") => {
                    let message = "`logging_only` is not supported by this version of Postern, and what it looks for \
                                   would go unseen: use `during_call` or `post_call`, or keep this traffic on LiteLLM";
                    self.error(params, "mode", message.to_owned());
                    return None;
                }
                _ => {
                    self.error(
                        params,
                        "mode",
                        format!("{WANTED}, not `{}`", text.as_str().unwrap_or("something else")),
                    );
                    return None;
                }
            };
            if !modes.contains(&mode) {
                modes.push(mode);
            }
        }
        Some(modes)
    }

    fn address(&mut self, said: &Said) -> Option<Uri> {
        let params = self.item.get(PARAMS)?;
        let told = said.api_base.as_deref().filter(|base| !base.is_empty()).or_else(|| self.environment.text(BASE));
        let Some(told) = told else {
            self.error(params, "api_base", format!("is missing, and {BASE} is not set: nobody could be asked"));
            return None;
        };
        let base = told.trim_end_matches('/');
        let address = http_address(&if base.ends_with(PATH) { base.to_owned() } else { format!("{base}{PATH}") });
        if address.is_none() {
            self.error(params, "api_base", "must be the address of the service, `https://…`".to_owned());
        }
        address
    }

    fn tolerance(&mut self, params: &Node, said: &Said) -> Option<Tolerance> {
        let of_unreachable = match said.unreachable_fallback.as_deref().map(str::to_ascii_lowercase).as_deref() {
            None | Some("" | "fail_closed") => false,
            Some("fail_open") => true,
            Some(_) => {
                self.error(params, "unreachable_fallback", "must be `fail_closed` or `fail_open`".to_owned());
                return None;
            }
        };
        Some(Tolerance { of_unreachable, of_errors: said.fail_on_error == Some(false) })
    }

    fn error(&mut self, params: &Node, name: &str, message: String) {
        let place = params.entry(name).map_or(self.item.place, |entry| entry.place);
        self.report.error(place, &join(&join(self.path, PARAMS), name), message);
    }

    /// Goes over the names of a map. `prefix`: what stands before them in the table.
    fn check_names(&mut self, node: &Node, prefix: &str) {
        for entry in node.entries().iter().filter(|entry| entry.name != PARAMS) {
            let path = join(self.path, &format!("{prefix}{}", entry.name));
            let name = format!("{prefix}{}", entry.name);
            match ledger::find(SECTION, &name) {
                Some(setting) if setting.is_quiet(&entry.value) => {}
                Some(setting) => match setting.fate {
                    Fate::NotYet => self.report.warn(entry.place, &path, names::without_effect(setting.advice)),
                    Fate::Refused => {
                        let message = format!("is not supported by this version of Postern: {}", setting.advice);
                        self.report.error(entry.place, &path, message);
                    }
                    _ => {}
                },
                None => self.unknown(entry, (&path, &name), prefix),
            }
        }
    }

    fn unknown(&mut self, entry: &Entry, (path, name): (&str, &str), prefix: &str) {
        let known = ledger::in_section(SECTION).map(|setting| setting.name);
        match names::nearest(name, known, LIKE).and_then(|nearest| nearest.strip_prefix(prefix)) {
            // What it was to say does not hold, and a guardrail is there to hold.
            Some(nearest) if names::misspells(&entry.name, nearest) => {
                self.report.unknown(entry.place, path, Some(nearest), true);
            }
            _ => self.report.warn(entry.place, path, "is no option of this kind of guardrail; it has no effect"),
        }
    }
}

/// What may be shown of an entry: as it was written, but for what holds credentials.
fn shown_entry(item: &Node, params: &Node) -> Value {
    const PLAIN: [&str; 10] = [
        "guardrail",
        "mode",
        "api_base",
        "default_on",
        "extra_headers",
        "unreachable_fallback",
        "fail_on_error",
        "timeout",
        "num_retries",
        "ssl_security_level",
    ];
    let plain = params.entries().iter().filter(|entry| PLAIN.contains(&entry.name.as_str()));
    let plain =
        plain.filter(|entry| !entry.value.from_reference && entry.value.text().is_none_or(|text| !text.contains('@')));
    let params: Map<String, Value> = plain.map(|entry| (entry.name.clone(), entry.value.to_value())).collect();
    let told = |name| item.get(name).map_or(Value::Null, Node::to_value);
    serde_json::json!({
        "guardrail_id": told("guardrail_id"),
        "guardrail_name": told("guardrail_name"),
        "litellm_params": params,
        "guardrail_info": told("guardrail_info"),
        "created_at": null,
        "updated_at": null,
        "guardrail_definition_location": "config",
    })
}

#[cfg(test)]
mod tests;
