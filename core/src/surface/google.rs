//! What is particular to Google's clients: addresses that name the model and what is asked of it, keys in the query, and
//! streams that are one list of JSON where nobody asks for events.
//!
//! <https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent>

use crate::api::percent::percent_decoded;
use crate::auth::credential::{Credential, CredentialError};
use crate::providers::operation::Operation;
use crate::wire::sse::{self, EventSplitter};
use axum::body::Body;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use std::convert::Infallible;

/// What Google's clients ask.
const OPERATIONS: [Operation; 3] =
    [Operation::GenerateContent, Operation::StreamGenerateContent, Operation::CountContent];
/// Where models stand. The last is LiteLLM's.
const BASES: [&str; 3] = ["/v1beta/models/", "/v1/models/", "/models/"];
/// The header in which Google's clients show their key.
const API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");

/// The model, as the path spells it, and the operation.
pub(super) fn named_in(path: &str) -> Option<(&str, Operation)> {
    let rest = BASES.iter().find_map(|base| path.strip_prefix(base))?;
    let (model, operation) =
        OPERATIONS.into_iter().find_map(|operation| Some((rest.strip_suffix(operation.path())?, operation)))?;
    (!model.is_empty()).then_some((model, operation))
}

/// Takes the key of a query into a header, where no header shows one.
pub(super) fn take_key(uri: &Uri, headers: &mut HeaderMap) {
    if !matches!(Credential::from_headers(headers), Err(CredentialError::Missing)) {
        return;
    }
    let Some(key) = parameter(uri, "key") else { return };
    if let Ok(mut key) = HeaderValue::try_from(percent_decoded(key)) {
        key.set_sensitive(true);
        headers.insert(API_KEY, key);
    }
}

/// Whether the answer is to be one list, and not events.
pub(super) fn wants_list(operation: Operation, uri: &Uri) -> bool {
    operation == Operation::StreamGenerateContent && parameter(uri, "alt") != Some("sse")
}

fn parameter<'u>(uri: &'u Uri, name: &str) -> Option<&'u str> {
    let pairs = uri.query()?.split('&');
    pairs.filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Writes events as one list, element by element as they come.
#[derive(Default)]
struct Lister {
    splitter: EventSplitter,
    has_begun: bool,
}

impl Lister {
    fn push(&mut self, piece: Bytes) -> Bytes {
        // An event is never longer than the decoders let through.
        let whole = self.splitter.push(piece).unwrap_or_default();
        self.elements(&whole)
    }

    fn end(&mut self) -> Bytes {
        let rest = self.splitter.finish();
        let rest = self.elements(&rest);
        let opening = if self.has_begun { &b""[..] } else { b"[" };
        [opening, &rest, b"]"].concat().into()
    }

    fn elements(&mut self, whole: &[u8]) -> Bytes {
        let mut out = Vec::with_capacity(whole.len());
        for data in sse::events(whole).filter_map(sse::data) {
            out.extend_from_slice(if self.has_begun { b",\r\n" } else { b"[" });
            self.has_begun = true;
            out.extend_from_slice(&data);
        }
        out.into()
    }
}

/// A body of events as one list.
pub(super) fn listed(events: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static) -> Body {
    let state = Some((Lister::default(), Box::pin(events)));
    Body::from_stream(stream::unfold(state, |state| async move {
        let (mut lister, mut events) = state?;
        match events.next().await {
            Some(Ok(piece)) => Some((Ok::<_, Infallible>(lister.push(piece)), Some((lister, events)))),
            _ => Some((Ok(lister.end()), None)),
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_the_model_and_what_is_asked() {
        let named = |path| named_in(path).map(|(model, operation)| (model, operation.path()));
        assert_eq!(named("/v1beta/models/a/b:generateContent"), Some(("a/b", ":generateContent")));
        assert_eq!(named("/models/m:streamGenerateContent"), Some(("m", ":streamGenerateContent")));
        assert_eq!(named("/v1/models/m:countTokens"), Some(("m", ":countTokens")));
        for path in ["/v1beta/models/m", "/v1beta/models/:generateContent", "/v2/models/m:countTokens", "/models/m:x"] {
            assert_eq!(named(path), None, "{path}");
        }
    }

    #[test]
    fn a_key_of_the_query_counts_where_no_header_shows_one() {
        let uri = Uri::from_static("/v1beta/models/m:generateContent?alt=sse&key=sk%2D1");
        let mut headers = HeaderMap::new();
        take_key(&uri, &mut headers);
        assert_eq!(headers["x-goog-api-key"], "sk-1");
        assert!(headers["x-goog-api-key"].is_sensitive());
        let mut headers =
            HeaderMap::from_iter([(http::header::AUTHORIZATION, HeaderValue::from_static("Bearer sk-2"))]);
        take_key(&uri, &mut headers);
        assert!(!headers.contains_key("x-goog-api-key"));
    }

    #[test]
    fn events_are_a_list_however_they_come() {
        let events = "data: {\"a\":1}\r\n\r\ndata: {\"b\":2}\n\n";
        for bytes_at_once in [1, 5, 100] {
            let mut lister = Lister::default();
            let mut out = Vec::new();
            for chunk in events.as_bytes().chunks(bytes_at_once) {
                out.extend_from_slice(&lister.push(Bytes::copy_from_slice(chunk)));
            }
            out.extend_from_slice(&lister.end());
            assert_eq!(String::from_utf8(out).unwrap(), "[{\"a\":1},\r\n{\"b\":2}]");
        }
        assert_eq!(Lister::default().end(), "[]");
    }
}
