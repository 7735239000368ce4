//! What an operation may be answered with: all is well, or one of the ways to be refused.

use super::described::{Answer, Described, Refusals};
use super::schema;
use crate::flow::admin::body::{Field, Kind};
use utoipa::openapi::response::{Response, ResponseBuilder, Responses, ResponsesBuilder};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ContentBuilder, Ref, RefOr};

/// The component that errors have in common.
pub(super) const ERROR: &str = "Error";

const JSON: &str = "application/json";
const PAGE: &str = "text/html";
const EVENTS: &str = "text/event-stream";

/// Before the status in the names of refusals.
const ADMIN: &str = "Refused";
const PAGES: &str = "RefusedInBrowser";
const CALLS: &str = "CallFailed";

/// How administrators' requests are refused.
const OF_ADMIN: &[(&str, &str)] = &[
    ("400", "The request cannot be done as it is; the message says why."),
    ("401", "No key, or none that is known, valid and not blocked."),
    ("403", "The caller may not do this, or not to this object."),
    ("404", "What the request names is not there."),
    ("409", "It is there already, or another change came before."),
    ("413", "The body is too large."),
    ("422", "Fields are missing or hold what they cannot; each is named."),
    ("500", "This gateway's own settings are at fault; its log says why."),
    ("502", "Somebody whom this gateway asked did not answer as it should."),
    ("503", "The table cannot be reached; try again."),
];

/// How calls of models are.
const OF_CALLS: &[(&str, &str)] = &[
    ("400", "The request cannot be made of this model; the message says why."),
    ("401", "No key, or none that is known, valid and not blocked; or it may not call this model."),
    ("403", "The key may not call this model or this route."),
    ("404", "There is no such model."),
    ("408", "The provider took too long."),
    ("413", "The body is too large."),
    ("422", "The budget does not afford the call, or the provider cannot process the request."),
    ("429", "A budget or a rate limit is used up; `Retry-After` says until when."),
    ("500", "The provider failed, or this gateway's settings are at fault."),
    ("502", "The provider could not be reached, or answered what is no answer."),
    ("503", "The table or every deployment cannot be reached, or the gateway has too much to do; try again."),
    ("504", "The provider took too long."),
    ("4XX", "Whatever else the provider refuses with."),
    ("5XX", "Whatever else the provider fails with."),
];

/// Every answer of an operation.
pub(super) fn answers(described: &Described) -> Responses {
    let (of, refusals) = match (described.shows_pages(), described.refusals) {
        (true, _) => (PAGES, OF_ADMIN),
        (false, Refusals::Admin) => (ADMIN, OF_ADMIN),
        (false, Refusals::Call) => (CALLS, OF_CALLS),
    };
    let mut answers = ResponsesBuilder::new();
    for (status, answer) in good(described) {
        answers = answers.response(status, answer);
    }
    for (status, _) in refusals {
        answers = answers.response(*status, Ref::from_response_name(format!("{of}{status}")));
    }
    answers.build()
}

/// The refusals by the names that operations refer to them by.
pub(super) fn refusals() -> Vec<(String, Response)> {
    let named = |of: &str, refusals: &[(&str, &str)], shows_pages: bool| -> Vec<(String, Response)> {
        let named = refusals.iter().map(|(status, meaning)| {
            let error = RefOr::Ref(Ref::from_schema_name(ERROR));
            let error = ResponseBuilder::new().description(*meaning).content(JSON, content(error));
            let error = if shows_pages { error.content(PAGE, content(schema::text())) } else { error };
            (format!("{of}{status}"), error.build())
        });
        named.collect()
    };
    [named(ADMIN, OF_ADMIN, false), named(PAGES, OF_ADMIN, true), named(CALLS, OF_CALLS, false)].concat()
}

fn good(described: &Described) -> Vec<(&'static str, Response)> {
    let told = ResponseBuilder::new().description("All is well.");
    let members = |fields: &'static [_]| schema::told(fields, &names(fields));
    match described.answer {
        Answer::Object(fields) => vec![("200", told.content(JSON, content(members(fields))).build())],
        Answer::List(fields) => vec![("200", told.content(JSON, content(schema::list(fields))).build())],
        Answer::Json => vec![("200", told.content(JSON, content(schema::anything())).build())],
        Answer::Sound => {
            let told = told.content("audio/*", content(schema::file()));
            vec![("200", told.content("application/octet-stream", content(schema::file())).build())]
        }
        Answer::Streamed(fields) => {
            let whole = if fields.is_empty() { schema::anything() } else { members(fields) };
            let told = told.content(JSON, content(whole)).content(EVENTS, content(event()));
            vec![("200", told.build())]
        }
        Answer::Page => {
            let told = told.content(PAGE, content(schema::text())).content(JSON, content(schema::anything()));
            vec![("200", told.build())]
        }
        Answer::Elsewhere => {
            let page = || ResponseBuilder::new().content(PAGE, content(schema::text()));
            let elsewhere = || ResponseBuilder::new().description("Go on at `Location`.").build();
            let shown = page().content(JSON, content(schema::anything())).description("A page that says what to do.");
            vec![("200", shown.build()), ("303", elsewhere()), ("307", elsewhere())]
        }
    }
}

fn names(fields: &'static [Field]) -> Vec<&'static str> {
    fields.iter().map(|(name, _)| *name).collect()
}

fn content(schema: impl Into<RefOr<Schema>>) -> utoipa::openapi::Content {
    ContentBuilder::new().schema(Some(schema.into())).build()
}

/// One event of a stream, of which `data` is JSON, or `[DONE]`:
/// <https://html.spec.whatwg.org/multipage/server-sent-events.html>
fn event() -> Schema {
    let members: &'static [Field] = &[("event", Kind::Text), ("data", Kind::Text)];
    schema::told(members, &["data"])
}

/// The shape of errors: OpenAI's, with `detail` beside it or in its place where LiteLLM's clients look there.
pub(super) fn error() -> Schema {
    let mut error = schema::told(&[("error", Kind::Any), ("detail", Kind::Any)], &[]);
    if let Schema::Object(object) = &mut error {
        object.description = Some("An error: `error.message` says what to do about it.".to_owned());
    }
    error
}
