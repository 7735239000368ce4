//! Calls of a provider's own API at its own paths (`/anthropic/v1/messages`): the request and the answer pass as the bytes
//! that they are, only the credential is ours. What the bytes say is read along, so that they are charged.

use super::decoder::{Seen, StreamDecoder};
use super::failure::ProviderFailure;
use super::gemini::model_path;
use super::operation::Operation;
use super::outgoing::{bare_post, credential};
use super::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use super::target::Target;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderName, Request};

/// A call of a provider's own API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Whose API.
    pub provider: &'static str,
    /// What is asked there.
    pub operation: Operation,
    /// The path at the provider, with what the answer's form is asked by.
    path: String,
    /// The model, where the path names it.
    pub model: Option<String>,
}

/// The paths of a provider that are passed, and what is asked there.
struct Row {
    provider: &'static str,
    paths: &'static [(&'static str, Operation)],
}

/// A path may stand without its version where the provider has only one.
const ROWS: [Row; 4] = [
    Row {
        provider: "openai",
        paths: &[
            ("/v1/chat/completions", Operation::Chat),
            ("/v1/completions", Operation::Completion),
            ("/v1/embeddings", Operation::Embedding),
            ("/v1/responses", Operation::Responses),
            ("/v1/moderations", Operation::Moderation),
        ],
    },
    Row {
        provider: "anthropic",
        paths: &[("/v1/messages", Operation::Messages), ("/v1/messages/count_tokens", Operation::CountTokens)],
    },
    Row {
        provider: "cohere",
        paths: &[
            ("/v2/chat", Operation::Chat),
            ("/v2/embed", Operation::Embedding),
            ("/v2/rerank", Operation::Rerank),
            ("/v1/embed", Operation::Embedding),
            ("/v1/rerank", Operation::Rerank),
        ],
    },
    Row {
        provider: "mistral",
        paths: &[
            ("/v1/chat/completions", Operation::Chat),
            ("/v1/fim/completions", Operation::Completion),
            ("/v1/embeddings", Operation::Embedding),
            ("/v1/moderations", Operation::Moderation),
        ],
    },
];
/// Its paths name the model.
const GEMINI: &str = "gemini";
const GEMINI_BASES: [&str; 2] = ["/v1beta/models/", "/v1/models/"];
const OF_GEMINI: [Operation; 3] =
    [Operation::GenerateContent, Operation::StreamGenerateContent, Operation::CountContent];

/// Every provider whose API is passed.
pub const PROVIDERS: [&str; 5] = ["openai", "anthropic", GEMINI, "cohere", "mistral"];

impl Passed {
    /// The provider that a path of ours leads to, and the path there. `None`: to none.
    pub fn split(path: &str) -> Option<(&'static str, &str)> {
        let (first, _) = path.strip_prefix('/')?.split_once('/')?;
        let provider = PROVIDERS.into_iter().find(|provider| *provider == first)?;
        Some((provider, path.get(first.len() + 1..)?))
    }

    /// What is asked at a path of a provider. `None`: it is not passed.
    pub fn at(provider: &'static str, path: &str) -> Option<Self> {
        if provider == GEMINI {
            return of_gemini(path);
        }
        let row = ROWS.iter().find(|row| row.provider == provider)?;
        let is_meant = |known: &str| known == path || known.strip_prefix("/v1") == Some(path);
        let (path, operation) = row.paths.iter().find(|(known, _)| is_meant(known))?;
        Some(Self { provider, operation: *operation, path: (*path).to_owned(), model: None })
    }

    /// The route, as keys are allowed it.
    pub fn route(&self) -> &'static str {
        match self.provider {
            "openai" => "/openai/{endpoint}",
            "anthropic" => "/anthropic/{endpoint}",
            "cohere" => "/cohere/{endpoint}",
            "mistral" => "/mistral/{endpoint}",
            _ => "/gemini/{endpoint}",
        }
    }

    /// The request to send: these bytes, with the credential of the target.
    ///
    /// # Errors
    /// [`TransformError::Setting`]: the target's address or its key cannot be sent.
    pub fn request(&self, target: &Target, body: Bytes) -> Result<Request<Bytes>, TransformError> {
        let base = target.api_base.as_str();
        let origin = ["/v1", "/v1beta", "/v2"].iter().find_map(|version| base.strip_suffix(version)).unwrap_or(base);
        let mut request = bare_post(&format!("{origin}{}", self.path), Vec::new())?;
        *request.body_mut() = body;
        if let Some(key) = &target.api_key {
            let (name, kind) = match self.provider {
                "anthropic" => (HeaderName::from_static("x-api-key"), ""),
                GEMINI => (HeaderName::from_static("x-goog-api-key"), ""),
                _ => (AUTHORIZATION, "Bearer "),
            };
            request.headers_mut().insert(name, credential(kind, key)?);
        }
        Ok(request)
    }
}

fn of_gemini(path: &str) -> Option<Passed> {
    let base = GEMINI_BASES.into_iter().find(|base| path.starts_with(base))?;
    let rest = path.strip_prefix(base)?;
    let (model, operation) =
        OF_GEMINI.into_iter().find_map(|operation| Some((rest.strip_suffix(operation.path())?, operation)))?;
    // It stands in the address.
    let model = model_path::checked(model).ok()?.to_owned();
    // Events, whatever the client reads them as.
    let form = if operation == Operation::StreamGenerateContent { "?alt=sse" } else { "" };
    Some(Passed { provider: GEMINI, operation, path: format!("{path}{form}"), model: Some(model) })
}

/// What passes, read along by a transform that knows the provider's dialect.
pub struct Passing {
    /// Headers of the client's that go with its request.
    pub forwards: &'static [&'static str],
    /// Who reads an operation's answers.
    pub reader: fn(Operation) -> &'static dyn Provider,
}

impl Provider for Passing {
    fn request(&self, _: Call<'_, '_>, target: &Target) -> Result<Request<Bytes>, TransformError> {
        Err(TransformError::Unsayable { reason: format!("`{}` is called as it is.", target.provider) })
    }

    /// What cannot be read is the client's to judge.
    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        let read = (self.reader)(reply.operation).answer(reply, body.clone());
        Ok(WholeAnswer { body, usage: read.ok().and_then(|answer| answer.usage) })
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        let inner = (self.reader)(reply.operation).decoder(Reply { show_usage: true, ..reply });
        Box::new(Watched { inner, last: Bytes::new() })
    }

    /// The provider's own words, all of them.
    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        let read = (self.reader)(Operation::Chat).failure(status, body);
        ProviderFailure { status, message: String::from_utf8_lossy(body).into_owned(), ..read }
    }

    fn retry_after(&self, body: &[u8]) -> Option<u32> {
        (self.reader)(Operation::Chat).retry_after(body)
    }

    fn forwards(&self) -> &'static [&'static str] {
        self.forwards
    }
}

/// A stream that passes while another reader reads it.
struct Watched {
    inner: Box<dyn StreamDecoder>,
    /// What came with the end, or with an error.
    last: Bytes,
}

impl StreamDecoder for Watched {
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, ProviderFailure> {
        let read = self.inner.push(chunk.clone());
        if read.is_err() || self.inner.is_complete() {
            self.last = chunk;
            return read.map(|_| Bytes::new());
        }
        Ok(chunk)
    }

    fn finish(&mut self) -> Result<Bytes, ProviderFailure> {
        self.inner.finish().map(|_| Bytes::new())
    }

    fn is_complete(&self) -> bool {
        self.inner.is_complete()
    }

    fn terminal(&self) -> Bytes {
        self.last.clone()
    }

    /// An error that the provider told is told in its own words; a stream that was cut short has none.
    fn broken(&self, _: &str, _: &str) -> Option<Bytes> {
        (!self.last.is_empty()).then(|| self.last.clone())
    }

    fn seen(&self) -> &Seen {
        self.inner.seen()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::openai::OpenAi;

    static READER: OpenAi = OpenAi;
    const PASSING: Passing = Passing { forwards: &[], reader: |_| &READER };

    fn path(path: &str) -> Option<String> {
        let (provider, rest) = Passed::split(path)?;
        Passed::at(provider, rest).map(|passed| format!("{} {}", passed.operation.call_type(), passed.path))
    }

    #[test]
    fn only_calls_of_models_are_passed_and_nothing_leads_elsewhere() {
        for (asked, wanted) in [
            ("/openai/v1/chat/completions", "acompletion /v1/chat/completions"),
            ("/openai/chat/completions", "acompletion /v1/chat/completions"),
            ("/anthropic/v1/messages", "anthropic_messages /v1/messages"),
            ("/cohere/v2/chat", "acompletion /v2/chat"),
            ("/mistral/v1/embeddings", "aembedding /v1/embeddings"),
            ("/gemini/v1beta/models/g-1:generateContent", "agenerate_content /v1beta/models/g-1:generateContent"),
        ] {
            assert_eq!(path(asked).as_deref(), Some(wanted), "{asked}");
        }
        for asked in [
            "/openai/v1/files",
            "/openai//v1/chat/completions",
            "/openai/v1/../v1/chat/completions",
            "/anthropic/v1/messages/batches",
            "/gemini/v1beta/models/../x:generateContent",
            "/gemini/v1beta/models/a%2f..:generateContent",
            "/groq/v1/chat/completions",
            "/openai",
        ] {
            assert_eq!(path(asked), None, "{asked}");
        }
    }

    fn told(chunks: &[&'static str]) -> (String, Box<dyn StreamDecoder>, bool) {
        let id = crate::id::RequestId::at(crate::clock::Timestamp::from_seconds(1), &[0; 10]);
        let operation = Operation::Chat;
        let reply = Reply { operation, id, model: "m", deployment: "d", asked: &[], show_usage: false };
        let (mut decoder, mut out, mut failed) = (PASSING.decoder(reply), String::new(), false);
        for chunk in chunks {
            match decoder.push(Bytes::from_static(chunk.as_bytes())) {
                Ok(passed) => out += std::str::from_utf8(&passed).unwrap(),
                Err(_) => failed = true,
            }
        }
        (out, decoder, failed)
    }

    #[test]
    fn a_stream_passes_as_it_came_and_its_end_waits_for_the_charge() {
        let text = "data:   {\"choices\": [{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\n";
        let usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5}}\n\n";
        let (passed, decoder, _) = told(&[text, usage, "data: [DONE]\n\n"]);
        assert_eq!((passed, decoder.terminal()), (format!("{text}{usage}"), Bytes::from("data: [DONE]\n\n")));
        assert_eq!((decoder.is_complete(), decoder.seen().usage.unwrap().completion_tokens), (true, 5));
    }

    #[test]
    fn an_error_is_told_in_the_providers_words_and_a_cut_has_none() {
        let error = "data: {\"error\":{\"message\":\"slow\",\"code\":429}}\n\n";
        let (_, decoder, failed) = told(&[error]);
        assert_eq!((failed, decoder.broken("", "").unwrap()), (true, Bytes::from(error)));
        let (_, mut decoder, _) = told(&["data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n"]);
        assert!(decoder.finish().is_err() && decoder.broken("", "").is_none());
    }

    #[test]
    fn an_answer_that_nobody_can_read_passes_too() {
        let id = crate::id::RequestId::at(crate::clock::Timestamp::from_seconds(1), &[0; 10]);
        let operation = Operation::Chat;
        let reply = Reply { operation, id, model: "m", deployment: "d", asked: &[], show_usage: false };
        let told = PASSING.answer(reply, Bytes::from_static(b"<odd>")).unwrap();
        assert_eq!((told.body, told.usage), (Bytes::from_static(b"<odd>"), None));
        assert_eq!(PASSING.failure(418, b"{\"odd\": 1}").message, "{\"odd\": 1}");
    }
}
