//! Counts the tokens of a request here, where its provider does not.

use crate::providers::mock::MockAnswer;
use crate::providers::operation::Operation;
use crate::tokens;
use crate::wire::input_weight::InputWeight;
use bytes::Bytes;

/// Largest body that is counted by a tokenizer; a larger one is weighed, so that counting never holds up other calls.
const COUNTED_BYTES_MAX: usize = 128 << 10;

/// The answer that tells the tokens of a request, and that they were counted here, as LiteLLM's clients read it.
pub(super) fn answer(operation: Operation, request: &[u8]) -> MockAnswer {
    let tokens = if request.len() <= COUNTED_BYTES_MAX {
        tokens::count_request(request)
    } else {
        InputWeight::of(request).estimate()
    };
    let body = match operation {
        Operation::CountContent => {
            format!(r#"{{"totalTokens":{tokens},"promptTokensDetails":[],"litellm_count_source":"local"}}"#)
        }
        _ => format!(r#"{{"input_tokens":{tokens},"litellm_count_source":"local"}}"#),
    };
    MockAnswer { status: 200, pieces: vec![Bytes::from(body)] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(request: &str) -> u64 {
        let answer = answer(Operation::CountTokens, request.as_bytes());
        serde_json::from_slice::<serde_json::Value>(&answer.pieces[0]).unwrap()["input_tokens"].as_u64().unwrap()
    }

    #[test]
    fn a_request_is_counted_and_a_huge_one_is_weighed() {
        assert_eq!(counted(r#"{"messages":[{"role":"user","content":"Hi"}]}"#), 8);
        let huge = "word ".repeat(40_000);
        let weighed = counted(&format!(r#"{{"messages":[{{"role":"user","content":"{huge}"}}]}}"#));
        assert!((30_000..70_000).contains(&weighed), "{weighed}");
    }
}
