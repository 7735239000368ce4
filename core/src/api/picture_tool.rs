//! The tool `image_generation` of a response. Its pictures are drawn by a model of their own, which only the list of
//! tools names: the request's, and its echo in the answer.
//! <https://platform.openai.com/docs/guides/tools-image-generation>

use super::care::Care;
use super::medium::Medium;
use super::members::Members;
use crate::clock::Timestamp;
use crate::money::NanoDollars;
use crate::price::{CallFacts, ModelPrice, find, find_images};
use crate::usage::{Doubt, Doubts, Usage};
use crate::wire::input_weight::InputWeight;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The tool's type.
pub(super) const KIND: &str = "image_generation";
/// What draws where nobody says a model, and at whose price a model draws that the price data does not know.
const USUAL_MODEL: &str = "gpt-image-1";
const PROVIDER: &str = "openai";

/// The tool, as a request or an answer lists it.
#[derive(Debug, Deserialize)]
pub struct PictureTool {
    #[serde(rename = "type")]
    kind: String,
    model: Option<String>,
    size: Option<String>,
    quality: Option<String>,
}

/// A picture of an answer, as far as its item tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// `1024x1536`.
    pub size: Option<String>,
    /// `low`, `medium` or `high`.
    pub quality: Option<String>,
}

impl PictureTool {
    /// The tool in the list of a request or an answer. None where none can be read there.
    pub fn listed(members: &Members<'_>) -> Option<Self> {
        let tools = members.read::<Vec<&RawValue>>("tools")?;
        let mut tools = tools.into_iter().filter_map(|tool| serde_json::from_str::<Self>(tool.get()).ok());
        tools.find(|tool| tool.kind == KIND)
    }

    /// What is held for one picture, drawn from another.
    pub fn bound(tool: Option<&Self>) -> NanoDollars {
        let asked = tool.map(|tool| Picture { size: tool.size.clone(), quality: tool.quality.clone() });
        let (medium, price) = priced(tool, &asked.unwrap_or_default());
        let care = Care::Balanced { reserve_output_tokens: 0 };
        let demand = medium.demand(&InputWeight::of(b""), price.as_ref(), care).unwrap_or_default();
        price.map_or(NanoDollars::ZERO, |price| price.bound(&demand))
    }

    /// What an answer's pictures cost: by the tokens that it counts for them, else by their size and quality, which is
    /// [estimated](Doubt::Estimated) where there are any.
    pub fn cost(tool: Option<&Self>, told: Option<Usage>, pictures: &[Picture]) -> (NanoDollars, Doubts) {
        let facts = CallFacts::at(Timestamp::default());
        if let Some(told) = told {
            let price = price_of_tokens(tool);
            return (price.map_or(NanoDollars::ZERO, |price| price.cost(&told, &facts).total), Doubts::default());
        }
        let of_one = |picture: &Picture| {
            let (medium, price) = priced(tool, picture);
            let price = price?;
            Some(price.cost(&medium.used(None, || 0, Some(&price)), &facts).total)
        };
        let mut doubts = Doubts::default();
        if !pictures.is_empty() {
            doubts.note(Doubt::Estimated);
        }
        (pictures.iter().filter_map(of_one).sum(), doubts)
    }
}

/// A picture with the price that holds for its size and quality, where both are known; else its model's price of tokens.
fn priced(tool: Option<&PictureTool>, picture: &Picture) -> (Medium, Option<ModelPrice>) {
    let medium = Medium::picture(picture.size.as_deref(), picture.quality.as_deref());
    let model = tool.and_then(|tool| tool.model.as_deref()).unwrap_or(USUAL_MODEL);
    let sized = match &medium {
        Medium::Images { size: Some(size), quality: Some(quality), .. } => {
            find_images(model, PROVIDER, Some(quality), *size)
        }
        _ => None,
    };
    let price = sized.or_else(|| price_of_tokens(tool));
    (medium, price)
}

fn price_of_tokens(tool: Option<&PictureTool>) -> Option<ModelPrice> {
    let named = tool.and_then(|tool| find(tool.model.as_deref()?, Some(PROVIDER)));
    named.or_else(|| find(USUAL_MODEL, Some(PROVIDER)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn tool(fields: &Value) -> Option<PictureTool> {
        let mut tool = json!({"type": "image_generation"});
        tool.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let body = json!({"tools": [{"type": "function", "name": "image_generation"}, 7, tool]}).to_string();
        PictureTool::listed(&Members::parse(body.as_bytes()).unwrap())
    }

    fn picture(size: &str, quality: &str) -> Picture {
        Picture { size: Some(size.to_owned()), quality: Some(quality.to_owned()) }
    }

    #[test]
    fn one_picture_is_held_by_its_size_and_quality_or_as_the_dearest() {
        let bound = |fields: &Value| PictureTool::bound(tool(fields).as_ref()).nanos();
        let dearest = 6240 * 40_000 + 1500 * 10_000;
        assert_eq!(bound(&json!({})), dearest);
        assert_eq!(PictureTool::bound(None).nanos(), dearest, "a list that cannot be read");
        assert_eq!(bound(&json!({"size": "auto", "quality": "high"})), dearest);
        assert_eq!(bound(&json!({"size": "1024x1024", "quality": "low"})), 11_000_000);
        assert_eq!(bound(&json!({"model": "gpt-image-1.5"})), 6240 * 32_000 + 1500 * 8000);
        assert_eq!(bound(&json!({"model": "no-such-model"})), dearest);
    }

    #[test]
    fn tokens_that_are_told_are_charged_at_the_price_of_what_drew() {
        let told = Usage {
            prompt_tokens: 110,
            image_prompt_tokens: 100,
            completion_tokens: 272,
            image_completion_tokens: 272,
            ..Usage::default()
        };
        let cost = |fields: &Value| PictureTool::cost(tool(fields).as_ref(), Some(told), &[Picture::default()]);
        assert_eq!(cost(&json!({})).0.nanos(), 10 * 5000 + 100 * 10_000 + 272 * 40_000);
        assert_eq!(cost(&json!({"model": "gpt-image-2"})).0.nanos(), 10 * 5000 + 100 * 8000 + 272 * 30_000);
        assert_eq!(cost(&json!({})).1, Doubts::default());
    }

    #[test]
    fn pictures_without_tokens_cost_what_their_size_and_quality_do() {
        let cost = |pictures: &[Picture]| PictureTool::cost(tool(&json!({})).as_ref(), None, pictures);
        let (two, doubts) = cost(&[picture("1024x1024", "high"), picture("1024x1024", "low")]);
        assert_eq!((two.nanos(), doubts.has(Doubt::Estimated)), (178_000_000, true));
        assert_eq!(cost(&[Picture::default()]).0.nanos(), 6240 * 40_000);
        assert_eq!(cost(&[]), (NanoDollars::ZERO, Doubts::default()));
    }
}
