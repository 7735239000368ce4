//! Guardrails: each of the configuration's with the way to its service.

use super::error::StartError;
use crate::config::Config;
use crate::config::guardrails::GuardrailEntry;
use crate::guardrails::calls::{Calls, NoAnswer};
use crate::guardrails::choice::Guardrails;
use crate::guardrails::generic_api::GenericApi;
use crate::guardrails::guardrail::Guardrail;
use crate::upstream::policies::Policies;
use crate::upstream::transport::{Bounds, Transport, TransportError, UpstreamBody};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::{Request, Response};
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for one answer where nobody says anything.
const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// Most bytes of an answer: it may give back all that it was sent, images too.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// The guardrails of a configuration.
///
/// # Errors
/// [`StartError::GuardrailTls`] names the one whose service cannot be connected to as it is set up.
pub(super) fn guardrails(config: &Config, policies: &Policies) -> Result<Arc<Guardrails>, StartError> {
    let key_header = config.general.litellm_key_header_name.as_deref().map(str::to_ascii_lowercase);
    let made = config.guardrails.iter().map(|entry| guardrail(entry, policies, key_header.clone()));
    Ok(Arc::new(Guardrails::new(made.collect::<Result<_, _>>()?)))
}

fn guardrail(
    entry: &GuardrailEntry,
    policies: &Policies,
    key_header: Option<String>,
) -> Result<Arc<Guardrail>, StartError> {
    let GuardrailEntry { name, line, modes, default_on, tolerance, service, tls, shown } = entry.clone();
    let channel = policies.channel("litellm_params", &tls);
    let wrong = |cause| StartError::GuardrailTls { name: name.clone(), line, cause };
    let tls = crate::config::tls::TlsParams { channel: channel.map_err(wrong)?, ..tls };
    let wait = service.timeout.map_or(ANSWER_WAIT, Duration::from_secs_f64);
    let transport = Arc::clone(policies.transports().of(tls.channel));
    let address = service.address.to_string();
    let judge = GenericApi::new(service, Arc::new(Over { transport, wait }), key_header);
    let judge = Arc::new(judge);
    Ok(Arc::new(Guardrail { name, modes, default_on, tolerance, judge, address, tls, shown }))
}

/// Calls over a transport.
struct Over {
    transport: Arc<dyn Transport>,
    wait: Duration,
}

#[async_trait]
impl Calls for Over {
    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        let wait = self.wait;
        let bounds = Bounds { first_byte: wait, between_chunks: wait, total: wait };
        let (head, mut body) = self.transport.send(request, bounds).await.map_err(no_answer)?.into_parts();
        Ok(Response::from_parts(head, whole(&mut body).await?))
    }
}

fn no_answer(error: TransportError) -> NoAnswer {
    NoAnswer { was_sent: error.may_have_arrived(), cause: Box::new(error) }
}

async fn whole(body: &mut UpstreamBody) -> Result<Bytes, NoAnswer> {
    let mut all = BytesMut::new();
    while let Some(piece) = body.next().await.transpose().map_err(no_answer)? {
        all.extend_from_slice(&piece);
        if all.len() > ANSWER_BYTES_MAX {
            return Err(NoAnswer { was_sent: false, cause: "its answer is too long".into() });
        }
    }
    Ok(all.freeze())
}
