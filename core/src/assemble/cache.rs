//! Makes the cache that the configuration asks for.

use super::error::StartError;
use super::sealed::Sealed;
use crate::aws::signing::SigningKey;
use crate::cache::answers::Answers;
use crate::cache::in_memory::{InMemory, Room};
#[cfg(feature = "redis")]
use crate::cache::in_redis::{InRedis, RedisPlace, Topology};
use crate::cache::in_s3::{BucketPlace, InS3};
use crate::cache::in_table::InTable;
use crate::cache::key::{Scope, is_namespace};
use crate::cache::semantic::{Semantic, SemanticRules};
use crate::cache::shelf::{Rules, Shelf};
use crate::clock::{Clock, Random};
use crate::config::{CachePlace, CacheSettings, CacheShare, Environment, LitellmSettings};
use crate::config::{RedisSettings, S3Settings, SemanticSettings};
#[cfg(feature = "embedded")]
use crate::store::embedded::EmbeddedTable;
use crate::store::table::Table;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The file of a cache on disk, in its folder.
#[cfg(feature = "embedded")]
const FILE: &str = "answers.db";

/// Opens it, where there is to be one. Where requests may say nothing of it, nothing is kept.
///
/// # Errors
/// [`StartError`] names the setting at fault.
pub(super) fn shelf(
    settings: &LitellmSettings,
    (table, sealed): (&Arc<dyn Table>, &Sealed),
    environment: &Environment,
    (clock, random): (&Arc<dyn Clock>, &Arc<dyn Random>),
) -> Result<Option<Arc<Shelf>>, StartError> {
    let controls = settings.allowed_cache_controls.clone();
    let asked = settings.cache.as_ref().filter(|_| controls.as_ref().is_none_or(|controls| !controls.is_empty()));
    let shelf = asked.map(|settings| open(settings, controls, (table, clock, environment))).transpose()?;
    let is_sealed = asked.is_some_and(|settings| settings.is_sealed);
    Ok(shelf.map(|shelf| Arc::new(shelf.sealing(is_sealed.then(|| sealed.answers(random))))))
}

fn open(
    settings: &CacheSettings,
    controls: Option<Vec<String>>,
    (table, clock, environment): (&Arc<dyn Table>, &Arc<dyn Clock>, &Environment),
) -> Result<Shelf, StartError> {
    if let Some(namespace) = settings.namespace.as_ref().filter(|namespace| !is_namespace(namespace)) {
        return Err(StartError::CacheNamespace(namespace.clone()));
    }
    let root = settings.namespace.as_deref().unwrap_or("postern");
    let (kind, answers): (_, Arc<dyn Answers>) = match &settings.place {
        CachePlace::Memory { entry_bytes_max } => {
            let room = Room { entry_bytes: *entry_bytes_max, ..Room::default() };
            ("local", Arc::new(InMemory::new(room, Arc::clone(clock))))
        }
        CachePlace::Table => ("dynamodb", Arc::new(InTable::new(Arc::clone(table), Arc::clone(clock)))),
        CachePlace::Disk(folder) => ("disk", on_disk(folder, clock)?),
        CachePlace::S3(bucket) => ("s3", Arc::new(InS3::new(bucket_of(bucket, environment), Arc::clone(clock)))),
        CachePlace::Redis(settings) => ("redis", redis(settings, root)?),
    };
    let rules = Rules {
        kind,
        ttl: Duration::try_from_secs_f64(settings.ttl_seconds).unwrap_or_default(),
        is_on: settings.is_on,
        call_types: settings.call_types.clone(),
        namespace: settings.namespace.clone(),
        scope: match settings.share {
            CacheShare::Team => Scope::Team,
            CacheShare::Key => Scope::Key,
            CacheShare::All => Scope::All,
        },
        waits: environment.text("AWS_LAMBDA_FUNCTION_NAME").is_some(),
        controls,
        groups: settings.groups.clone(),
    };
    let semantic = settings.semantic.as_ref().map(|settings| Semantic::new(semantic_rules(settings)));
    Ok(Shelf::new(answers, rules, Arc::clone(clock)).semantic(semantic))
}

fn semantic_rules(settings: &SemanticSettings) -> SemanticRules {
    SemanticRules {
        threshold: settings.threshold,
        model: settings.model.clone(),
        wait: Duration::try_from_secs_f64(settings.wait_seconds).unwrap_or_default(),
        index: settings.index.clone(),
    }
}

#[cfg(feature = "embedded")]
fn on_disk(folder: &Path, clock: &Arc<dyn Clock>) -> Result<Arc<dyn Answers>, StartError> {
    let failed = |cause| StartError::StoreFolder { path: folder.to_owned(), cause };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let table = Arc::new(EmbeddedTable::open(&folder.join(FILE), Arc::clone(clock))?);
    Ok(Arc::new(InTable::new(Arc::clone(&table) as Arc<dyn Table>, Arc::clone(clock)).sweeping(table)))
}

#[cfg(not(feature = "embedded"))]
fn on_disk(_: &Path, _: &Arc<dyn Clock>) -> Result<Arc<dyn Answers>, StartError> {
    Err(StartError::CacheWithoutDisk)
}

fn bucket_of(settings: &S3Settings, environment: &Environment) -> BucketPlace {
    let environment = environment.clone();
    let key = settings.key.clone().map(|(id, secret, session_token)| SigningKey { id, secret, session_token });
    BucketPlace {
        name: settings.bucket.clone(),
        region: settings.region.clone(),
        endpoint: settings.endpoint.clone(),
        key,
        path: settings.path.clone(),
        variables: Arc::new(move |name| environment.text(name).map(str::to_owned)),
    }
}

#[cfg(feature = "redis")]
fn redis(settings: &RedisSettings, root: &str) -> Result<Arc<dyn Answers>, StartError> {
    let place = match &settings.url {
        Some(url) => {
            let said = RedisPlace::of_url(url.expose())?;
            let password = said.password.clone().or_else(|| settings.password.clone());
            RedisPlace { tls: said.tls || settings.tls, password, ..said }
        }
        None => RedisPlace {
            topology: match &settings.service {
                Some(service) => Topology::Sentinel(service.clone()),
                None if settings.is_cluster => Topology::Cluster,
                None => Topology::Single,
            },
            nodes: settings.nodes.clone(),
            username: settings.username.clone(),
            password: settings.password.clone(),
            sentinel_password: settings.sentinel_password.clone(),
            database: settings.database,
            tls: settings.tls,
            trusted: None,
        },
    };
    let read =
        |path: &String| std::fs::read(path).map_err(|cause| StartError::CacheCertificates { path: path.into(), cause });
    let trusted = settings.trusted_file.as_ref().map(read).transpose()?;
    Ok(Arc::new(InRedis::new(RedisPlace { trusted, ..place }, root)?))
}

#[cfg(not(feature = "redis"))]
fn redis(_: &RedisSettings, _: &str) -> Result<Arc<dyn Answers>, StartError> {
    Err(StartError::CacheWithoutRedis)
}
