//! `docs/providers.md`, made by asking each provider's transform for a request of each kind.

use postern_core::api::members::Members;
use postern_core::config::{DeploymentParams, Environment};
use postern_core::providers::catalog::{self, Dialect, Provider};
use postern_core::providers::operation::Operation;
use postern_core::providers::parameters::policy::Policy;
use postern_core::providers::parameters::profile::Profile;
use postern_core::providers::provider::{Call, Provider as _};
use postern_core::providers::registry;
use postern_core::providers::resolve::target_of;
use serde_json::json;
use std::fmt::Write;

/// What is asked for with a body of JSON, and the smallest body that makes sense.
const ASKED: [(Operation, &str); 9] = [
    (Operation::Chat, r#"{"messages":[{"role":"user","content":"Hi"}]}"#),
    (Operation::Completion, r#"{"prompt":"Hi"}"#),
    (Operation::Embedding, r#"{"input":"Hi"}"#),
    (Operation::Rerank, r#"{"query":"Hi","documents":["a","b"]}"#),
    (Operation::Messages, r#"{"max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#),
    (Operation::GenerateContent, r#"{"contents":[{"parts":[{"text":"Hi"}]}]}"#),
    (Operation::ImageGeneration, r#"{"prompt":"A hill"}"#),
    (Operation::Speech, r#"{"input":"Hi","voice":"alloy"}"#),
    (Operation::Moderation, r#"{"input":"Hi"}"#),
];

const HEAD: &str = "# Providers

Written by `make docs` from the registry; a test compares them. Change the registry, not this file.

`model` is `PROVIDER/MODEL`. Where a cell of a table names a path, that is where the request goes, below the address; `–` \
                    is refused with an error that says so.
";

#[test]
fn the_document_of_providers_says_what_the_registry_does() {
    crate::stands_in("docs/providers.md", &document());
}

fn document() -> String {
    let mut out = HEAD.to_owned();
    out += "\n## Where\n\n| provider | address | from the environment | key |\n|---|---|---|---|\n";
    for provider in catalog::spoken() {
        let unsaid = if own_address(provider.name).is_some() { "the operator's own" } else { "by region" };
        let address = provider.api_base.map_or(unsaid.to_owned(), |base| format!("`{base}`"));
        let (bases, keys) = (words(provider.base_variables), words(provider.key_variables));
        writeln!(out, "| `{}` | {address} | {bases} | {keys} |", provider.name).unwrap();
    }
    out += "\n## What\n\n| provider | dialect |";
    for (operation, _) in ASKED {
        write!(out, " `{}` |", operation.path()).unwrap();
    }
    out += &format!("\n|---|---|{}\n", "---|".repeat(ASKED.len()));
    for provider in catalog::spoken() {
        let dialect = if provider.dialect == Dialect::OpenAi { "OpenAI's" } else { "its own" };
        write!(out, "| `{}` | {dialect} |", provider.name).unwrap();
        for (operation, body) in ASKED {
            let path = upstream_path(provider, operation, body).map_or("–".to_owned(), |path| format!("`{path}`"));
            write!(out, " {path} |").unwrap();
        }
        out.push('\n');
    }
    out += PARAMETERS;
    for provider in catalog::spoken() {
        let profile = Profile::of(provider.name, "a-model-of-ones-own");
        let missing: Vec<_> = profile.takes(Operation::Chat).missing().collect();
        let cap = profile.cap.map_or(String::new(), |cap| format!("`{cap}`"));
        writeln!(out, "| `{}` | {} | {cap} |", provider.name, words(&missing)).unwrap();
    }
    out
}

const PARAMETERS: &str = "
## Parameters of a chat

Parameters of OpenAI's API that a model of the provider does not take, as far as nothing more is known of the model: they \
                          are refused by name, or dropped and named in `x-postern-dropped` where `drop_params` says so. \
                          What the price data knows of a model adds to this, or takes away. All others are passed on, or \
                          said in the provider's words. The last column is the name under which the most output tokens \
                          are sent, where it is fixed.

| provider | not taken | output tokens |
|---|---|---|
";

fn words(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" ")
}

/// The path below the provider's address that such a request goes to; `None` where the transform refuses it.
fn upstream_path(provider: &Provider, operation: Operation, body: &str) -> Option<String> {
    let mut params: DeploymentParams = serde_json::from_value(json!({
        "model": format!("{}/{}", provider.name, model(provider.name, operation)),
        "vertex_project": "PROJECT", "aws_region_name": "REGION", "api_version": "VERSION",
    }))
    .unwrap();
    if provider.api_base.is_none() {
        params.api_base = own_address(provider.name).map(str::to_owned);
    }
    let environment = Environment::from_pairs([("CLOUDFLARE_ACCOUNT_ID", "ACCOUNT")]);
    let target = target_of(&params, &environment).unwrap_or_else(|error| panic!("{}: {error}", provider.name));
    let mut members = Members::parse(body.as_bytes()).unwrap();
    let (policy, dropped) = (&Policy::default(), &mut Vec::new());
    let call = Call { operation, members: &mut members, stream: false, policy, dropped };
    let request = registry::provider(&target, operation).request(call, &target).ok()?;
    let address = request.uri().to_string();
    let base = target.api_base.as_str();
    Some(address.strip_prefix(base).unwrap_or(&address).replace("http://BASE", "").replace('|', "\\|"))
}

/// An address for providers whose operators each have their own.
fn own_address(provider: &str) -> Option<&'static str> {
    let has_its_own =
        provider.starts_with("bedrock") || provider.starts_with("vertex") || provider.starts_with("sagemaker");
    (!has_its_own).then_some("http://BASE")
}

/// A model that does what is asked, where the way of asking depends on it.
fn model(provider: &str, operation: Operation) -> &'static str {
    match (provider, operation) {
        ("bedrock" | "bedrock_converse", Operation::Embedding) => "amazon.titan-embed-text-v2:0",
        ("bedrock" | "bedrock_converse", Operation::ImageGeneration) => "amazon.nova-canvas-v1:0",
        ("bedrock" | "bedrock_converse", Operation::Rerank) => "cohere.rerank-v3-5:0",
        ("bedrock" | "bedrock_converse", _) => "us.amazon.nova-pro-v1:0",
        ("vertex_ai" | "vertex_ai_beta", Operation::Embedding) => "text-embedding-005",
        ("vertex_ai" | "vertex_ai_beta" | "gemini", Operation::ImageGeneration) => "imagen-4.0-generate-001",
        ("vertex_ai" | "vertex_ai_beta" | "gemini", _) => "gemini-2.5-pro",
        ("replicate", _) => "owner/model",
        _ => "MODEL",
    }
}
