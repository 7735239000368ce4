//! What the operator says of the cache, read whole.

use super::*;
use crate::config::document::Document;
use crate::config::references::Resolved;
use crate::config::{Config, Sources};

fn load(params: &str, environment: &[(&str, &str)]) -> Result<Option<CacheSettings>, String> {
    let environment = Environment::from_pairs(environment.iter().copied());
    let text = format!("litellm_settings:\n  cache: true\n  cache_params: {params}\n");
    let document = Document::parse("c.yaml", &text).unwrap();
    let sources = Sources { environment: &environment, resolved: &Resolved::new(), provider_check: &|_, _| Ok(()) };
    let loaded = Config::from_document(&document, sources).map_err(|error| error.to_string())?;
    Ok(loaded.config.litellm.cache)
}

fn redis(params: &str, environment: &[(&str, &str)]) -> RedisSettings {
    match load(params, environment).unwrap().unwrap().place {
        CachePlace::Redis(settings) => settings,
        other => panic!("{other:?}"),
    }
}

fn wrong(params: &str) -> String {
    load(params, &[]).unwrap_err()
}

#[test]
fn where_nothing_is_said_answers_are_kept_in_the_redis_that_is_named_or_in_memory() {
    let settings = load("{}", &[]).unwrap().unwrap();
    assert!(matches!(settings.place, CachePlace::Memory { entry_bytes_max: 0x10_0000 }));
    assert_eq!((settings.ttl_seconds, settings.is_on, settings.share), (600.0, true, CacheShare::Team));
    assert_eq!(settings.call_types.len(), 7);
    let named = redis("{}", &[("REDIS_HOST", "cache.test"), ("REDIS_PORT", "6380"), ("REDIS_PASSWORD", "p")]);
    assert_eq!(named.nodes, [("cache.test".to_owned(), 6380)]);
    assert_eq!(named.password.unwrap().expose(), "p");
    assert!(redis("{type: redis}", &[("REDIS_URL", "rediss://a.test")]).url.is_some());
}

#[test]
fn the_router_says_it_too() {
    let text = "router_settings: {cache_responses: true, cache_kwargs: {type: disk, ttl: 5}, caching_groups: [[a, b]]}";
    let document = Document::parse("c.yaml", text).unwrap();
    let (environment, resolved) = (Environment::default(), Resolved::new());
    let sources = Sources { environment: &environment, resolved: &resolved, provider_check: &|_, _| Ok(()) };
    let settings = Config::from_document(&document, sources).unwrap().config.litellm.cache.unwrap();
    assert_eq!(settings.ttl_seconds, 5.0);
    assert!(matches!(settings.place, CachePlace::Disk(folder) if folder == std::path::Path::new(".litellm_cache")));
    assert_eq!(settings.groups, [["a", "b"]]);
}

#[test]
fn every_kind_of_redis_is_read() {
    let cluster = redis(r#"{type: redis, redis_startup_nodes: [{host: a, port: "7001"}, {host: b}], ssl: true}"#, &[]);
    assert_eq!((cluster.is_cluster, cluster.tls), (true, true));
    assert_eq!(cluster.nodes, [("a".to_owned(), 7001), ("b".to_owned(), 6379)]);
    let sentinel = redis("{type: redis, service_name: main, sentinel_nodes: [[a, 1], [b]]}", &[]);
    assert_eq!((sentinel.service.as_deref(), sentinel.is_cluster), (Some("main"), false));
    assert_eq!(sentinel.nodes, [("a".to_owned(), 1), ("b".to_owned(), 26379)]);
    let variables = [("REDIS_SENTINEL_NODES", r#"[["a", 1]]"#), ("REDIS_SERVICE_NAME", "m"), ("REDIS_SSL", "True")];
    let sentinel = redis("{}", &variables);
    assert_eq!((sentinel.nodes, sentinel.tls), (vec![("a".to_owned(), 1)], true));
    assert!(redis("{}", &[("REDIS_CLUSTER_NODES", r#"[{"host": "a", "port": "1"}]"#)]).is_cluster);
}

#[test]
fn a_bucket_is_read_and_no_secret_shows() {
    let params = "{type: s3, s3_bucket_name: b, s3_region_name: r, s3_aws_access_key_id: id, \
                  s3_aws_secret_access_key: verysecret, s3_path: /a/, ttl: 60, mode: default_off, namespace: n, scope: all, \
                  supported_call_types: [acompletion, completion]}";
    let settings = load(params, &[]).unwrap().unwrap();
    assert!(!format!("{settings:?}").contains("verysecret"));
    assert_eq!((settings.ttl_seconds, settings.is_on, settings.share), (60.0, false, CacheShare::All));
    assert_eq!((settings.call_types, settings.namespace.as_deref()), (vec!["acompletion"], Some("n")));
    let CachePlace::S3(bucket) = settings.place else { panic!("a bucket") };
    assert_eq!((bucket.bucket.as_str(), bucket.path.as_str()), ("b", "a"));
}

#[test]
fn what_cannot_be_had_stops_the_start_with_advice() {
    let at = "c.yaml:3: litellm_settings.cache_params.";
    assert_eq!(wrong("{type: radis}"), format!("{at}type: `radis` is no cache; did you mean `redis`?"));
    assert!(wrong("{type: qdrant-semantic}").contains("use `type: redis-semantic`"));
    assert!(wrong("{type: gcs}").starts_with(&format!("{at}type: `gcs` is not supported; use `type: s3`")));
    assert!(wrong("{type: s3}").starts_with(&format!("{at}s3_bucket_name: is missing")));
    assert!(wrong("{type: s3, s3_bucket_name: b, s3_verify: false}").starts_with(&format!("{at}s3_verify: ")));
    assert!(wrong("{type: redis}").starts_with(&format!("{at}host: is missing")));
    assert!(wrong("{type: redis, host: a, port: 70000}").starts_with(&format!("{at}port: must be from 1")));
    assert!(wrong("{type: redis, sentinel_nodes: [[a, 1]]}").starts_with(&format!("{at}service_name: is missing")));
    assert!(wrong("{type: redis, redis_startup_nodes: [7]}").starts_with(&format!("{at}redis_startup_nodes: must be")));
    assert!(wrong("{mode: on_demand}").starts_with(&format!("{at}mode: must be")));
    assert!(wrong("{scope: everybody}").starts_with(&format!("{at}scope: must be")));
    assert!(wrong("{supported_call_types: [aspeech]}").starts_with(&format!("{at}supported_call_types: `aspeech`")));
    assert!(wrong("{ttl: soon}").starts_with(&format!("{at}ttl: must be a number of seconds")));
}

/// A gateway with the model `embed`.
fn load_with_models(params: &str, environment: &[(&str, &str)]) -> Result<CacheSettings, String> {
    let environment = Environment::from_pairs(environment.iter().copied());
    let model = |name: &str| format!("  - {{model_name: {name}, litellm_params: {{model: openai/e, api_key: k}}}}\n");
    let models = ["embed", "text-embedding-ada-002", "voyage/*"].map(model).concat();
    let alias = "router_settings: {model_group_alias: {vectors: embed}}\n";
    let text = format!("litellm_settings:\n  cache: true\n  cache_params: {params}\nmodel_list:\n{models}{alias}");
    let document = Document::parse("c.yaml", &text).unwrap();
    let sources = Sources { environment: &environment, resolved: &Resolved::new(), provider_check: &|_, _| Ok(()) };
    let loaded = Config::from_document(&document, sources).map_err(|error| error.to_string())?;
    Ok(loaded.config.litellm.cache.unwrap())
}

#[test]
fn questions_that_mean_the_same_are_compared_where_that_is_asked_for() {
    let redis = "redis_semantic_cache_embedding_model: embed, redis_semantic_cache_index_name: mine";
    let params = format!("{{type: redis-semantic, host: h, similarity_threshold: '0.8', {redis}}}");
    let settings = load_with_models(&params, &[]).unwrap();
    let wanted = SemanticSettings { threshold: 0.8, model: "embed".into(), wait_seconds: 5.0, index: "mine".into() };
    assert_eq!(settings.semantic, Some(wanted));
    assert!(matches!(settings.place, CachePlace::Redis(_)));
    assert_eq!(settings.ttl_seconds, TTL_SECONDS);
    for (model, params) in [
        ("text-embedding-ada-002", "{type: local, similarity_threshold: 1}"),
        ("voyage/3", "{type: disk, similarity_threshold: 0, semantic_cache_embedding_model: voyage/3}"),
        ("vectors", "{type: dynamodb, similarity_threshold: 0.5, semantic_cache_embedding_model: vectors}"),
    ] {
        assert_eq!(load_with_models(params, &[]).unwrap().semantic.unwrap().model, model);
    }
    assert_eq!(load_with_models("{type: local}", &[]).unwrap().semantic, None);
    let waits = [("SEMANTIC_CACHE_EMBEDDING_TIMEOUT_SECONDS", "2.5")];
    let wait = |more: &str| {
        let params = format!("{{type: local, similarity_threshold: 0.9{more}}}");
        load_with_models(&params, &waits).unwrap().semantic.unwrap().wait_seconds
    };
    assert_eq!((wait(""), wait(", semantic_cache_embedding_timeout: 3")), (2.5, 3.0));
}

#[test]
fn a_valkey_is_named_by_its_own_variables_first() {
    let params = "{type: valkey-semantic, similarity_threshold: 0.9, valkey_semantic_cache_embedding_model: embed}";
    let variables = [("VALKEY_HOST", "v.test"), ("VALKEY_PORT", "7000"), ("REDIS_HOST", "r.test")];
    let settings = load_with_models(params, &variables).unwrap();
    let CachePlace::Redis(redis) = settings.place else { panic!("a Redis") };
    assert_eq!(redis.nodes, [("v.test".to_owned(), 7000)]);
    let CachePlace::Redis(redis) = load_with_models(params, &variables[2..]).unwrap().place else { panic!("a Redis") };
    assert_eq!(redis.nodes, [("r.test".to_owned(), 6379)]);
}

#[test]
fn what_cannot_be_compared_stops_the_start() {
    let at = "c.yaml:3: litellm_settings.cache_params.";
    let wrong = |params: &str| load_with_models(params, &[]).unwrap_err();
    let missing = wrong("{type: redis-semantic, host: h}");
    assert!(missing.starts_with(&format!("{at}similarity_threshold: is missing")), "{missing}");
    assert!(
        wrong("{semantic_cache_embedding_model: embed}").starts_with(&format!("{at}similarity_threshold: is missing"))
    );
    assert!(
        wrong("{similarity_threshold: 1.1}").starts_with(&format!("{at}similarity_threshold: must be from 0 to 1"))
    );
    assert!(wrong("{similarity_threshold: high}").starts_with(&format!("{at}similarity_threshold: must be a number")));
    let waits = "{similarity_threshold: 0.9, semantic_cache_embedding_timeout: 3600}";
    assert!(wrong(waits).starts_with(&format!("{at}semantic_cache_embedding_timeout: must be from")));
    let unknown = wrong("{similarity_threshold: 0.9, redis_semantic_cache_embedding_model: embde}");
    let said = "redis_semantic_cache_embedding_model: `embde` is no model of `model_list`, so that no prompt can be compared; \
                did you mean `embed`?";
    assert_eq!(unknown, format!("{at}{said}"));
    assert!(wrong("{similarity_threshold: 0.9, semantic_cache_scope: key}").contains("end users never share"));
    assert!(load_with_models("{similarity_threshold: 0.9, semantic_cache_scope: end_user}", &[]).is_ok());
}

#[test]
fn every_name_of_the_cache_is_honoured_or_refused() {
    use crate::config::ledger::{Fate, in_section};
    let fates = [Fate::Honoured, Fate::Refused, Fate::Inherent];
    let left = in_section("cache_params").filter(|setting| !fates.contains(&setting.fate));
    assert_eq!(left.map(|setting| setting.name).collect::<Vec<_>>(), [] as [&str; 0]);
}
