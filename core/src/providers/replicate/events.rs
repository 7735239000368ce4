//! A prediction told as a stream: each time that it is asked after, what is new.

use super::prediction::{self, State};
use crate::api::answer::chunks::ChunkWriter;
use crate::api::answer::delta::Delta;
use crate::api::answer::finish::Finish;
use crate::providers::failure::ProviderFailure;
use crate::providers::translation::ChatEvents;
use crate::usage::Usage;

/// There is one answer to a request.
const CHOICE: u32 = 0;

/// Reads what is said of one prediction.
#[derive(Debug, Default)]
pub(super) struct PredictionEvents {
    /// What the client has.
    told: String,
    usage: Option<Usage>,
    is_complete: bool,
}

impl ChatEvents for PredictionEvents {
    fn event(&mut self, data: &[u8], out: &mut ChunkWriter) -> Result<(), ProviderFailure> {
        let (prediction, state) = prediction::read(data)?;
        let text = prediction.text();
        let Some(new) = text.strip_prefix(&self.told) else {
            return Err(ProviderFailure::malformed("the upstream took back a part of its answer"));
        };
        if !new.is_empty() {
            out.delta(CHOICE, &Delta::text(new));
        }
        self.told = text;
        if state == State::Succeeded {
            self.usage = prediction.usage();
            out.finish(CHOICE, Finish::Stop);
            self.is_complete = true;
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.is_complete
    }

    fn usage(&self) -> Option<Usage> {
        self.usage
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::id::RequestId;
    use crate::providers::failure::FailureClass;
    use crate::providers::operation::Operation;
    use crate::providers::provider::{Provider, Reply};
    use crate::providers::replicate::Replicate;
    use bytes::Bytes;

    const LINES: [&str; 4] = [
        r#"{"id":"p1","status":"starting","output":null}"#,
        "{\"id\":\"p1\",\"status\":\"processing\",\"output\":[\"H\u{e9}l\"]}",
        "{\"id\":\"p1\",\"status\":\"processing\",\"output\":[\"H\u{e9}l\",\"\"]}",
        "{\"id\":\"p1\",\"status\":\"succeeded\",\"output\":[\"H\u{e9}l\",\"\",\"lo\"],\"metrics\":{\"input_token_count\":7,\"output_token_count\":2}}",
    ];

    fn read(lines: &[&str], cut: usize) -> Result<String, ProviderFailure> {
        let id = RequestId::at(Timestamp::from_seconds(1), &[1; 10]);
        let reply =
            Reply { operation: Operation::Chat, id, model: "mine", asked: &[], deployment: "d", show_usage: true };
        let mut decoder = Replicate.decoder(reply);
        let stream: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let mut out = Vec::new();
        for chunk in stream.as_bytes().chunks(cut) {
            out.extend_from_slice(&decoder.push(Bytes::copy_from_slice(chunk))?);
        }
        out.extend_from_slice(&decoder.finish()?);
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn each_time_only_what_is_new_is_told() {
        let told = read(&LINES, usize::MAX).unwrap();
        let places =
            ["\"content\":\"H\u{e9}l\"", "\"content\":\"lo\"", "\"finish_reason\":\"stop\"", "\"prompt_tokens\":7"];
        let places = places.map(|part| told.find(part).unwrap_or_else(|| panic!("{part}: {told}")));
        assert!(places.is_sorted(), "{told}");
        assert_eq!(told.matches("\"content\"").count(), 2);
    }

    #[test]
    fn what_the_client_sees_does_not_depend_on_how_the_bytes_are_cut() {
        let whole = read(&LINES, usize::MAX).unwrap();
        for cut in 1..60 {
            assert_eq!(read(&LINES, cut).unwrap(), whole, "{cut}");
        }
    }

    #[test]
    fn a_prediction_that_is_not_heard_to_its_end_is_an_error() {
        for cut in 0..LINES.len() {
            assert_eq!(read(&LINES[..cut], 9).unwrap_err().class, FailureClass::Malformed, "{cut}");
        }
    }

    #[test]
    fn a_prediction_that_fails_in_the_middle_says_why() {
        let failed = [LINES[0], LINES[1], r#"{"status":"failed","error":"boom"}"#];
        assert!(read(&failed, 9).unwrap_err().message.contains("boom"));
        let refused = [LINES[0], r#"{"detail":"gone","status":404}"#];
        assert_eq!(read(&refused, 9).unwrap_err().status, 404);
        let changed = [LINES[1], r#"{"status":"processing","output":["Other"]}"#];
        assert!(read(&changed, 9).is_err());
    }
}
