//! What a request for images, for speech or about a recording uses that is not counted in tokens: what is told by the
//! request itself, and what is set aside for it. Pure.

use super::care::Care;
use super::form::Form;
use super::members::Members;
use crate::price::{Demand, ModelPrice};
use crate::usage::{Doubt, Media, Usage};
use crate::wire::input_weight::{IMAGE_TOKENS, InputWeight, Unbounded};
use crate::wire::recording;

/// Tokens of a large image of the best quality: <https://platform.openai.com/docs/guides/image-generation>
const IMAGE_OUTPUT_TOKENS: u64 = 6_240;
/// Characters that a voice speaks in a second.
const CHARACTERS_PER_SECOND: u64 = 15;
/// Tokens that a second of a recording comes to.
const TOKENS_PER_SECOND: u64 = 20;
/// The size that images have where nobody says one.
const USUAL_SIZE: (u64, u64) = (1024, 1024);

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Medium {
    /// Images.
    Images {
        /// How many.
        count: u64,
        /// Their width and height in pixels, as far as the request says.
        size: Option<(u64, u64)>,
        /// Their quality, as far as the request says.
        quality: Option<String>,
        /// Images that are given.
        given: u64,
    },
    /// A text, spoken.
    Speech {
        /// Its characters.
        characters: u64,
        /// About how long it takes to say, in milliseconds.
        spoken_ms: u64,
    },
    /// A recording, written down.
    Recording {
        /// About how long it is, in milliseconds.
        recorded_ms: u64,
    },
    /// Whatever a service does that is no model's: it is paid by the call.
    Call,
}

impl Medium {
    /// Images, made from words or from those in a form.
    pub fn images(members: &Members<'_>, form: Option<&Form>) -> Self {
        Self::Images {
            count: members.read::<u64>("n").filter(|count| *count > 0).unwrap_or(1),
            size: members.read::<&str>("size").and_then(size),
            quality: members.read::<&str>("quality").filter(|quality| *quality != "auto").map(str::to_owned),
            given: form.map_or(0, |form| form.files("image").chain(form.files("mask")).count() as u64),
        }
    }

    /// One picture that is drawn from another. A size or quality that cannot be read is one that nobody said.
    pub fn picture(said_size: Option<&str>, said_quality: Option<&str>) -> Self {
        let quality = said_quality.filter(|quality| *quality != "auto").map(str::to_owned);
        Self::Images { count: 1, size: said_size.and_then(size), quality, given: 1 }
    }

    /// Speech.
    pub fn speech(members: &Members<'_>) -> Self {
        let characters = members.read::<String>("input").map_or(0, |input| input.chars().count() as u64);
        let speed = members.read::<f64>("speed").filter(|speed| *speed > 0.0).unwrap_or(1.0);
        let usual_ms = characters.saturating_mul(1000) / CHARACTERS_PER_SECOND;
        // A float-to-int cast saturates.
        Self::Speech { characters, spoken_ms: (usual_ms as f64 / speed) as u64 }
    }

    /// The recording in a form.
    pub fn recording(form: Option<&Form>) -> Self {
        let file = form.and_then(|form| form.files("file").next());
        Self::Recording { recorded_ms: file.map_or(0, |file| recording::millis(&file.content)) }
    }

    /// The size and the quality of the images, which some prices are stated for.
    pub fn size_and_quality(&self) -> Option<((u64, u64), Option<&str>)> {
        let Self::Images { size, quality, .. } = self else { return None };
        Some((size.unwrap_or(USUAL_SIZE), quality.as_deref()))
    }

    /// What the call can use at most, or is likely to, as `care` says.
    ///
    /// # Errors
    /// With [`Care::Strict`]: what has no bound at this price.
    pub fn demand(&self, weight: &InputWeight, price: Option<&ModelPrice>, care: Care) -> Result<Demand, Unbounded> {
        let is_strict = matches!(care, Care::Strict { .. });
        if *self == Self::Call {
            return Ok(Demand { choices: 1, ..Demand::default() });
        }
        let in_tokens = price.is_some_and(ModelPrice::charges_output_tokens);
        let text = if is_strict { weight.most()? } else { weight.estimate() };
        let demand = Demand { input_tokens: text, media: self.media(), choices: 1, ..Demand::default() };
        match self {
            Self::Images { .. } if is_strict && in_tokens => Err(Unbounded::Image),
            Self::Images { count, given, .. } if in_tokens => Ok(Demand {
                input_tokens: text.saturating_add(given.saturating_mul(IMAGE_TOKENS)),
                output_tokens: IMAGE_OUTPUT_TOKENS,
                choices: *count,
                ..demand
            }),
            Self::Images { .. } => Ok(demand),
            Self::Speech { .. } if is_strict && in_tokens => Err(Unbounded::Speech),
            Self::Speech { .. } => Ok(demand),
            Self::Recording { .. } if is_strict => Err(Unbounded::Recording),
            Self::Recording { recorded_ms } if !price.is_some_and(ModelPrice::charges_seconds) => {
                let tokens = tokens(*recorded_ms);
                Ok(Demand {
                    input_tokens: text.saturating_add(tokens),
                    output_tokens: tokens,
                    audio_input: true,
                    ..demand
                })
            }
            Self::Recording { .. } | Self::Call => Ok(demand),
        }
    }

    /// What a call used that succeeded, with what its answer left unsaid.
    pub fn used(&self, told: Option<Usage>, text_tokens: impl FnOnce() -> u64, price: Option<&ModelPrice>) -> Usage {
        let asked = self.media();
        let mut usage = told.unwrap_or_default();
        let has_tokens = usage.prompt_tokens > 0 || usage.completion_tokens > 0;
        match self {
            Self::Images { .. } if told.is_some() => usage.media.pixels = asked.pixels,
            Self::Images { count, .. } => {
                usage.media = asked;
                usage.doubts.note(Doubt::Estimated);
                if price.is_some_and(ModelPrice::charges_output_tokens) {
                    usage.completion_tokens = count.saturating_mul(IMAGE_OUTPUT_TOKENS);
                    usage.image_completion_tokens = usage.completion_tokens;
                }
            }
            Self::Speech { .. } if has_tokens => {}
            Self::Speech { .. } => {
                usage.media = asked;
                usage.prompt_tokens = text_tokens();
            }
            Self::Recording { recorded_ms } if !has_tokens => {
                if usage.media.recorded_ms == 0 {
                    usage.media.recorded_ms = *recorded_ms;
                    usage.doubts.note(Doubt::Estimated);
                }
                if price.is_some_and(|price| !price.charges_seconds()) {
                    usage.prompt_tokens = tokens(usage.media.recorded_ms);
                    usage.audio_prompt_tokens = usage.prompt_tokens;
                    usage.doubts.note(Doubt::Estimated);
                }
            }
            Self::Recording { .. } | Self::Call => {}
        }
        usage
    }

    fn media(&self) -> Media {
        match self {
            Self::Images { count, size, .. } => {
                let (width, height) = size.unwrap_or(USUAL_SIZE);
                Media { images: *count, pixels: width.saturating_mul(height), ..Media::default() }
            }
            Self::Speech { characters, spoken_ms } => {
                Media { characters: *characters, spoken_ms: *spoken_ms, ..Media::default() }
            }
            Self::Recording { recorded_ms } => Media { recorded_ms: *recorded_ms, ..Media::default() },
            Self::Call => Media::default(),
        }
    }
}

fn tokens(recorded_ms: u64) -> u64 {
    recorded_ms.saturating_mul(TOKENS_PER_SECOND) / 1000
}

/// `1024x1792`.
fn size(text: &str) -> Option<(u64, u64)> {
    let (width, height) = text.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::find;

    const BALANCED: Care = Care::Balanced { reserve_output_tokens: 4096 };
    const STRICT: Care = Care::Strict { output_tokens: None };

    fn images(body: &str) -> Medium {
        Medium::images(&Members::parse(body.as_bytes()).unwrap(), None)
    }

    fn speech(body: &str) -> Medium {
        Medium::speech(&Members::parse(body.as_bytes()).unwrap())
    }

    fn bound(medium: &Medium, model: &str, care: Care) -> Result<f64, Unbounded> {
        let price = find(model, None).unwrap();
        let demand = medium.demand(&InputWeight::of(b"{}"), Some(&price), care)?;
        Ok(price.bound(&demand).dollars())
    }

    #[test]
    fn a_call_that_is_paid_as_such_uses_nothing_that_is_counted() {
        let demand = Medium::Call.demand(&InputWeight::of(br#"{"messages": ["long"]}"#), None, STRICT).unwrap();
        assert_eq!(
            (demand, Medium::Call.used(None, || 7, None)),
            (Demand { choices: 1, ..Demand::default() }, Usage::default())
        );
    }

    #[test]
    fn images_are_set_aside_by_number_and_size() {
        let two = images(r#"{"n":2,"size":"1024x1792","quality":"hd"}"#);
        assert_eq!(two.size_and_quality(), Some(((1024, 1792), Some("hd"))));
        assert_eq!(bound(&two, "aiml/dall-e-3", STRICT), Ok(0.104));
        assert_eq!(images(r#"{"size":"auto","quality":"auto"}"#).size_and_quality(), Some(((1024, 1024), None)));
    }

    #[test]
    fn images_paid_in_tokens_have_a_usual_price_and_no_bound() {
        let one = images("{}");
        assert!((0.24..0.26).contains(&bound(&one, "gpt-image-1", BALANCED).unwrap()));
        assert_eq!(bound(&one, "gpt-image-1", STRICT), Err(Unbounded::Image));
    }

    #[test]
    fn speech_by_the_character_is_bounded_exactly() {
        let hello = speech(r#"{"input":"Hell\u00f6","speed":2}"#);
        assert_eq!(hello, Medium::Speech { characters: 5, spoken_ms: 166 });
        assert_eq!(bound(&hello, "tts-1", STRICT), Ok(0.000075));
        assert_eq!(bound(&hello, "gpt-4o-mini-tts", STRICT), Err(Unbounded::Speech));
        assert_eq!(hello.used(None, || 1, None).prompt_tokens, 1);
    }

    #[test]
    fn a_recording_is_charged_by_what_the_answer_tells_and_else_by_its_size() {
        let recording = Medium::Recording { recorded_ms: 4000 };
        let whisper = find("whisper-1", Some("openai")).unwrap();
        let told = Usage { media: Media { recorded_ms: 2500, ..Media::default() }, ..Usage::default() };
        let used = recording.used(Some(told), || 0, Some(&whisper));
        assert_eq!((used.media.recorded_ms, used.doubts.has(Doubt::Estimated)), (2500, false));
        let used = recording.used(None, || 0, Some(&whisper));
        assert_eq!((used.media.recorded_ms, used.doubts.has(Doubt::Estimated)), (4000, true));
        let in_tokens = find("azure/gpt-4o-transcribe", None).unwrap();
        assert_eq!(recording.used(None, || 0, Some(&in_tokens)).audio_prompt_tokens, 80);
        assert_eq!(bound(&recording, "whisper-1", STRICT), Err(Unbounded::Recording));
        assert_eq!(bound(&recording, "whisper-1", BALANCED), Ok(0.0004));
    }
}
