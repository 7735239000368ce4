//! The member `generationConfig`: how the model answers.
//!
//! Wire format: <https://ai.google.dev/api/generate-content#generationconfig>

use super::abilities::Abilities;
use super::schema;
use super::thinking;
use crate::api::chat::format::ResponseFormat;
use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::request::ChatRequest;
use crate::api::members::Members;
use crate::api::object::ObjectWriter;
use crate::providers::schema_references::ReferenceBudget;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// Members of a request that go here under the same or another name. Those of LiteLLM's clients come first, then
/// Google's own.
const SETTINGS: [(&str, &str); 31] = [
    ("temperature", "temperature"),
    ("top_p", "top_p"),
    ("top_k", "top_k"),
    ("topP", "top_p"),
    ("topK", "top_k"),
    ("seed", "seed"),
    ("presence_penalty", "presence_penalty"),
    ("frequency_penalty", "frequency_penalty"),
    ("logprobs", "responseLogprobs"),
    ("top_logprobs", "logprobs"),
    ("response_mime_type", "response_mime_type"),
    ("responseMimeType", "response_mime_type"),
    ("response_schema", "response_schema"),
    ("responseSchema", "response_schema"),
    ("response_json_schema", "response_json_schema"),
    ("responseJsonSchema", "response_json_schema"),
    ("thinking_config", "thinkingConfig"),
    ("thinkingConfig", "thinkingConfig"),
    ("speech_config", "speechConfig"),
    ("speechConfig", "speechConfig"),
    ("media_resolution", "mediaResolution"),
    ("mediaResolution", "mediaResolution"),
    ("image_config", "imageConfig"),
    ("imageConfig", "imageConfig"),
    ("audio_timestamp", "audioTimestamp"),
    ("audioTimestamp", "audioTimestamp"),
    ("response_modalities", "responseModalities"),
    ("responseModalities", "responseModalities"),
    ("routing_config", "routingConfig"),
    ("routingConfig", "routingConfig"),
    ("stopSequences", "stop_sequences"),
];

/// Members that say the whole configuration in Google's words.
const WHOLE: [&str; 2] = ["generationConfig", "generation_config"];
/// The member of the OpenAI dialect that names the kinds of an answer.
const MODALITIES: &str = "modalities";
/// The member that says how to speak.
const AUDIO: &str = "audio";
/// The only form in which the models speak.
const AUDIO_FORMAT: &str = "pcm16";
/// Settings that models of the third generation have no more.
const PENALTIES: [&str; 2] = ["presence_penalty", "frequency_penalty"];

/// Whether a member of a request stands here.
pub(super) fn takes(name: &str) -> bool {
    SETTINGS.iter().any(|(known, _)| *known == name) || WHOLE.contains(&name) || [MODALITIES, AUDIO].contains(&name)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpeechConfig {
    voice_config: VoiceConfig,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VoiceConfig {
    prebuilt_voice_config: Voice,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Voice {
    voice_name: String,
}

/// The configuration; `None` where there is nothing to say. Names of settings that the model has not are added to
/// `dropped`.
///
/// # Errors
/// [`InvalidMember`]: a setting cannot be said here.
pub(super) fn config(
    request: &ChatRequest<'_>,
    abilities: Abilities,
    resolution: Option<&'static str>,
    dropped: &mut Vec<&'static str>,
) -> Result<Option<Box<RawValue>>, InvalidMember> {
    let whole = WHOLE.iter().find_map(|name| request.other(name)).map_or("{}", RawValue::get);
    let whole = Members::parse(whole.as_bytes()).map_err(|_| unfit("generationConfig", "it must be an object"))?;
    let modalities = modalities(request)?;
    let speech = speech(request)?;
    let schema = schema_of_form(request, abilities)?;
    let mut config = ObjectWriter::default();
    let mut fill = || -> Result<(), serde_json::Error> {
        for (name, value) in whole.iter() {
            config.add_raw(name, value)?;
        }
        for (name, value) in &request.rest {
            let Some((known, to)) = SETTINGS.iter().find(|(known, _)| known == name) else { continue };
            if abilities.is_third_generation && PENALTIES.contains(known) {
                dropped.push(known);
            } else {
                config.add_raw(to, value)?;
            }
        }
        if let Some(answers) = request.n {
            config.add("candidate_count", &answers)?;
        }
        if !request.stop.is_empty() {
            config.add("stop_sequences", &request.stop)?;
        }
        if let Some(tokens) = request.max_tokens {
            config.add("max_output_tokens", &tokens)?;
        }
        say_form(request, schema.as_ref(), &mut config)?;
        if let Some(thinking) = thinking::config(request, abilities) {
            config.add("thinkingConfig", &thinking)?;
        }
        if let Some(modalities) = &modalities {
            config.add("responseModalities", modalities)?;
        }
        if let Some(speech) = &speech {
            config.add("speechConfig", speech)?;
        }
        if let Some(resolution) = resolution {
            config.add("mediaResolution", resolution)?;
        }
        if abilities.is_third_generation {
            // Google advises against any other; LiteLLM says it where nobody does.
            config.add("temperature", &1.0)?;
        }
        Ok(())
    };
    fill().map_err(|error| unfit("messages", &error.to_string()))?;
    let text = String::from_utf8(config.finish()).map_err(|error| unfit("messages", &error.to_string()))?;
    if text == "{}" {
        return Ok(None);
    }
    RawValue::from_string(text).map(Some).map_err(|error| unfit("messages", &error.to_string()))
}

fn unfit(member: &'static str, reason: &str) -> InvalidMember {
    InvalidMember::whole(member, reason)
}

/// The form of the answer. Where a model does not take any schema, it is said in the words that it knows.
fn say_form<'n>(
    request: &ChatRequest<'_>,
    in_openapi: Option<&Value>,
    config: &mut ObjectWriter<'n>,
) -> Result<(), serde_json::Error> {
    let Some(format) = &request.response_format else { return Ok(()) };
    match format {
        ResponseFormat::Text => config.add("response_mime_type", "text/plain"),
        ResponseFormat::JsonObject => config.add("response_mime_type", "application/json"),
        ResponseFormat::JsonSchema { schema, .. } => {
            config.add("response_mime_type", "application/json")?;
            match in_openapi {
                Some(schema) => config.add("response_schema", schema),
                None => config.add_raw("response_json_schema", schema),
            }
        }
    }
}

/// The schema of the answer for a model that does not take any schema.
fn schema_of_form(request: &ChatRequest<'_>, abilities: Abilities) -> Result<Option<Value>, InvalidMember> {
    let Some(ResponseFormat::JsonSchema { schema, .. }) = &request.response_format else { return Ok(None) };
    if abilities.has_json_schema {
        return Ok(None);
    }
    let schema = serde_json::from_str(schema.get()).map_err(|error| unfit("response_format", &error.to_string()))?;
    let told = schema::in_openapi(&schema, &mut ReferenceBudget::default());
    told.map(Some).map_err(|error| unfit("response_format", &error.to_string()))
}

fn modalities(request: &ChatRequest<'_>) -> Result<Option<Vec<String>>, InvalidMember> {
    let Some(modalities) = request.other(MODALITIES) else { return Ok(None) };
    let read: Result<Vec<String>, _> = serde_json::from_str(modalities.get());
    let named = read.map_err(|_| unfit(MODALITIES, "it must be a list of names"))?;
    Ok(Some(named.iter().map(|name| name.to_uppercase()).collect()))
}

/// The voice, for models that speak.
fn speech(request: &ChatRequest<'_>) -> Result<Option<SpeechConfig>, InvalidMember> {
    #[derive(Deserialize)]
    struct Audio {
        #[serde(default)]
        voice: Option<String>,
        #[serde(default)]
        format: Option<String>,
    }
    let Some(audio) = request.other(AUDIO) else { return Ok(None) };
    let audio: Audio = serde_json::from_str(audio.get()).map_err(|error| unfit(AUDIO, &error.to_string()))?;
    if let Some(format) = audio.format.filter(|format| format != AUDIO_FORMAT) {
        let reason = format!("`{format}` is no format of these models; they speak `{AUDIO_FORMAT}`");
        return Err(InvalidMember::at(AUDIO, "audio.format", reason));
    }
    let of = |voice_name| SpeechConfig { voice_config: VoiceConfig { prebuilt_voice_config: Voice { voice_name } } };
    Ok(audio.voice.map(of))
}
