//! An event of a stream of `InvokeModelWithResponseStream`: the maker's own event in base64.
//!
//! Wire format: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_PayloadPart.html>

use crate::api::chat::text::Text;
use crate::providers::bedrock::failure;
use crate::providers::failure::ProviderFailure;
use crate::wire::event_stream::Message;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

/// The maker's event in a message. `None` for messages that carry none.
///
/// # Errors
/// The message tells of a failure, or is none.
pub(crate) fn event(data: &[u8]) -> Result<Option<Vec<u8>>, ProviderFailure> {
    #[derive(Deserialize)]
    struct Part<'p> {
        #[serde(borrow)]
        bytes: Text<'p>,
    }
    let unreadable = || {
        let excerpt = failure::excerpt(data);
        ProviderFailure::malformed(format!("an event of the upstream's stream cannot be read: {excerpt}"))
    };
    let message = Message::read(data).ok_or_else(unreadable)?;
    if message.is_failure {
        return Err(failure::in_stream(message.kind, message.payload));
    }
    if message.kind != "chunk" {
        return Ok(None);
    }
    let part: Part<'_> = serde_json::from_slice(message.payload).map_err(|_| unreadable())?;
    BASE64_STANDARD.decode(part.bytes.as_bytes()).map(Some).map_err(|_| unreadable())
}

/// A message with a maker's event, for tests of what reads it.
#[cfg(test)]
pub(crate) fn encoded(event: &str) -> Vec<u8> {
    let payload = format!(r#"{{"bytes":"{}","p":"abcd"}}"#, BASE64_STANDARD.encode(event));
    crate::wire::event_stream::encoded_event("chunk", payload.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::failure::FailureClass;
    use crate::wire::event_stream;

    #[test]
    fn the_makers_event_is_taken_out() {
        assert_eq!(event(&encoded("{\"a\":1}")).unwrap().unwrap(), b"{\"a\":1}");
        assert!(event(&event_stream::encoded_event("initial-response", b"{}")).unwrap().is_none());
    }

    #[test]
    fn exceptions_and_broken_events_are_failures() {
        let headers = [(":exception-type", "throttlingException"), (":message-type", "exception")];
        let throttled = event_stream::encoded(&headers, b"{\"message\":\"slow\"}");
        assert_eq!(event(&throttled).unwrap_err().class, FailureClass::RateLimited);
        let broken = event_stream::encoded_event("chunk", b"{\"bytes\":\"?\"}");
        assert_eq!(event(&broken).unwrap_err().class, FailureClass::Malformed);
    }
}
