//! Models that continue a text: which family a model is of, and the body that it reads.

use super::prompt::{self, Template};
use crate::api::chat::format::ResponseFormat;
use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::request::ChatRequest;
use crate::api::members::Members;
use crate::api::object::ObjectWriter;
use crate::providers::bedrock::model::{BedrockModel, Maker, Route};
use serde_json::value::RawValue;

/// Mistral's models that read a text. Its later ones have a form of their own, and are called by Converse.
const OF_MISTRAL: [&str; 4] = [
    "mistral.mistral-7b-instruct",
    "mistral.mixtral-8x7b-instruct",
    "mistral.mistral-large-2402",
    "mistral.mistral-small-2402",
];
/// Where Titan reads how to answer.
const OF_TITAN: &str = "textGenerationConfig";

/// A family of models with one form of requests and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// Meta's Llama.
    Llama,
    /// Qwen that an operator imported, which Bedrock runs as it runs Llama.
    Qwen,
    /// Mistral's first models.
    Mistral,
    /// Amazon's Titan.
    Titan,
}

impl Family {
    /// The family of a model that is called by `InvokeModel`, where it is of one.
    pub(crate) fn of(model: &BedrockModel<'_>) -> Option<Self> {
        let is_first = || OF_MISTRAL.iter().any(|name| model.name().starts_with(name));
        match (model.route, model.maker) {
            (Route::Converse, _) => None,
            (_, Maker::Llama) => Some(Self::Llama),
            (_, Maker::Qwen) if model.id.starts_with("arn:") => Some(Self::Qwen),
            (_, Maker::Mistral) if is_first() => Some(Self::Mistral),
            (_, Maker::Titan) => Some(Self::Titan),
            _ => None,
        }
    }

    /// What of a request the family does not take.
    pub(crate) fn unsupported(self, request: &ChatRequest<'_>) -> Vec<&'static str> {
        let is_held = matches!(request.response_format, Some(ResponseFormat::JsonSchema { .. }));
        let said = [
            ("tools", !request.tools.is_empty()),
            ("tool_choice", request.tool_choice.is_some()),
            ("parallel_tool_calls", request.parallel_tool_calls.is_some()),
            ("response_format", is_held),
            ("web_search_options", request.web_search_options.is_some()),
            ("user", request.user.is_some()),
            ("stop", self.names().stop.is_none() && !request.stop.is_empty()),
        ];
        said.into_iter().filter_map(|(name, is_said)| is_said.then_some(name)).collect()
    }

    fn template(self) -> Template {
        match self {
            Self::Llama => Template::Llama3,
            Self::Qwen => Template::ChatMl,
            Self::Mistral => Template::Mistral,
            Self::Titan => Template::Titan,
        }
    }

    fn names(self) -> Names {
        match self {
            Self::Llama | Self::Qwen => Names { prompt: "prompt", cap: "max_gen_len", stop: None, top_p: "top_p" },
            Self::Mistral => Names { prompt: "prompt", cap: "max_tokens", stop: Some("stop"), top_p: "top_p" },
            Self::Titan => {
                Names { prompt: "inputText", cap: "maxTokenCount", stop: Some("stopSequences"), top_p: "topP" }
            }
        }
    }
}

/// What a family calls the members of a request.
struct Names {
    prompt: &'static str,
    cap: &'static str,
    stop: Option<&'static str>,
    top_p: &'static str,
}

/// Writes the body. Parameters that the family does not take must have been taken out. `overrides`: members that win
/// over the request's.
///
/// # Errors
/// [`InvalidMember`]: something is said that is no text.
pub(crate) fn write(
    request: &ChatRequest<'_>,
    family: Family,
    overrides: &Members<'_>,
) -> Result<Vec<u8>, InvalidMember> {
    let prompt = prompt::of(&request.messages, family.template())?;
    body(request, family, overrides, &prompt).map_err(|error| InvalidMember::whole("messages", error.to_string()))
}

fn body(
    request: &ChatRequest<'_>,
    family: Family,
    overrides: &Members<'_>,
    prompt: &str,
) -> Result<Vec<u8>, serde_json::Error> {
    let names = family.names();
    let mut body = ObjectWriter::default();
    for (name, value) in overrides.iter() {
        body.add_raw(name, value)?;
    }
    body.add(names.prompt, prompt)?;
    if family != Family::Titan {
        say_how(request, &names, &mut body)?;
        return Ok(body.finish());
    }
    let mut config = ObjectWriter::default();
    say_how(request, &names, &mut config)?;
    let config = config.finish();
    if config != b"{}" {
        body.add_raw(OF_TITAN, serde_json::from_slice::<&RawValue>(&config)?)?;
    }
    Ok(body.finish())
}

/// How to answer. What nobody here knows passes as it is.
fn say_how<'n>(
    request: &'n ChatRequest<'_>,
    names: &Names,
    body: &mut ObjectWriter<'n>,
) -> Result<(), serde_json::Error> {
    if let Some(tokens) = request.max_tokens {
        body.add(names.cap, &tokens)?;
    }
    if let Some(name) = names.stop.filter(|_| !request.stop.is_empty()) {
        body.add(name, &request.stop)?;
    }
    for (name, value) in &request.rest {
        body.add_raw(if *name == "top_p" { names.top_p } else { name }, value)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn written(model: &str, mut body: Value) -> (Vec<&'static str>, Value) {
        body["messages"] = json!([{"role": "user", "content": "Hi"}]);
        let body = body.to_string();
        let members = Members::parse(body.as_bytes()).unwrap();
        let request = ChatRequest::read(&members).unwrap();
        let family = Family::of(&BedrockModel::of(model)).unwrap();
        let overrides = Members::parse(br#"{"temperature":1}"#).unwrap();
        let body = write(&request, family, &overrides).unwrap();
        (family.unsupported(&request), serde_json::from_slice(&body).unwrap())
    }

    #[test]
    fn each_family_has_its_words() {
        let said = json!({"max_tokens": 5, "temperature": 0.5, "top_p": 0.9, "stop": "END", "top_k": 3});
        let mut body = written("invoke/mistral.mistral-7b-instruct-v0:2", said.clone()).1;
        body.as_object_mut().unwrap().remove("prompt").unwrap();
        let wanted = json!({"max_tokens": 5, "temperature": 1, "top_p": 0.9, "stop": ["END"], "top_k": 3});
        assert_eq!(body, wanted);
        let (unsupported, body) = written("invoke/us.meta.llama3-1-70b-instruct-v1:0", said.clone());
        assert_eq!((unsupported, &body["max_gen_len"]), (vec!["stop"], &json!(5)));
        let (unsupported, body) = written("invoke/amazon.titan-text-express-v1", said);
        assert!(unsupported.is_empty());
        assert_eq!(body["inputText"], "User: Hi\nBot:");
        let config = &body["textGenerationConfig"];
        assert_eq!((&config["maxTokenCount"], &config["topP"]), (&json!(5), &json!(0.9)));
        assert_eq!(config["stopSequences"], json!(["END"]));
    }

    #[test]
    fn only_models_that_continue_a_text_are_of_a_family() {
        let imported = "arn:aws:bedrock:us-east-1:1:imported-model/x";
        for (model, family) in [
            (format!("llama/{imported}"), Some(Family::Llama)),
            (format!("qwen3/{imported}"), Some(Family::Qwen)),
            ("invoke/qwen.qwen3-32b-v1:0".to_owned(), None),
            ("invoke/mistral.mistral-large-2407-v1:0".to_owned(), None),
            ("meta.llama3-1-70b-instruct-v1:0".to_owned(), None),
        ] {
            assert_eq!(Family::of(&BedrockModel::of(&model)), family, "{model}");
        }
    }
}
