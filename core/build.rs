//! Finds where each line of the price data begins, so that the program starts without parsing any of it.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

const DATA: &str = "data/models.jsonl";
const OPENING: &str = "{\"model\":\"";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={DATA}");
    println!("cargo::rerun-if-changed=build.rs");
    let text = fs::read_to_string(DATA)?;
    let mut offsets = Vec::new();
    let mut names = Vec::new();
    let mut providers = BTreeSet::new();
    let mut before = "";
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let name = line.strip_prefix(OPENING).and_then(|rest| rest.split_once('"')).map(|(name, _)| name);
        let name = name.ok_or_else(|| format!("{DATA}: a line does not begin with {OPENING}: {line}"))?;
        // Binary search needs the order; reading a name without JSON needs it to hold no escape.
        if name <= before || name.contains('\\') {
            return Err(format!("{DATA}: `{name}` is out of order, twice there, or escaped").into());
        }
        before = name;
        names.push((name.to_ascii_lowercase(), names.len()));
        offsets.push(at);
        at += line.len();
        providers.extend(provider(line));
    }
    offsets.push(at);

    names.sort();
    let caseless: Vec<_> = names.into_iter().map(|(_, number)| number).collect();
    let providers: Vec<_> = providers.into_iter().collect();
    let code = format!(
        "static OFFSETS: [u32; {}] = {offsets:?};\nstatic CASELESS: [u32; {}] = {caseless:?};\n\
         static PROVIDERS: [&str; {}] = {providers:?};\n",
        offsets.len(),
        caseless.len(),
        providers.len(),
    );
    let folder = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    fs::write(Path::new(&folder).join("price_index.rs"), code)?;
    Ok(())
}

/// The provider that a line names.
fn provider(line: &str) -> Option<&str> {
    line.split_once("\"litellm_provider\":\"")?.1.split_once('"').map(|(provider, _)| provider)
}
