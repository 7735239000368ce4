//! Claude's events, written as the server-sent events that they are at Anthropic.

use crate::api::chat::text::Text;
use crate::providers::bedrock::failure::excerpt;
use crate::providers::bedrock::invoke::frames::write_data;
use crate::providers::failure::ProviderFailure;
use bytes::BytesMut;
use serde::Deserialize;

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
}

/// Writes one event, under its name.
pub(super) fn write(event: &[u8], out: &mut BytesMut) -> Result<(), ProviderFailure> {
    let kind: Kind<'_> = serde_json::from_slice(event).map_err(|_| {
        let excerpt = excerpt(event);
        ProviderFailure::malformed(format!("an event of the upstream's stream cannot be read: {excerpt}"))
    })?;
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(kind.kind.as_bytes());
    out.extend_from_slice(b"\n");
    write_data(event, out);
    Ok(())
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
