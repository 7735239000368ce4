//! The connection. Requests that give up waiting leave the next ones to go on with it: a handshake that takes longer than
//! one call waits is not begun anew by each.

use super::place::{BACKEND, NotARedis, RedisPlace, Topology};
use crate::cache::answers::CacheError;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{RoutingInfo, SingleNodeRoutingInfo};
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, RedisError, RedisResult, TlsMode, Value};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Longest handshake, and longest wait for one answer.
const WAIT: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(super) enum Connection {
    One(MultiplexedConnection),
    Many(ClusterConnection),
}

type Connecting = Shared<BoxFuture<'static, Result<Connection, RedisError>>>;

/// The connection, made when it is needed.
pub(super) struct Link {
    connector: Arc<Connector>,
    connecting: Mutex<Option<Connecting>>,
}

enum Connector {
    Single(Box<Client>),
    Cluster(Box<ClusterClient>),
    Sentinel(Box<tokio::sync::Mutex<SentinelClient>>),
}

impl Link {
    pub(super) fn new(place: RedisPlace) -> Result<Self, NotARedis> {
        Ok(Self { connector: Arc::new(Connector::new(&place)?), connecting: Mutex::new(None) })
    }

    /// Asks whoever is in charge of the command's key.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, CacheError> {
        self.ask_of(command, None).await
    }

    /// Asks any primary.
    pub(super) async fn ask_any<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, CacheError> {
        self.ask_of(command, Some(&SingleNodeRoutingInfo::RandomPrimary)).await
    }

    pub(super) fn is_cluster(&self) -> bool {
        matches!(*self.connector, Connector::Cluster(_))
    }

    /// Asks one node of a cluster, or the only server there is. What fails because the connection broke meanwhile is asked
    /// once more.
    pub(super) async fn ask_of<T: FromRedisValue>(
        &self,
        command: &Cmd,
        node: Option<&SingleNodeRoutingInfo>,
    ) -> Result<T, CacheError> {
        let mut asked_before = false;
        loop {
            let connecting = self.connecting();
            let answer = match connecting.clone().await {
                Ok(connection) => connection.ask(command, node).await,
                Err(error) => Err(error),
            };
            let error = match answer.and_then(|value| Ok(T::from_redis_value(value)?)) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if is_stale(&error) {
                self.forget(&connecting);
            }
            if asked_before || !is_stale(&error) {
                return Err(CacheError::of(BACKEND, error));
            }
            asked_before = true;
        }
    }

    fn connecting(&self) -> Connecting {
        let mut slot = self.connecting.lock().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert_with(|| {
            let connector = Arc::clone(&self.connector);
            async move { connector.connect().await }.boxed().shared()
        })
        .clone()
    }

    /// Lets a connection go, unless another has taken its place already.
    fn forget(&self, gone: &Connecting) {
        let mut slot = self.connecting.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.as_ref().is_some_and(|current| current.ptr_eq(gone)) {
            *slot = None;
        }
    }
}

impl Connection {
    async fn ask(self, command: &Cmd, node: Option<&SingleNodeRoutingInfo>) -> RedisResult<Value> {
        match (self, node) {
            (Self::One(mut one), _) => one.req_packed_command(command).await,
            (Self::Many(mut many), None) => many.req_packed_command(command).await,
            (Self::Many(mut many), Some(node)) => {
                many.route_command(command.clone(), RoutingInfo::SingleNode(node.clone())).await
            }
        }
    }
}

/// Whether another connection may do better: this one broke, or leads to a server that is no primary any more.
fn is_stale(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_connection_dropped()
        || error.is_cluster_error()
        || error.is_unrecoverable_error()
        || matches!(error.code(), Some("READONLY" | "MASTERDOWN" | "LOADING"))
}

impl Connector {
    fn new(place: &RedisPlace) -> Result<Self, NotARedis> {
        Ok(match &place.topology {
            Topology::Single => {
                let mut infos = place.infos()?;
                let info = infos.pop().ok_or_else(no_node)?;
                Self::Single(Box::new(match place.certificates() {
                    Some(certificates) => Client::build_with_tls(info, certificates)?,
                    None => Client::open(info)?,
                }))
            }
            Topology::Cluster => {
                let mut builder = ClusterClient::builder(place.infos()?);
                builder = builder.connection_timeout(WAIT).response_timeout(WAIT).retries(2);
                if place.tls {
                    builder = builder.tls(TlsMode::Secure);
                }
                if let Some(certificates) = place.certificates() {
                    builder = builder.certs(certificates);
                }
                Self::Cluster(Box::new(builder.build()?))
            }
            Topology::Sentinel(service) => Self::Sentinel(Box::new(tokio::sync::Mutex::new(sentinel(place, service)?))),
        })
    }

    async fn connect(&self) -> RedisResult<Connection> {
        let config = AsyncConnectionConfig::new().set_connection_timeout(Some(WAIT)).set_response_timeout(Some(WAIT));
        Ok(match self {
            Self::Single(client) => {
                Connection::One(client.get_multiplexed_async_connection_with_config(&config).await?)
            }
            Self::Cluster(client) => Connection::Many(client.get_async_connection().await?),
            Self::Sentinel(client) => {
                Connection::One(client.lock().await.get_async_connection_with_config(&config).await?)
            }
        })
    }
}

fn no_node() -> RedisError {
    RedisError::from((redis::ErrorKind::InvalidClientConfig, "no node is named"))
}

fn sentinel(place: &RedisPlace, service: &str) -> Result<SentinelClient, NotARedis> {
    let mut builder = SentinelClientBuilder::new(place.addresses(), service, SentinelServerType::Master)?;
    builder = builder.set_client_to_redis_db(place.database);
    if let Some(username) = &place.username {
        builder = builder.set_client_to_redis_username(username);
    }
    if let Some(password) = &place.password {
        builder = builder.set_client_to_redis_password(password.expose());
    }
    if let Some(password) = &place.sentinel_password {
        builder = builder.set_client_to_sentinel_password(password.expose());
    }
    if place.tls {
        builder =
            builder.set_client_to_redis_tls_mode(TlsMode::Secure).set_client_to_sentinel_tls_mode(TlsMode::Secure);
    }
    if let Some(certificates) = place.certificates() {
        builder = builder.set_client_to_redis_certificates(certificates.clone());
        builder = builder.set_client_to_sentinel_certificates(certificates);
    }
    Ok(builder.build()?)
}
