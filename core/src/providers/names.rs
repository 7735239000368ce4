//! Models that are known by names of their own, without a provider before them. Data only.

/// Regions before a Bedrock model's vendor, for calls across regions.
const BEDROCK_REGIONS: [&str; 9] = ["us", "us-gov", "eu", "apac", "jp", "au", "ca", "sa", "global"];
const BEDROCK_VENDORS: [&str; 15] = [
    "ai21",
    "amazon",
    "anthropic",
    "cohere",
    "deepseek",
    "google",
    "luma",
    "meta",
    "minimax",
    "mistral",
    "moonshot",
    "nvidia",
    "openai",
    "qwen",
    "stability",
];
const OPENAI_NAMES: [&str; 16] = [
    "gpt-",
    "chatgpt-",
    "o1",
    "o3",
    "o4-mini",
    "codex-",
    "computer-use-",
    "text-embedding-3-",
    "text-embedding-ada-",
    "text-moderation-",
    "omni-moderation-",
    "tts-1",
    "whisper-1",
    "dall-e-",
    "sora-",
    "ft:gpt-",
];

/// The provider whose models have such names.
pub(super) fn provider_of_name(model: &str) -> Option<&'static str> {
    let begins = |names: &[&str]| names.iter().any(|name| model.starts_with(name));
    if model.contains('/') {
        None
    } else if model == "*" {
        Some("openai")
    } else if begins(&["gpt-3.5-turbo-instruct", "davinci-002", "babbage-002", "ft:davinci-002", "ft:babbage-002"]) {
        Some("text-completion-openai")
    } else if begins(&OPENAI_NAMES) {
        Some("openai")
    } else if begins(&["claude-"]) {
        Some("anthropic")
    } else if begins(&["gemini-"]) {
        Some("vertex_ai")
    } else if is_bedrock(model) {
        Some("bedrock")
    } else {
        None
    }
}

/// `[region.]vendor.model`, as `us.anthropic.claude-sonnet-4`.
fn is_bedrock(model: &str) -> bool {
    let mut parts = model.split('.');
    let mut next = parts.next();
    if next.is_some_and(|part| BEDROCK_REGIONS.contains(&part)) {
        next = parts.next();
    }
    next.is_some_and(|part| BEDROCK_VENDORS.contains(&part)) && parts.next().is_some()
}
