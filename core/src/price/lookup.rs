//! Which entry of the price data speaks of a model, whatever form its name has.

use super::index;
use super::known::belongs;
use super::model::ModelPrice;

/// The entry for a model. `model` may begin with its provider; `provider` says it where the name does not, and then
/// only entries of that provider count: a stranger's model of the same name has the stranger's price.
///
/// Tried in turn: `provider/model`, the name as it is, the bare name, then forms with a version, a region or a tuner's
/// suffix removed; at last the first two in other letter case.
pub fn find(model: &str, provider: Option<&str>) -> Option<ModelPrice> {
    let (provider, bare) = split(model, provider);
    let whole = provider.map(|provider| format!("{provider}/{bare}"));
    let short = shortened(bare, provider);
    let short_whole = provider.filter(|_| short != bare).map(|provider| format!("{provider}/{short}"));
    let forms = [whole.as_deref(), Some(model), Some(bare), short_whole.as_deref(), Some(short)];
    let found = forms.into_iter().flatten().find(|name| matches(name, provider));
    let recased = || forms.into_iter().take(2).flatten().find_map(|name| index::in_other_case(name));
    let key = found.or_else(|| recased().filter(|name| matches(name, provider)))?;
    Some(ModelPrice::from_info(key, index::entry(key)?))
}

/// The entry for images of this size and quality, where a model has one for each (`hd/1024-x-1024/dall-e-3`). Where
/// nobody says a quality, the standard one's.
pub fn find_images(
    model: &str,
    provider: &str,
    quality: Option<&str>,
    (width, height): (u64, u64),
) -> Option<ModelPrice> {
    let (_, bare) = split(model, Some(provider));
    let sized = format!("{width}-x-{height}/{bare}");
    let graded = |grade: &str| format!("{grade}/{sized}");
    let names = match quality {
        Some(quality) => vec![graded(quality), sized],
        None => vec![graded("standard"), graded("medium"), sized],
    };
    let found = names.iter().find_map(|name| {
        let whole = format!("{provider}/{name}");
        [whole, name.clone()].into_iter().find(|name| matches(name, Some(provider)))
    })?;
    Some(ModelPrice::from_info(&found, index::entry(&found)?))
}

/// The provider of the entry of exactly this name. Reads one line and parses nothing.
pub fn provider_of(model: &str) -> Option<&'static str> {
    index::provider(model)
}

/// The provider and the name without it.
fn split<'a>(model: &'a str, provider: Option<&'a str>) -> (Option<&'a str>, &'a str) {
    match (provider, model.split_once('/')) {
        (Some(provider), Some((prefix, rest))) if prefix == provider => (Some(provider), rest),
        (None, Some((prefix, rest))) if index::is_provider(prefix) => (Some(prefix), rest),
        _ => (provider, model),
    }
}

fn matches(name: &str, provider: Option<&str>) -> bool {
    match (index::provider(name), provider) {
        (Some(theirs), Some(provider)) => belongs(theirs, provider) || resells(provider, theirs),
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// Whether a provider passes on another's models at the other's price.
fn resells(provider: &str, maker: &str) -> bool {
    matches!((provider, maker), ("github", "openai") | ("azure_ai", "azure" | "openai"))
}

/// The name without what does not change the price.
fn shortened<'a>(bare: &'a str, provider: Option<&str>) -> &'a str {
    if bare.starts_with("ft:") {
        let end = bare.match_indices(':').nth(1).map_or(bare.len(), |(at, _)| at);
        return bare.get(..end).unwrap_or(bare);
    }
    match provider {
        Some("bedrock" | "bedrock_converse") => without_route(bare),
        Some("gemini" | "vertex_ai") => without_version(bare),
        _ => bare,
    }
}

/// `converse/amazon.nova-pro-v1:0` → `amazon.nova-pro-v1:0`; also a region, an API and a throughput suffix.
fn without_route(bare: &str) -> &str {
    let name = bare.rsplit_once('/').map_or(bare, |(_, name)| name);
    if index::provider(name).is_some() {
        return name;
    }
    let area = ["us.", "eu.", "apac.", "global.", "jp.", "au."].iter().find_map(|area| name.strip_prefix(area));
    area.unwrap_or(name)
}

/// `gemini-2.0-flash-001` → `gemini-2.0-flash`.
fn without_version(bare: &str) -> &str {
    match bare.rsplit_once('-') {
        Some((name, "latest")) => name,
        Some((name, version)) if version.len() == 3 && version.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => bare,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn names_lead_to_the_entries_that_the_corpus_records() {
        for line in include_str!("../../data/corpus/price_lookups.jsonl").lines() {
            let vector: Value = serde_json::from_str(line).unwrap();
            let model = vector["model"].as_str().unwrap();
            let price = find(model, None);
            assert_eq!(price.as_ref().map(ModelPrice::key), vector["key"].as_str(), "{model}");
        }
    }

    #[test]
    fn a_stranger_with_the_same_model_name_is_not_billed_at_the_makers_price() {
        assert!(find("gpt-4o", Some("openai")).is_some());
        assert!(find("gpt-4o", Some("hosted_vllm")).is_none());
    }

    #[test]
    fn a_version_is_forgiven_where_the_family_is_known() {
        assert_eq!(find("gemini-2.5-flash-001", Some("vertex_ai")).unwrap().key(), "gemini-2.5-flash");
    }

    #[test]
    fn a_reseller_takes_the_makers_price() {
        assert_eq!(find("github/gpt-4o-mini", Some("github")).unwrap().key(), "gpt-4o-mini");
    }

    #[test]
    fn images_have_a_price_by_size_and_quality() {
        let key = |model, provider, quality, size| {
            find_images(model, provider, quality, size).map(|price| price.key().to_owned())
        };
        let hd = key("azure/dall-e-3", "azure", Some("hd"), (1024, 1792));
        assert_eq!(hd.as_deref(), Some("azure/hd/1024-x-1792/dall-e-3"));
        let usual = key("dall-e-3", "azure", None, (1024, 1024));
        assert_eq!(usual.as_deref(), Some("azure/standard/1024-x-1024/dall-e-3"));
        let sketch = key("gpt-image-1", "openai", Some("low"), (1024, 1024));
        assert_eq!(sketch.as_deref(), Some("low/1024-x-1024/gpt-image-1"));
        assert_eq!(key("dall-e-3", "groq", None, (1024, 1024)), None);
    }

    #[test]
    fn letter_case_is_forgiven() {
        assert_eq!(find("azure_ai/phi-4", None).unwrap().key(), "azure_ai/Phi-4");
    }

    #[test]
    fn an_entry_tells_limits_and_mode() {
        let price = find("openai/gpt-4o", None).unwrap();
        assert_eq!((price.max_input_tokens(), price.max_output_tokens()), (Some(128_000), Some(16_384)));
        assert_eq!((price.mode(), price.provider()), (Some("chat"), Some("openai")));
    }
}
