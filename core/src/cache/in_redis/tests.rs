//! What can be seen of a Redis without one. The rest is seen end to end, over real servers.

use super::*;

#[test]
fn a_url_says_where_and_as_whom() {
    let place = RedisPlace::of_url("rediss://me:pass@cache.test:6380/2").unwrap();
    assert_eq!((&place.nodes[..], place.database, place.tls), (&[("cache.test".to_owned(), 6380)][..], 2, true));
    assert_eq!(place.username.as_deref(), Some("me"));
    assert_eq!(place.password.as_ref().map(|secret| secret.expose()), Some("pass"));
    assert!(!format!("{place:?}").contains("pass@") && !format!("{place:?}").contains("\"pass\""));
    for wrong in ["http://a", "redis://", "rediss://a/#insecure", "not a url"] {
        assert!(RedisPlace::of_url(wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_and_not_a_wait() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for topology in [Topology::Single, Topology::Cluster, Topology::Sentinel("main".to_owned())] {
        let place = RedisPlace { topology, nodes: vec![("127.0.0.1".to_owned(), nobody)], ..RedisPlace::default() };
        let redis = InRedis::new(place, "test").unwrap();
        assert!(matches!(redis.get("k").await, Err(CacheError::Backend { backend: "redis", .. })));
    }
    assert!(InRedis::new(RedisPlace::default(), "test").is_err());
}
