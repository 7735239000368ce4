//! What a call is to the cache: whether its answer is looked up and kept, and under which key.

use super::body::{self, Said};
use super::cache_control::{self, CacheControl};
use super::error::CallError;
use super::forwarded;
use super::parts::ModelCalls;
use super::request::CallRequest;
use super::wishes;
use super::words::{self, Words};
use crate::cache::key::Asked;
use crate::cache::shelf::Shelf;
use crate::crypto::subject::Subject;
use crate::principal::Principal;
use crate::providers::operation::Operation;
use http::HeaderMap;

/// A call whose answer may be kept.
pub(super) struct Cached {
    pub(super) said: Said,
    pub(super) control: CacheControl,
    pub(super) key: String,
    /// The model as the caller's aliases resolve it.
    pub(super) model: String,
    /// What it says in words, where it may be answered by what was said to words like these.
    pub(super) question: Option<Box<Question>>,
}

/// What a call says in words.
pub(super) struct Question {
    pub(super) text: String,
    /// Calls of one scope are the same but for these words.
    pub(super) scope: String,
}

impl Cached {
    /// What the call is, to the cache. `None`: its answer is neither looked up nor kept.
    pub(super) fn of(
        calls: &ModelCalls,
        shelf: &Shelf,
        request: &CallRequest,
        principal: &Principal,
    ) -> Result<Option<Self>, CallError> {
        let (rules, operation) = (&shelf.rules, request.operation);
        if request.passed.is_some() || !rules.call_types.contains(&operation.call_type()) {
            return Ok(None);
        }
        let mut members = body::parse(&request.body)?;
        let control = cache_control::read(&members, &request.headers, principal, rules.controls.as_deref())?;
        if !rules.is_on && !control.use_cache {
            return Ok(None);
        }
        let model = (request.path_model.clone(), Some(&calls.limits.usual_models));
        let mut said = body::read(operation, &mut members, model, request.form.as_ref())?;
        said.timeout = wishes::timeout(&mut members, &request.headers)?;
        let wishes = wishes::read(&mut members, &request.headers, &said.model)?;
        // What goes on from what an upstream keeps is not told by the request alone.
        let is_stateful =
            said.background || ["previous_response_id", "conversation"].iter().any(|name| members.has(name));
        let is_played = wishes.is_some_and(|wishes| wishes.mock_fault.is_some());
        if is_stateful || is_played || said.stream && !operation.generates() {
            return Ok(None);
        }
        let model = principal.aliases.get(&said.model).unwrap_or(&said.model).clone();
        let tenant = rules.scope.tenant(principal.key.as_str(), principal.team_id.as_deref());
        let told = |counts: &dyn Fn(&str) -> bool| {
            let mut asked = Asked::new(&tenant, operation.call_type(), shelf.model(&model), said.stream);
            asked.members(&members, |name| name != "model" && name != "stream" && counts(name));
            add_outer(&mut asked, request, &said, calls.headers.passes_on);
            asked
        };
        let namespace = control.namespace.as_deref().or(rules.namespace.as_deref());
        let key = told(&|_| true).key(namespace);
        let question = shelf.semantic.as_ref().and_then(|semantic| {
            let Words { member, text, frame } = words::of(operation, &members)?;
            let mut asked = told(&|name| name != member);
            asked.document(member, &frame);
            asked.part("semantic", format!("{} {}", semantic.rules.index, semantic.rules.model).as_bytes());
            Some(Box::new(Question { text, scope: asked.key(namespace) }))
        });
        Ok(Some(Self { said, control, key, model, question }))
    }

    /// Whose answer it is.
    pub(super) fn subjects(&self, principal: &Principal) -> Vec<Subject> {
        Subject::behind(principal.user_id.as_deref(), self.said.end_user.as_deref(), &principal.key)
    }
}

/// What stands outside of the members, or was read from them.
fn add_outer(asked: &mut Asked, request: &CallRequest, said: &Said, passes_headers_on: bool) {
    asked.part("policy", format!("{:?}", said.policy).as_bytes());
    if let Some(mock) = &said.mock_response {
        asked.part("mock", mock.to_string().as_bytes());
    }
    for field in request.form.iter().flat_map(|form| form.fields()).filter(|field| field.file_name.is_some()) {
        asked.part(&field.name, field.file_name.as_deref().unwrap_or_default().as_bytes());
        asked.part(&field.name, &field.content);
    }
    add_headers(asked, &request.headers, request.operation, passes_headers_on);
}

/// Headers that go upstream and can change the answer.
fn add_headers(asked: &mut Asked, headers: &HeaderMap, operation: Operation, passes_on: bool) {
    const ALWAYS: [&str; 3] = ["anthropic-beta", "anthropic-version", "openai-beta"];
    let counts = |name: &str| ALWAYS.contains(&name) || passes_on && forwarded::is_passed(name);
    let mut list: Vec<_> = headers.iter().filter(|(name, _)| counts(name.as_str())).collect();
    list.sort_by(|one, other| one.0.as_str().cmp(other.0.as_str()));
    for (name, value) in list {
        asked.part(name.as_str(), value.as_bytes());
    }
    asked.part("dialect", format!("{:?}", operation.dialect()).as_bytes());
}
