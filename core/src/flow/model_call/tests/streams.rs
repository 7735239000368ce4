//! What a stream is charged that does not reach its end, and what it holds: by what has come, however it is cut.

use super::*;
use crate::admission::refusal::Refusal;

const KEY: &str = "sk-limited";
/// Output is held for by a token at least: 2 of them cost 20,000 nano-dollars.
const CAPPED: &str = r#"{"model":"gpt","stream":true,"max_tokens":2,"messages":[{"role":"user","content":"Hello"}]}"#;

impl Gateway {
    async fn with_budget(self, nanos: i64) -> Self {
        let mut record = KeyRecord::new(key_hash::hash(KEY), "sk-...ited".to_owned(), self.calls.clock.now(), None);
        record.limits.max_budget = Some(NanoDollars::new(nanos));
        KeyStore::new(self.table.clone()).create(&record, NanoDollars::ZERO).await.unwrap();
        self
    }

    /// What a call is charged whose client goes away after the first piece.
    async fn left_at_once(&self, body: &'static str) -> SpendRow {
        let (id, mut relay) = relay(self.call(body).await);
        relay.next().await.unwrap().unwrap();
        drop(relay);
        self.calls.background.drained().await;
        self.row(id).await.unwrap()
    }
}

/// An answer of events that hold 4,000 bytes each: about a thousand tokens.
fn large_events(count: usize) -> UpstreamBody {
    let event = format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n", "word".repeat(1_000));
    let events: Vec<_> = (0..count).map(|_| Ok(Bytes::from(event.clone()))).collect();
    UpstreamBody::pieces(stream::iter(events).chain(pieces(&[STOP, USAGE, END])))
}

#[tokio::test]
async fn a_stream_of_few_large_events_holds_more_before_more_goes_out() {
    let gateway = Gateway::answering(200, large_events(4)).with_budget(1_000_000_000).await;
    let (id, mut relay) = relay(gateway.call_as(KEY, CAPPED).await);
    let totals = crate::accounting::spend_log::totals_key(&key_hash::hash(KEY));
    let used = async || gateway.table.get(&totals, Freshness::Latest).await.unwrap().unwrap().number("used").unwrap();
    assert!(used().await < 1_000_000);
    for events in 1..=2 {
        relay.next().await.unwrap().unwrap();
        assert!(used().await >= events * 1_000 * 10_000, "{events}");
    }
    while let Some(piece) = relay.next().await {
        piece.unwrap();
    }
    assert_eq!((used().await, gateway.row(id).await.unwrap().cost.nanos()), (80_000, 80_000));
}

#[tokio::test]
async fn a_stream_of_few_large_events_ends_where_the_budget_has_no_more() {
    // Some 1,500 tokens.
    let gateway = Gateway::answering(200, large_events(40)).with_budget(15_000_000).await;
    let (_, mut relay) = relay(gateway.call_as(KEY, CAPPED).await);
    let (passed, end) = to_its_error(&mut relay).await;
    assert!(matches!(end, CallError::Refused(Refusal::Budget { .. })), "{end}");
    assert_eq!(passed, 1);
    assert!(relay.next().await.is_none());
}

#[tokio::test]
async fn a_client_that_leaves_is_charged_what_the_beginning_of_a_message_has_counted() {
    let started = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"usage\":\
        {\"input_tokens\":12,\"cache_read_input_tokens\":900,\"cache_creation_input_tokens\":70,\
        \"output_tokens\":1}}}\n\n";
    let begun = "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":\
        {\"type\":\"text\",\"text\":\"\"}}\n\n";
    let said = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":\
        {\"type\":\"text_delta\",\"text\":\"one two three four five six\"}}\n\n";
    let answer = pieces(&[started, begun, said]).chain(stream::pending());
    let gateway = Gateway::answering(200, UpstreamBody::pieces(answer));
    let usage = gateway
        .left_at_once(r#"{"model":"claude","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#)
        .await
        .details
        .usage;
    assert_eq!((usage.prompt_tokens, usage.cache_read_tokens, usage.cache_write_tokens), (982, 900, 70));
    assert!(usage.completion_tokens > 1, "the output is what has passed");
    assert_eq!(usage.doubts.iter().map(crate::usage::Doubt::name).collect::<Vec<_>>(), ["estimated"]);
}

#[tokio::test]
async fn a_stream_that_breaks_is_charged_the_thoughts_that_were_counted_along() {
    let said = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hi\"}]}}],\"usageMetadata\":\
        {\"promptTokenCount\":40,\"candidatesTokenCount\":3,\"thoughtsTokenCount\":500}}\r\n\r\n";
    let gateway = Gateway::of("gemini/gemini-2.5-flash", 200, pieces(&[said]));
    let (id, mut relay) = relay(gateway.call(STREAMED).await);
    relay.next().await.unwrap().unwrap();
    assert!(relay.next().await.unwrap().is_err());
    let usage = gateway.row(id).await.unwrap().details.usage;
    assert_eq!((usage.prompt_tokens, usage.completion_tokens, usage.reasoning_tokens), (40, 503, 500));
}
