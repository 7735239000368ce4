//! What a call costs by other units than tokens: images, characters, seconds of sound.

use super::femto::FemtoDollars;
use super::rates::Component;
use crate::usage::Media;

/// What this costs at the prices that `price` knows. A model with both kinds of prices charges one of them: images and
/// recordings that are paid `by_tokens` cost nothing more, while speech is paid for its text and for its sound.
pub(super) fn cost(media: &Media, by_tokens: bool, price: &dyn Fn(Component) -> Option<FemtoDollars>) -> FemtoDollars {
    if *media == Media::default() {
        return FemtoDollars::ZERO;
    }
    let of = |component| price(component).unwrap_or_default();
    let spoken =
        of(Component::InputCharacter).times(media.characters) + of(Component::OutputSecond).for_millis(media.spoken_ms);
    if by_tokens {
        return spoken;
    }
    // Where both sides name a price they name the same one.
    let second = of(Component::InputSecond).max(of(Component::OutputSecond));
    spoken + one_image(media.pixels, &of).times(media.images) + second.for_millis(media.recorded_ms)
}

fn one_image(pixels: u64, of: &dyn Fn(Component) -> FemtoDollars) -> FemtoDollars {
    let whole = of(Component::OutputImage).max(of(Component::InputImage));
    if whole > FemtoDollars::ZERO {
        whole
    } else {
        of(Component::InputPixel).max(of(Component::OutputPixel)).times(pixels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::price::{CallFacts, Demand, ModelPrice, find};
    use crate::usage::Usage;
    use serde_json::json;

    fn dollars(price: &ModelPrice, usage: Usage) -> f64 {
        price.cost(&usage, &CallFacts::at(Timestamp::default())).total_dollars
    }

    fn used(media: Media) -> Usage {
        Usage { media, ..Usage::default() }
    }

    #[test]
    fn images_are_charged_by_the_piece_or_by_the_pixel() {
        let pieces = Media { images: 2, pixels: 1024 * 1024, ..Media::default() };
        let price = |info: serde_json::Value| ModelPrice::from_info("own", info.as_object().unwrap().clone());
        assert_eq!(dollars(&price(json!({"output_cost_per_image": 0.04})), used(pieces)), 0.08);
        assert_eq!(
            dollars(&price(json!({"input_cost_per_image": 0.04, "input_cost_per_pixel": 9.0})), used(pieces)),
            0.08
        );
        assert_eq!(dollars(&price(json!({"input_cost_per_pixel": 1e-8})), used(pieces)), 0.02097152);
    }

    #[test]
    fn images_that_are_paid_in_tokens_are_not_paid_twice() {
        let media = Media { images: 1, ..Media::default() };
        let usage = Usage { prompt_tokens: 10, completion_tokens: 100, image_completion_tokens: 100, ..used(media) };
        assert_eq!(dollars(&find("gpt-image-1", Some("openai")).unwrap(), usage), 0.00405);
    }

    #[test]
    fn recordings_are_charged_by_the_second_and_speech_by_the_character() {
        let recorded = used(Media { recorded_ms: 2500, ..Media::default() });
        for (model, wanted) in [("whisper-1", 0.00025), ("groq/whisper-large-v3", 0.000077075)] {
            if let Some(price) = find(model, None) {
                assert_eq!(dollars(&price, recorded), wanted, "{model}");
            }
        }
        let spoken = used(Media { characters: 5, spoken_ms: 9000, ..Media::default() });
        assert_eq!(dollars(&find("tts-1", Some("openai")).unwrap(), spoken), 0.000075);
        let voice = Usage { prompt_tokens: 1, ..spoken };
        assert_eq!(dollars(&find("gpt-4o-mini-tts", Some("openai")).unwrap(), voice), 0.0022506);
    }

    #[test]
    fn the_bound_covers_the_media() {
        let media = Media { characters: 100, ..Media::default() };
        let bound = find("tts-1", Some("openai")).unwrap().bound(&Demand { media, ..Demand::default() });
        assert_eq!(bound.dollars(), 0.0015);
    }
}
