//! `docs/providers.md`, made by asking each provider's transform for a request of each kind.

use postern_core::providers::abilities::{is_each_operators_own, upstream_path};
use postern_core::providers::catalog::{self, Dialect};
use postern_core::providers::operation::Operation;
use postern_core::providers::parameters::profile::Profile;
use std::fmt::Write;

/// What the table has columns for.
const ASKED: [Operation; 9] = [
    Operation::Chat,
    Operation::Completion,
    Operation::Embedding,
    Operation::Rerank,
    Operation::Messages,
    Operation::GenerateContent,
    Operation::ImageGeneration,
    Operation::Speech,
    Operation::Moderation,
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
        let unsaid = if is_each_operators_own(provider.name) { "the operator's own" } else { "by region" };
        let address = provider.api_base.map_or(unsaid.to_owned(), |base| format!("`{base}`"));
        let (bases, keys) = (words(provider.base_variables), words(provider.key_variables));
        writeln!(out, "| `{}` | {address} | {bases} | {keys} |", provider.name).unwrap();
    }
    out += "\n## What\n\n| provider | dialect |";
    for operation in ASKED {
        write!(out, " `{}` |", operation.path()).unwrap();
    }
    out += &format!("\n|---|---|{}\n", "---|".repeat(ASKED.len()));
    for provider in catalog::spoken() {
        let dialect = if provider.dialect == Dialect::OpenAi { "OpenAI's" } else { "its own" };
        write!(out, "| `{}` | {dialect} |", provider.name).unwrap();
        for operation in ASKED {
            let path = upstream_path(provider, operation);
            let path = path.map_or("–".to_owned(), |path| format!("`{}`", path.replace('|', "\\|")));
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
