//! `litellm_settings.cache` and `cache_params`: where answers are kept, for whom and how long. Also said as
//! `router_settings.cache_responses` and `cache_kwargs`.

mod params;
mod redis;
mod semantic;
#[cfg(test)]
mod tests;

use super::deployment::ModelEntry;
use super::environment::Environment;
use super::known_models;
use super::names::{self, Unknown};
use super::report::Report;
use super::tree::{Content, Node};
use crate::secret::Secret;
use params::CacheParams;
pub use redis::RedisSettings;
pub use semantic::SemanticSettings;
use std::path::PathBuf;

/// How long an answer is kept in memory where nobody says: as LiteLLM does.
const MEMORY_TTL_SECONDS: f64 = 600.0;
/// Elsewhere: 30 days. Nothing is kept for ever.
const TTL_SECONDS: f64 = 30.0 * 86_400.0;

/// What the operator wants of the cache.
#[derive(Clone, Debug)]
pub struct CacheSettings {
    /// Where answers are kept.
    pub place: CachePlace,
    /// Seconds that an answer is kept.
    pub ttl_seconds: f64,
    /// Whether requests that do not ask for it use the cache: `mode`.
    pub is_on: bool,
    /// The operations whose answers are kept, by their names in spend rows.
    pub call_types: Vec<&'static str>,
    /// The namespace of requests that name none.
    pub namespace: Option<String>,
    /// Who shares answers: `scope`.
    pub share: CacheShare,
    /// Whether answers are sealed for those whose calls they are: `sealed`.
    pub is_sealed: bool,
    /// Model names whose answers stand for each other: `router_settings.caching_groups`.
    pub groups: Vec<Vec<String>>,
    /// When an answer stands for a question that means about the same; `None`: for the same question alone.
    pub semantic: Option<SemanticSettings>,
}

/// Who shares answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheShare {
    /// The keys of a team; a key without one has its own.
    #[default]
    Team,
    /// Nobody: each key has its own.
    Key,
    /// Everybody.
    All,
}

/// Where answers are kept.
#[derive(Clone, Debug)]
pub enum CachePlace {
    /// In this process's memory; one answer has so many bytes at most.
    Memory {
        /// The bytes.
        entry_bytes_max: usize,
    },
    /// In the gateway's own table.
    Table,
    /// In a file of its own, in this folder.
    Disk(PathBuf),
    /// In a bucket.
    S3(S3Settings),
    /// In a Redis.
    Redis(RedisSettings),
}

/// A bucket, and as whom it is used.
#[derive(Clone, Debug)]
pub struct S3Settings {
    /// Its name.
    pub bucket: String,
    /// Its region; `None`: the process's own.
    pub region: Option<String>,
    /// The address to call in place of AWS's.
    pub endpoint: Option<String>,
    /// A key's id and secret, and what belongs to a passing key; `None`: as the process.
    pub key: Option<(String, Secret, Option<Secret>)>,
    /// How the objects' keys begin.
    pub path: String,
}

/// Goes over the names of both sections.
pub(super) fn check_names(root: &mut Node, report: &mut Report<'_>) {
    for (section, name) in SECTIONS {
        if let Some(node) = root.get_mut(section).and_then(|node| node.get_mut(name)) {
            names::check(node, "cache_params", &names::join(section, name), Unknown::Warn, report);
        }
    }
}

const SECTIONS: [(&str, &str); 2] = [("litellm_settings", "cache_params"), ("router_settings", "cache_kwargs")];

/// The models that a setting may name.
pub(super) struct Named<'a> {
    /// `model_list`.
    pub(super) models: &'a [ModelEntry],
    /// Whether there may be others, which administrators add.
    pub(super) may_be_more: bool,
}

/// Reads what is said of the cache; `None`: there is to be none.
pub(super) fn read(
    root: &Node,
    is_asked: bool,
    (named, environment): (&Named<'_>, &Environment),
    report: &mut Report<'_>,
) -> Option<CacheSettings> {
    if !is_asked {
        return None;
    }
    let said = SECTIONS.iter().find_map(|(section, name)| {
        let node = root.get(section)?.get(name).filter(|node| !node.is_null())?;
        Some((node, names::join(section, name)))
    });
    let nothing = Node::new(Content::Map(Vec::new()), Default::default());
    let (node, path) = said.unwrap_or_else(|| (&nothing, names::join(SECTIONS[0].0, SECTIONS[0].1)));
    let params: CacheParams = super::reading::read(node, &path, report);
    let mut asked = Asked { node, path: &path, params, environment, report };
    let semantic = asked.semantic(root, named);
    let place = asked.place()?;
    let ttl = asked.ttl_seconds(&place);
    let call_types = asked.call_types();
    let (is_on, share) = (asked.is_on(), asked.share());
    let namespace = asked.params.namespace.take().filter(|namespace| !namespace.is_empty());
    let is_sealed = asked.params.sealed.unwrap_or_default();
    let groups = groups(root, asked.report);
    Some(CacheSettings { place, ttl_seconds: ttl, is_on, call_types, namespace, share, is_sealed, groups, semantic })
}

/// `router_settings.caching_groups`: a list of lists of names.
fn groups(root: &Node, report: &mut Report<'_>) -> Vec<Vec<String>> {
    let Some(node) = root.get("router_settings").and_then(|router| router.get("caching_groups")) else {
        return Vec::new();
    };
    serde_json::from_value(node.to_value()).unwrap_or_else(|_| {
        report.error(node.place, "router_settings.caching_groups", "must be a list of lists of model names");
        Vec::new()
    })
}

/// What is being read.
struct Asked<'a, 'd> {
    node: &'a Node,
    path: &'a str,
    params: CacheParams,
    environment: &'a Environment,
    report: &'a mut Report<'d>,
}

/// Names of `type`, and what to use in place of those that are not to be had.
const TYPES: [&str; 7] = ["local", "redis", "s3", "disk", "dynamodb", REDIS_SEMANTIC, VALKEY_SEMANTIC];
const REDIS_SEMANTIC: &str = "redis-semantic";
const VALKEY_SEMANTIC: &str = "valkey-semantic";
const ELSEWHERE: [(&str, &str); 3] = [
    (
        "qdrant-semantic",
        "is not supported; use `type: redis-semantic`, or `local`, `dynamodb`, `disk` or `s3` with `similarity_threshold`",
    ),
    ("azure-blob", "is not supported; use `type: s3` with `s3_endpoint_url`, `redis` or `dynamodb`"),
    (
        "gcs",
        "is not supported; use `type: s3` with `s3_endpoint_url: https://storage.googleapis.com`, `redis` or `dynamodb`",
    ),
];
/// The names of the setting that says which model makes vectors.
const EMBEDDING_MODELS: [&str; 3] =
    ["semantic_cache_embedding_model", "redis_semantic_cache_embedding_model", "valkey_semantic_cache_embedding_model"];

/// Names of call types, as LiteLLM has them, with ours.
const CALL_TYPES: [(&str, &str); 14] = [
    ("completion", "acompletion"),
    ("acompletion", "acompletion"),
    ("text_completion", "atext_completion"),
    ("atext_completion", "atext_completion"),
    ("embedding", "aembedding"),
    ("aembedding", "aembedding"),
    ("transcription", "atranscription"),
    ("atranscription", "atranscription"),
    ("rerank", "arerank"),
    ("arerank", "arerank"),
    ("responses", "aresponses"),
    ("aresponses", "aresponses"),
    ("anthropic_messages", "anthropic_messages"),
    ("messages", "anthropic_messages"),
];

impl Asked<'_, '_> {
    fn error(&mut self, name: &str, message: impl Into<String>) {
        let place = self.node.entry(name).map_or(self.node.place, |entry| entry.place);
        self.report.error(place, &names::join(self.path, name), message);
    }

    /// What the questions of answers mean, where that is asked for; the model that says it must be there.
    fn semantic(&mut self, root: &Node, named: &Named<'_>) -> Option<SemanticSettings> {
        let kind = self.params.kind.as_deref().unwrap_or_default();
        let (is_asked, is_valkey) = ([REDIS_SEMANTIC, VALKEY_SEMANTIC].contains(&kind), kind == VALKEY_SEMANTIC);
        if is_valkey {
            redis::prefer_valkey(&mut self.params, self.environment);
        }
        let settings = match semantic::read(&mut self.params, is_asked, self.environment) {
            Ok(settings) => settings?,
            Err((name, message)) => {
                self.error(name, message);
                return None;
            }
        };
        let aliases = root.get("router_settings").and_then(|node| node.get("model_group_alias"));
        if !known_models::are_named(&settings.model, named.models, aliases) {
            let said = EMBEDDING_MODELS.into_iter().find(|name| self.node.get(name).is_some());
            let (name, meant) =
                (said.unwrap_or(EMBEDDING_MODELS[0]), known_models::meant(&settings.model, named.models));
            let message =
                format!("`{}` is no model of `model_list`, so that no prompt can be compared", settings.model);
            // Another process may add it.
            if named.may_be_more {
                let place = self.node.entry(name).map_or(self.node.place, |entry| entry.place);
                self.report.warn(place, &names::join(self.path, name), message + &meant);
            } else {
                self.error(name, message + &meant);
            }
        }
        Some(settings)
    }

    /// Where answers are to be kept. Where nothing is said: in the Redis that the environment names, else in memory.
    fn place(&mut self) -> Option<CachePlace> {
        let kind = self.params.kind.take();
        let kind = match kind.as_deref() {
            Some(kind) => kind,
            None if redis::is_named(&self.params, self.environment) => "redis",
            None => "local",
        };
        match kind {
            "local" => Some(CachePlace::Memory { entry_bytes_max: self.entry_bytes_max() }),
            "dynamodb" => Some(CachePlace::Table),
            "disk" => {
                let folder = self.params.disk_cache_dir.take();
                Some(CachePlace::Disk(folder.map_or_else(|| PathBuf::from(".litellm_cache"), PathBuf::from)))
            }
            "s3" => self.bucket().map(CachePlace::S3),
            "redis" | REDIS_SEMANTIC | VALKEY_SEMANTIC => self.redis().map(CachePlace::Redis),
            other => {
                let elsewhere = ELSEWHERE.iter().find(|(name, _)| *name == other);
                let message = match (elsewhere, names::nearest(other, TYPES.into_iter(), 0.7)) {
                    (Some((_, advice)), _) => format!("`{other}` {advice}"),
                    (None, Some(meant)) => format!("`{other}` is no cache; did you mean `{meant}`?"),
                    (None, None) => format!("`{other}` is no cache; write one of {}", listed(TYPES)),
                };
                self.error("type", message);
                None
            }
        }
    }

    fn entry_bytes_max(&mut self) -> usize {
        const NAME: &str = "MAX_SIZE_PER_ITEM_IN_MEMORY_CACHE_IN_KB";
        let said = self.environment.text(NAME);
        let kilobytes = said.and_then(|text| text.trim().parse::<usize>().ok()).filter(|kilobytes| *kilobytes > 0);
        if said.is_some() && kilobytes.is_none() {
            self.report.error(Default::default(), NAME, "must be a number of kilobytes above 0");
        }
        kilobytes.unwrap_or(1024).saturating_mul(1024)
    }

    fn bucket(&mut self) -> Option<S3Settings> {
        let params = &mut self.params;
        let (id, secret) = (params.s3_aws_access_key_id.take(), params.s3_aws_secret_access_key.take());
        let token = params.s3_aws_session_token.take();
        let (region, endpoint) = (params.s3_region_name.take(), params.s3_endpoint_url.take());
        let path = params.s3_path.take().map(|path| path.trim_matches('/').to_owned()).filter(|path| !path.is_empty());
        let path = path.unwrap_or_else(|| "postern-cache".to_owned());
        let bucket = params.s3_bucket_name.take();
        if endpoint
            .as_deref()
            .is_some_and(|endpoint| !endpoint.starts_with("http://") && !endpoint.starts_with("https://"))
        {
            self.error("s3_endpoint_url", "must begin with `https://` (or `http://`, for an emulator)");
        }
        let key = match (id, secret) {
            (Some(id), Some(secret)) => Some((id, secret, token)),
            (None, None) => None,
            _ => {
                self.error("s3_aws_access_key_id", "goes with `s3_aws_secret_access_key`; set both, or none");
                None
            }
        };
        let Some(bucket) = bucket else {
            self.error("s3_bucket_name", "is missing; `type: s3` keeps answers in that bucket");
            return None;
        };
        Some(S3Settings { bucket, region, endpoint, key, path })
    }

    fn redis(&mut self) -> Option<RedisSettings> {
        match redis::read(&mut self.params, self.environment) {
            Ok(settings) => Some(settings),
            Err((name, message)) => {
                self.error(name, message);
                None
            }
        }
    }

    fn ttl_seconds(&mut self, place: &CachePlace) -> f64 {
        let params = &self.params;
        let environment = self.environment.text("DEFAULT_IN_MEMORY_TTL").and_then(|text| text.trim().parse().ok());
        match place {
            CachePlace::Memory { .. } => {
                let said = params.default_in_memory_ttl.or(params.ttl).or(environment);
                said.filter(|seconds: &f64| *seconds > 0.0).unwrap_or(MEMORY_TTL_SECONDS)
            }
            CachePlace::Redis(_) => params.default_in_redis_ttl.or(params.ttl).unwrap_or(TTL_SECONDS),
            _ => params.ttl.unwrap_or(TTL_SECONDS),
        }
    }

    fn call_types(&mut self) -> Vec<&'static str> {
        let said = self.params.supported_call_types.take();
        let mut types = Vec::new();
        for name in said.as_deref().unwrap_or_default() {
            match CALL_TYPES.iter().find(|(theirs, _)| theirs == name) {
                Some((_, ours)) => types.push(*ours),
                None => {
                    let known = listed(CALL_TYPES.map(|(theirs, _)| theirs));
                    self.error("supported_call_types", format!("`{name}` cannot be kept; write some of {known}"));
                }
            }
        }
        if said.is_none() {
            types.extend(CALL_TYPES.map(|(_, ours)| ours));
        }
        types.sort_unstable();
        types.dedup();
        types
    }

    fn is_on(&mut self) -> bool {
        match self.params.mode.take().as_deref() {
            None | Some("default_on") => true,
            Some("default_off") => false,
            Some(_) => {
                self.error("mode", "must be `default_on` or `default_off`");
                false
            }
        }
    }

    fn share(&mut self) -> CacheShare {
        match self.params.scope.take().as_deref() {
            None | Some("team") => CacheShare::Team,
            Some("key") => CacheShare::Key,
            Some("all") => CacheShare::All,
            Some(_) => {
                self.error("scope", "must be `team`, `key` or `all`");
                CacheShare::Key
            }
        }
    }
}

fn listed<const N: usize>(names: [&str; N]) -> String {
    names.map(|name| format!("`{name}`")).join(", ")
}
