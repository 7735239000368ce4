//! Finds where each line of the price data begins, and sorts the tokenizer's words, so that the program starts without
//! parsing any of it.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

const DATA: &str = "data/models.jsonl";
const OPENING: &str = "{\"model\":\"";

const TOKENS: &str = "data/tokens/cl100k_base.bin";

fn main() -> Result<(), Box<dyn Error>> {
    for file in [DATA, TOKENS, "build.rs"] {
        println!("cargo::rerun-if-changed={file}");
    }
    let folder = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    index_prices(Path::new(&folder))?;
    sort_tokens(Path::new(&folder))
}

/// Writes the words of the encoding in order of their bytes, and beside them where each begins and its rank.
fn sort_tokens(folder: &Path) -> Result<(), Box<dyn Error>> {
    let data = fs::read(TOKENS)?;
    let mut words = Vec::new();
    let mut rest = data.as_slice();
    while let Some((length, after)) = rest.split_first() {
        let (word, after) = after.split_at_checked(usize::from(*length)).ok_or("the last word is cut")?;
        words.push((word, u32::try_from(words.len())?));
        rest = after;
    }
    words.sort_unstable();
    let mut index = Vec::with_capacity(words.len() * 8 + 8);
    let mut at = 0_u32;
    for (word, rank) in &words {
        index.extend_from_slice(&at.to_le_bytes());
        index.extend_from_slice(&rank.to_le_bytes());
        at += u32::try_from(word.len())?;
    }
    index.extend_from_slice(&at.to_le_bytes());
    index.extend_from_slice(&u32::MAX.to_le_bytes());
    fs::write(folder.join("token_words.bin"), words.iter().flat_map(|(word, _)| *word).copied().collect::<Vec<u8>>())?;
    fs::write(folder.join("token_index.bin"), index)?;
    Ok(())
}

fn index_prices(folder: &Path) -> Result<(), Box<dyn Error>> {
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
    fs::write(folder.join("price_index.rs"), code)?;
    Ok(())
}

/// The provider that a line names.
fn provider(line: &str) -> Option<&str> {
    line.split_once("\"litellm_provider\":\"")?.1.split_once('"').map(|(provider, _)| provider)
}
