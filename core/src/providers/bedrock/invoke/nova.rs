//! Nova in its own format, which is Converse's: only that the events of a stream are named in their JSON.
//!
//! Wire format: <https://docs.aws.amazon.com/nova/latest/userguide/complete-request-schema.html>

use super::chunk;
use crate::api::answer::chunks::ChunkWriter;
use crate::api::members::Members;
use crate::providers::bedrock::converse::events::ConverseEvents;
use crate::providers::bedrock::failure::excerpt;
use crate::providers::failure::ProviderFailure;
use crate::providers::translation::ChatEvents;
use crate::usage::Usage;

/// Reads the events of one message.
#[derive(Debug, Default)]
pub(crate) struct NovaEvents(ConverseEvents);

impl ChatEvents for NovaEvents {
    fn event(&mut self, data: &[u8], out: &mut ChunkWriter) -> Result<(), ProviderFailure> {
        let Some(event) = chunk::event(data)? else { return Ok(()) };
        let named = Members::parse(&event).map_err(|_| {
            let excerpt = excerpt(&event);
            ProviderFailure::malformed(format!("an event of the upstream's stream cannot be read: {excerpt}"))
        })?;
        named.iter().try_for_each(|(kind, value)| self.0.told(kind, value.get().as_bytes(), out))
    }

    fn is_complete(&self) -> bool {
        self.0.is_complete()
    }

    fn usage(&self) -> Option<Usage> {
        self.0.usage()
    }
}
