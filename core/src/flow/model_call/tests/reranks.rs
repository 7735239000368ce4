//! Reranks: what they cost.

use super::*;

const RERANK: &str = r#"{"model":"gpt","query":"q","documents":["a","b"]}"#;

async fn reranked(answer: &'static str) -> (CallAnswer, SpendRow) {
    let gateway = Gateway::of("cohere/rerank-v3.5", 200, pieces(&[answer]));
    let request = CallRequest {
        operation: Operation::Rerank,
        route: "/v1/rerank",
        path_model: None,
        headers: authorized("sk-m"),
        form: None,
        passed: None,
        body: Bytes::from_static(RERANK.as_bytes()),
        client_address: None,
        deadline: None,
    };
    let answer = gateway.calls.call(request).await;
    let row = gateway.row(answer.facts.id).await.unwrap();
    (answer, row)
}

#[tokio::test]
async fn a_rerank_is_charged_by_the_searches_that_were_billed() {
    let told = r#"{"id":"r","results":[{"index":1,"relevance_score":0.9}],"meta":{"billed_units":{"search_units":3}}}"#;
    let (answer, row) = reranked(told).await;
    assert!(matches!(answer.result, Ok(CallBody::Whole(body)) if body == told));
    assert_eq!((row.details.call_type.as_ref(), row.cost), ("arerank", NanoDollars::new(6_000_000)));
    assert_eq!(row.details.usage.search_units, Some(3));
}

#[tokio::test]
async fn a_rerank_that_tells_nothing_is_charged_by_its_documents() {
    let (_, row) = reranked(r#"{"results":[{"index":0,"relevance_score":0.9}],"meta":{}}"#).await;
    assert_eq!(row.cost, NanoDollars::new(2_000_000));
}
