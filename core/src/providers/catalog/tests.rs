//! What the rows of the providers must all be.

use super::*;
use std::collections::BTreeSet;

#[test]
fn every_name_stands_once_and_every_address_is_one() {
    let names: BTreeSet<&str> = PROVIDERS.iter().map(|provider| provider.name).collect();
    assert_eq!(names.len(), PROVIDERS.len());
    for provider in PROVIDERS {
        let base = provider.api_base.unwrap_or("https://operator.test");
        let uri: http::Uri = base.parse().unwrap();
        assert!(uri.scheme().is_some() && uri.host().is_some() && !base.ends_with('/'), "{}", provider.name);
    }
}

#[test]
fn the_environment_gives_key_and_address() {
    let environment = Environment::from_pairs([("OPENAI_API_BASE", "http://proxy.test/v1"), ("OR_API_KEY", "sk")]);
    let base = |name: &str| find(name).unwrap().base(&environment);
    assert_eq!(base("openai").unwrap(), "http://proxy.test/v1");
    assert_eq!(base("groq").unwrap(), "https://api.groq.com/openai/v1");
    assert_eq!(base("cloudflare"), None);
    assert_eq!(find("openrouter").unwrap().key(&environment).unwrap().expose(), "sk");
    assert!(find("openai").unwrap().key(&environment).is_none());
    let environment = Environment::from_pairs([("CLOUDFLARE_ACCOUNT_ID", "acc")]);
    let base = find("cloudflare").unwrap().base(&environment).unwrap();
    assert_eq!(base, "https://api.cloudflare.com/client/v4/accounts/acc/ai/v1");
}
