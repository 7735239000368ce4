//! The recorded exchanges through the transforms themselves, without a process or a network: requests are built as
//! recorded, and no decoder is broken by how its bytes are cut, by a stream that is cut short, or by noise.
#![allow(clippy::expect_used, clippy::panic, reason = "what cannot be read fails its test")]

use hyper::body::Bytes;
use postern_core::api::members::Members;
use postern_core::clock::Timestamp;
use postern_core::config::{DeploymentParams, Environment};
use postern_core::id::RequestId;
use postern_core::providers::operation::Operation;
use postern_core::providers::provider::{Call, Provider, Reply};
use postern_core::providers::registry;
use postern_core::providers::resolve::target_of;
use postern_core::providers::target::Target;
use postern_tests::binaries;
use serde_json::Value;
use std::process::Command;
use std::sync::LazyLock;

/// How many ways each stream is cut, and how often each is damaged.
const SEEDS: u64 = 4;
/// The least share of requests that are built as recorded, in percent. What differs is judged case by case by `play.py`,
/// which has the reasons.
const EQUAL_PERCENT_MIN: usize = 90;
/// Members that speak to the gateway, which takes them out before a transform sees the request.
const OURS: [&str; 7] = [
    "metadata",
    "litellm_metadata",
    "tags",
    "drop_params",
    "modify_params",
    "additional_drop_params",
    "allowed_openai_params",
];

static CASES: LazyLock<Vec<Case>> = LazyLock::new(read_cases);

struct Case {
    id: String,
    kind: String,
    operation: Operation,
    target: Target,
    asked: Value,
    path: String,
    sent: Value,
    stream: Option<Vec<u8>>,
}

fn read_cases() -> Vec<Case> {
    let folder = binaries::root().join("tests/corpus");
    let output = Command::new("python3").args(["-B", "dump.py"]).current_dir(folder).output();
    let output = output.expect("python3 is on the PATH");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("JSON in UTF-8");
    lines.lines().filter_map(|line| case_of(&serde_json::from_str(line).expect("a line of JSON"))).collect()
}

/// A case; `None` where its deployment is none that `postern` would start with.
fn case_of(line: &Value) -> Option<Case> {
    let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let member = |name: &str| line.get(name).cloned().unwrap_or_default();
    let params: DeploymentParams = serde_json::from_value(member("params")).ok()?;
    let target = target_of(&params, &Environment::default()).ok()?;
    let operation = match text("operation").as_str() {
        "chat" => Operation::Chat,
        "completion" => Operation::Completion,
        "embedding" => Operation::Embedding,
        "rerank" => Operation::Rerank,
        "messages" => Operation::Messages,
        _ => Operation::Responses,
    };
    let pieces = line.get("stream").and_then(Value::as_array);
    let stream = pieces.map(|pieces| pieces.iter().filter_map(Value::as_str).flat_map(bytes_of).collect());
    let (asked, sent) = (member("asked"), member("sent"));
    Some(Case { id: text("id"), kind: text("kind"), operation, target, asked, path: text("path"), sent, stream })
}

fn bytes_of(characters: &str) -> impl Iterator<Item = u8> + '_ {
    characters.chars().map(|character| u8::try_from(u32::from(character)).expect("one byte"))
}

/// What the client gets of a stream that comes in these pieces, with the event that ends it.
fn told<'p>(case: &Case, pieces: impl IntoIterator<Item = &'p [u8]>) -> Result<Vec<u8>, String> {
    let asked = case.asked.to_string();
    let id = RequestId::at(Timestamp::from_seconds(1_700_000_000), &[7; 10]);
    let (operation, asked) = (case.operation, asked.as_bytes());
    let reply = Reply { operation, id, model: "mine", deployment: "d", asked, show_usage: true };
    let mut decoder = registry::provider(&case.target, operation).decoder(reply);
    let mut out = Vec::new();
    for piece in pieces {
        out.extend_from_slice(&decoder.push(Bytes::copy_from_slice(piece)).map_err(|failure| failure.message)?);
        if decoder.is_complete() {
            break;
        }
    }
    if !decoder.is_complete() {
        out.extend_from_slice(&decoder.finish().map_err(|failure| failure.message)?);
    }
    let terminal = decoder.terminal();
    assert!(!terminal.is_empty(), "{}: a stream that ends well has an event that says so", case.id);
    let twice = out.windows(terminal.len()).any(|window| window == terminal);
    assert!(!twice, "{}: the event that ends the stream comes once", case.id);
    out.extend_from_slice(&terminal);
    Ok(out)
}

/// Numbers that are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % most.max(1)
    }

    /// The bytes in pieces of up to so many bytes.
    fn cut<'b>(&mut self, mut bytes: &'b [u8], largest: usize) -> Vec<&'b [u8]> {
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at((1 + self.below(largest)).min(bytes.len()));
            pieces.push(piece);
            bytes = rest;
        }
        pieces
    }

    /// The bytes with something wrong: a byte changed, a part left out, a part said twice, or noise put in.
    fn damaged(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut damaged = bytes.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(damaged.len());
            let end = (at + self.below(40)).min(damaged.len());
            match self.below(4) {
                0 => damaged.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (end % 8)),
                1 => drop(damaged.drain(at..end)),
                2 => drop(damaged.splice(at..at, bytes.get(at..end).unwrap_or_default().to_vec())),
                _ => {
                    let noise: Vec<u8> = (at..end).map(|_| self.below(256).to_le_bytes()[0]).collect();
                    drop(damaged.splice(at..at, noise));
                }
            }
        }
        damaged
    }
}

fn streams() -> impl Iterator<Item = (&'static Case, &'static [u8])> {
    CASES.iter().filter_map(|case| Some((case, case.stream.as_deref()?)))
}

#[test]
fn what_a_client_gets_of_a_stream_does_not_depend_on_how_its_bytes_are_cut() {
    assert!(streams().count() > 400, "the corpus has streams");
    for (case, stream) in streams() {
        let whole = told(case, [stream]);
        for seed in 1..=SEEDS {
            let mut numbers = Numbers(seed * 0x9e37_79b9);
            let largest = [1, 2, 7, 40, 300, 4000][numbers.below(6)];
            let cut = told(case, numbers.cut(stream, largest));
            match (&whole, &cut) {
                (Ok(whole), Ok(cut)) => assert!(whole == cut, "{} in pieces of up to {largest}", case.id),
                (Err(_), Err(_)) => {}
                _ => panic!("{} in pieces of up to {largest}: {whole:?}, {cut:?}", case.id),
            }
        }
    }
}

#[test]
fn a_stream_that_is_cut_short_is_an_error_or_has_its_end() {
    for (case, stream) in streams() {
        let mut numbers = Numbers(0x5eed);
        for _ in 0..8 {
            let part = stream.get(..numbers.below(stream.len())).unwrap_or_default();
            // What `told` asserts holds of what remains; nothing panics.
            drop(told(case, numbers.cut(part, 200)));
        }
        assert!(told(case, []).is_err(), "{}: nothing at all is no answer", case.id);
    }
}

#[test]
fn noise_breaks_no_decoder() {
    for (case, stream) in streams() {
        for seed in 1..=SEEDS {
            let mut numbers = Numbers(seed * 0x2545_f491);
            let damaged = numbers.damaged(stream);
            drop(told(case, numbers.cut(&damaged, 500)));
        }
        let mut numbers = Numbers(0xbad);
        let noise: Vec<u8> = (0..300).map(|_| numbers.below(256).to_le_bytes()[0]).collect();
        drop(told(case, numbers.cut(&noise, 50)));
    }
}

/// Builds the request; says what differs from the record.
fn difference(case: &Case) -> Option<String> {
    let text = case.asked.to_string();
    let mut members = Members::parse(text.as_bytes()).expect("an object");
    let keeps_metadata = matches!(case.operation, Operation::Messages | Operation::Responses);
    for name in OURS.into_iter().filter(|name| *name != "metadata" || !keeps_metadata) {
        members.take(name);
    }
    let stream = case.asked.get("stream") == Some(&Value::Bool(true));
    let (operation, policy, dropped) = (case.operation, &case.target.policy, &mut Vec::new());
    let call = Call { operation, members: &mut members, stream, policy, dropped };
    let request = match registry::provider(&case.target, operation).request(call, &case.target) {
        Ok(request) => request,
        Err(error) => return Some(error.to_string()),
    };
    if request.uri().path() != case.path {
        return Some(format!("path {} for {}", request.uri().path(), case.path));
    }
    let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    (!is_same(&body, &case.sent)).then(|| format!("{body} for {}", case.sent))
}

/// Whether two values are the same, `1` and `1.0` too.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| is_same(one, other)))
        }
        _ => one == other,
    }
}

#[test]
fn requests_are_built_as_recorded() {
    let asked: Vec<&Case> =
        CASES.iter().filter(|case| case.kind != "error" && !case.id.starts_with("watsonx/")).collect();
    assert!(asked.len() > 3000, "the corpus has requests");
    let differences: Vec<_> = asked.iter().filter_map(|case| Some((&case.id, difference(case)?))).collect();
    let equal = 100 * (asked.len() - differences.len()) / asked.len();
    let shown: Vec<_> =
        differences.iter().take(20).map(|(id, difference)| format!("{id}: {difference:.300}")).collect();
    assert!(equal >= EQUAL_PERCENT_MIN, "{equal} % of {}:\n{}", asked.len(), shown.join("\n"));
}
