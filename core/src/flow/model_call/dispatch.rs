//! One attempt that is admitted: sent, and answered whole or up to the first content of its stream.

use super::admit::Admitted;
use super::calls::CallBody;
use super::error::CallError;
use super::facts::Facts;
use super::failed::Failed;
use super::followed;
use super::parts::ModelCalls;
use super::plan::{Plan, Upstream};
use super::relay::{self, Begun, Relay};
use super::request::CallRequest;
use super::settlement::OpenCall;
use super::waits::{self, Waits};
use super::whole::{self, Ended};
use crate::accounting::spend_row::SpendDetails;
use crate::principal::Principal;
use crate::providers::decoder::StreamDecoder;
use crate::providers::provider::Provider;
use crate::providers::untold::Untold;
use crate::upstream::transport::{Bounds, TransportError, Wait};
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};

impl ModelCalls {
    pub(super) async fn dispatch(
        self: &Arc<Self>,
        request: &CallRequest,
        (plan, details, mut admitted): (Plan, SpendDetails, Admitted),
        principal: &Arc<Principal>,
        facts: &mut Facts,
    ) -> Result<CallBody, Box<Failed>> {
        let Plan { said, deployment, speaker, mut upstream, waits, group } = plan;
        facts.left = std::mem::take(&mut admitted.left);
        let no_way = admitted.no_way.take();
        let breaker = Arc::clone(&deployment.breaker);
        let principal = match admitted.confirmed.take() {
            Some(confirmed) => Arc::clone(facts.principal.insert(confirmed)),
            None => Arc::clone(principal),
        };
        let who = (principal, deployment, speaker);
        let open = OpenCall::begin(Arc::clone(self), who, request, details, facts.id);
        let mut open = open.admitted(admitted, &said);
        (open.is_alone, open.client) = (group.deployments.len() == 1, waits.client);
        if let Some(error) = no_way {
            return Err(Failed::dispatched(error.into(), open));
        }
        let Waits { bounds, client, .. } = waits.left();
        if waits::is_whole(&said, request.operation) {
            let waiting = followed::awaited(&mut upstream);
            let work = whole::ask(Arc::clone(self), open, upstream, (bounds, said.show_usage));
            let asking = self.background.to_its_end(work);
            // The call's own end is its upstream's too, so that it is recorded before anybody is told.
            let ended = match client.end {
                None => Ok(asking.await),
                Some(end) => timeout_at(end, asking).await,
            };
            drop(waiting);
            let Ok(Ended { result, headers, upstream_ms }) = ended else {
                return Err(Failed::unanswered(TransportError::TimedOut(Wait::Total), &client));
            };
            (facts.upstream_headers, facts.upstream_ms) = (headers, upstream_ms);
            let (body, cost) = result?;
            facts.cost = Some(cost);
            breaker.succeeded(|| self.clock.now());
            return Ok(CallBody::Whole(body));
        }
        match self.begin_stream(request, &mut open, (upstream, bounds, said.show_usage), facts).await {
            Ok(begun) => {
                breaker.succeeded(|| self.clock.now());
                Ok(CallBody::Stream(Box::new(Relay::new(open, begun))))
            }
            Err(error) => Err(Failed::dispatched(error, open)),
        }
    }

    /// Sends a request whose answer is streamed, and waits for its first content.
    async fn begin_stream(
        &self,
        request: &CallRequest,
        open: &mut OpenCall,
        (upstream, bounds, show_usage): (Upstream, Bounds, bool),
        facts: &mut Facts,
    ) -> Result<Begun, CallError> {
        // Where the first content has a bound of its own, what comes before it does not put it off.
        let first_by = (bounds.first_byte < bounds.total).then(|| Instant::now() + bounds.first_byte);
        let sent = self.clock.now();
        let attempted = followed::send(self, open, upstream, bounds).await;
        facts.upstream_ms = self.clock.now().millis_since(sent);
        let answered = attempted?;
        facts.upstream_headers = Some(answered.headers);
        let is_told = request.operation.generates() || facts.answers_in_events();
        let decoder: Box<dyn StreamDecoder> =
            if is_told { open.speaker().decoder(open.reply(show_usage)) } else { Box::new(Untold::default()) };
        let first = relay::first(open, answered.body, decoder);
        match first_by {
            None => first.await,
            Some(end) => {
                let late = |_| CallError::Transport(TransportError::TimedOut(Wait::FirstByte));
                timeout_at(end, first).await.map_err(late)?
            }
        }
    }
}
