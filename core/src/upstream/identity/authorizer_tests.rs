//! Tokens: fetched once, kept, renewed; refusals.

use super::*;
use crate::clock::{ManualClock, Timestamp};
use crate::providers::identity::IbmKey;
use crate::upstream::transport::{Bounds, TransportError, UpstreamBody};
use async_trait::async_trait;
use http::Response;
use std::sync::Mutex;

/// Gives the tokens `t1`, `t2`, …, each for an hour; or refuses.
#[derive(Default)]
struct Giver {
    forms: Mutex<Vec<String>>,
    refuses: bool,
}

#[async_trait]
impl Transport for Giver {
    async fn send(&self, request: Request<Bytes>, _: Bounds) -> Result<Response<UpstreamBody>, TransportError> {
        // Others come while this one waits.
        tokio::task::yield_now().await;
        let mut forms = self.forms.lock().unwrap();
        forms.push(String::from_utf8(request.body().to_vec()).unwrap());
        let token = format!(r#"{{"access_token":"t{}","expires_in":3600}}"#, forms.len());
        let (status, body) = if self.refuses { (400, r#"{"error":"no such key"}"#.to_owned()) } else { (200, token) };
        Ok(Response::builder().status(status).body(UpstreamBody::Whole(Bytes::from(body))).unwrap())
    }
}

struct World {
    giver: Arc<Giver>,
    clock: Arc<ManualClock>,
    authorizer: Authorizer,
    account: Identity,
}

fn world(giver: Giver) -> World {
    let (giver, clock) = (Arc::new(giver), Arc::new(ManualClock::at(Timestamp::from_seconds(1_763_700_000))));
    let authorizer = Authorizer::new(giver.clone(), clock.clone());
    let account =
        Identity::Ibm(IbmKey { token_address: "https://iam.test/token".to_owned(), key: Secret::new("a key&") });
    World { giver, clock, authorizer, account }
}

impl World {
    async fn shown(&self) -> Result<String, IdentityError> {
        let mut request = Request::new(Bytes::new());
        self.authorizer.authorize(&self.account, &mut request).await?;
        assert!(request.headers()[AUTHORIZATION].is_sensitive());
        Ok(request.headers()[AUTHORIZATION].to_str().unwrap().to_owned())
    }
}

#[tokio::test]
async fn a_token_is_fetched_once_and_used_until_shortly_before_its_end() {
    let world = world(Giver::default());
    assert_eq!(world.shown().await.unwrap(), "Bearer t1");
    world.clock.advance_millis(3_470_000);
    assert_eq!(world.shown().await.unwrap(), "Bearer t1");
    world.clock.advance_millis(20_000);
    assert_eq!(world.shown().await.unwrap(), "Bearer t2");
    let form = "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey=a+key%26";
    assert_eq!(*world.giver.forms.lock().unwrap(), [form, form]);
}

#[tokio::test]
async fn calls_that_need_a_token_at_once_fetch_it_once() {
    let world = world(Giver::default());
    let (one, other) = tokio::join!(world.shown(), world.shown());
    assert_eq!((one.unwrap().as_str(), other.unwrap().as_str()), ("Bearer t1", "Bearer t1"));
}

#[tokio::test]
async fn a_refused_account_says_who_refuses_it_and_why_and_is_tried_again() {
    let world = world(Giver { refuses: true, ..Giver::default() });
    let error = world.shown().await.unwrap_err().to_string();
    assert_eq!(
        error,
        r#"the deployment's account is refused by https://iam.test/token (status 400): {"error":"no such key"}"#
    );
    world.shown().await.unwrap_err();
    assert_eq!(world.giver.forms.lock().unwrap().len(), 2);
}
