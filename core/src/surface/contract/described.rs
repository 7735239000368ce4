//! One operation, as it is described to callers.

use crate::flow::admin::body::{Field, Kind};

/// Operations that belong together.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) operations: Vec<Described>,
}

/// One operation, under each of its addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Described {
    /// Each as `METHOD /pattern`, as the router has it.
    pub(super) routes: &'static [&'static str],
    pub(super) summary: &'static str,
    /// Parameters of its own, and those of others too.
    pub(super) query: [&'static [Field]; 2],
    pub(super) body: Body,
    /// Fields of the body or the query that must be there.
    pub(super) needs: &'static [&'static str],
    /// What the last part of the path names.
    pub(super) named: &'static str,
    pub(super) answer: Answer,
    pub(super) refusals: Refusals,
    /// Whether anybody may ask.
    pub(super) is_open: bool,
}

/// What a request carries.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    None,
    /// JSON with these fields.
    Json(fn() -> Vec<Field>),
    /// A form with files, with these fields.
    Form(&'static [Field]),
}

/// What an answer carries where all is well.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    /// An object with at least these members.
    Object(&'static [Field]),
    /// The same, and as events where the request says `stream`.
    Streamed(&'static [Field]),
    /// A list of objects with at least these members.
    List(&'static [Field]),
    /// Any JSON.
    Json,
    /// Sound, as its bytes.
    Sound,
    /// A page for browsers.
    Page,
    /// Another address.
    Elsewhere,
}

/// In which ways a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusals {
    /// As administrators' requests are.
    Admin,
    /// As calls of models are: besides our own, whatever the provider says.
    Call,
}

impl Described {
    /// An operation without parameters that answers an object.
    pub(super) const fn of(routes: &'static [&'static str], summary: &'static str) -> Self {
        Self {
            routes,
            summary,
            query: [&[], &[]],
            body: Body::None,
            needs: &[],
            named: "id",
            answer: Answer::Object(&[]),
            refusals: Refusals::Admin,
            is_open: false,
        }
    }

    /// With these parameters in its query.
    pub(super) const fn asks(self, query: &'static [Field]) -> Self {
        let [_, also] = self.query;
        Self { query: [query, also], ..self }
    }

    /// And with these.
    pub(super) const fn also_asks(self, also: &'static [Field]) -> Self {
        let [query, _] = self.query;
        Self { query: [query, also], ..self }
    }

    /// With a body of these fields.
    pub(super) const fn takes(self, fields: fn() -> Vec<Field>) -> Self {
        Self { body: Body::Json(fields), ..self }
    }

    /// With these of its parameters or fields as the least.
    pub(super) const fn needs(self, needs: &'static [&'static str]) -> Self {
        Self { needs, ..self }
    }

    /// With this in its path.
    pub(super) const fn names(self, named: &'static str) -> Self {
        Self { named, ..self }
    }

    /// With an object of at least these members as its answer.
    pub(super) const fn gives(self, members: &'static [Field]) -> Self {
        Self { answer: Answer::Object(members), ..self }
    }

    /// With another answer than an object.
    pub(super) const fn answers(self, answer: Answer) -> Self {
        Self { answer, ..self }
    }

    /// Whether it may be answered, and refused, with a page for browsers.
    pub(super) const fn shows_pages(&self) -> bool {
        matches!(self.answer, Answer::Page | Answer::Elsewhere)
    }

    /// For anybody.
    pub(super) const fn open(self) -> Self {
        Self { is_open: true, ..self }
    }
}

/// How a kind of field is called.
pub(super) fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::OneOf(_) => "one of",
        Kind::TextList => "list of texts",
        Kind::List => "list",
        Kind::Integer => "whole number",
        Kind::Number => "number",
        Kind::Flag => "true or false",
        Kind::Map => "object",
        Kind::TextMap => "object of texts",
        Kind::Any => "any",
    }
}
