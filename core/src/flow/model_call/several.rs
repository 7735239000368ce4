//! A call whose upstream takes one input at a time: a request for each, one after the other, and one answer of all.

use super::attempt;
use super::error::CallError;
use super::parts::ModelCalls;
use super::plan::Upstream;
use super::settlement::OpenCall;
use crate::providers::provider::Further;
use crate::upstream::transport::{Bounds, UpstreamBody};
use bytes::{BufMut, Bytes, BytesMut};
use http::Request;

/// The requests that follow the first, taken out of it. Nearly always none.
pub(super) fn rest(upstream: &mut Upstream) -> Vec<Upstream> {
    let Upstream::Provider(request) = upstream else { return Vec::new() };
    let Some(Further(bodies)) = request.extensions_mut().remove::<Further>() else { return Vec::new() };
    let alike = |body: Bytes| {
        let mut next = Request::new(body);
        *next.method_mut() = request.method().clone();
        *next.uri_mut() = request.uri().clone();
        next.headers_mut().clone_from(request.headers());
        Upstream::Provider(Box::new(next))
    };
    bodies.into_iter().map(alike).collect()
}

/// Sends the rest, and gives the answers as one list of JSON, the first one's before them.
pub(super) async fn all(
    calls: &ModelCalls,
    open: &OpenCall,
    first: UpstreamBody,
    (rest, bounds): (Vec<Upstream>, Bounds),
) -> Result<UpstreamBody, CallError> {
    let mut list = BytesMut::from(&b"["[..]);
    list.extend_from_slice(&attempt::collect_answer(first).await?);
    for upstream in rest {
        let answered = attempt::send(calls, open, upstream, bounds).await?;
        list.put_u8(b',');
        list.extend_from_slice(&attempt::collect_answer(answered.body).await?);
    }
    list.put_u8(b']');
    Ok(UpstreamBody::Whole(list.freeze()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_is_like_the_first_but_for_its_body() {
        let mut first = Request::post("http://a.test/x").header("x-a", "1").body(Bytes::from_static(b"1")).unwrap();
        first.extensions_mut().insert(Further(vec![Bytes::from_static(b"2"), Bytes::from_static(b"3")]));
        let mut first = Upstream::Provider(Box::new(first));
        let told: Vec<_> = rest(&mut first)
            .into_iter()
            .map(|next| {
                let Upstream::Provider(next) = next else { panic!("made up") };
                (next.method().to_string(), next.uri().to_string(), next.headers()["x-a"].clone(), next.into_body())
            })
            .collect();
        let like = |body: &'static str| ("POST".into(), "http://a.test/x".into(), "1".parse().unwrap(), body.into());
        assert_eq!(told, [like("2"), like("3")]);
        assert!(rest(&mut first).is_empty());
    }
}
