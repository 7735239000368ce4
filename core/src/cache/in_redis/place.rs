//! Where a Redis is, and as whom it is asked. Plain data, and how the client library takes it.

use crate::secret::Secret;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, RedisError, TlsCertificates};

/// What errors call it.
pub(super) const BACKEND: &str = "redis";

/// What stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Topology {
    /// One server: the first node.
    #[default]
    Single,
    /// A cluster, found by any of the nodes.
    Cluster,
    /// The primary of this name, that the nodes, which are sentinels, know.
    Sentinel(String),
}

/// Where a Redis is, and as whom it is asked.
#[derive(Clone, Debug, Default)]
pub struct RedisPlace {
    /// What stands there.
    pub topology: Topology,
    /// Hosts and ports.
    pub nodes: Vec<(String, u16)>,
    /// The user; `None`: the default one.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// The sentinels' password.
    pub sentinel_password: Option<Secret>,
    /// The database's number. A cluster has only 0.
    pub database: i64,
    /// Whether TLS is spoken. Certificates are always checked.
    pub tls: bool,
    /// The certificates of whom to trust, in PEM; `None`: the roots that are compiled in.
    pub trusted: Option<Vec<u8>>,
}

/// The place cannot be a Redis.
#[derive(Debug, thiserror::Error)]
#[error(
    "the Redis of `cache_params` cannot be used: check `host`, `port`, `url`, `redis_startup_nodes`, `sentinel_nodes` and \
         `ssl_ca_certs`"
)]
pub struct NotARedis(#[from] RedisError);

impl RedisPlace {
    /// The place that a URL says: `redis://user:password@host:port/database`, `rediss://` for TLS.
    ///
    /// # Errors
    /// [`NotARedis`]: it is no such URL.
    pub fn of_url(url: &str) -> Result<Self, NotARedis> {
        let info = url.into_connection_info()?;
        let (host, port, tls) = match info.addr() {
            ConnectionAddr::Tcp(host, port) => (host.clone(), *port, false),
            ConnectionAddr::TcpTls { host, port, insecure: false, .. } => (host.clone(), *port, true),
            _ => {
                Err(RedisError::from((redis::ErrorKind::InvalidClientConfig, "only redis:// and rediss:// are taken")))?
            }
        };
        let settings = info.redis_settings();
        Ok(Self {
            nodes: vec![(host, port)],
            username: settings.username().map(str::to_owned),
            password: settings.password().map(Secret::new),
            database: settings.db(),
            tls,
            ..Self::default()
        })
    }

    /// The nodes' addresses.
    pub(super) fn addresses(&self) -> Vec<ConnectionAddr> {
        let address = |(host, port): &(String, u16)| match self.tls {
            true => ConnectionAddr::TcpTls { host: host.clone(), port: *port, insecure: false, tls_params: None },
            false => ConnectionAddr::Tcp(host.clone(), *port),
        };
        self.nodes.iter().map(address).collect()
    }

    /// As whom it is asked.
    pub(super) fn settings(&self) -> RedisConnectionInfo {
        let mut settings = RedisConnectionInfo::default().set_db(self.database);
        if let Some(username) = &self.username {
            settings = settings.set_username(username);
        }
        if let Some(password) = &self.password {
            settings = settings.set_password(password.expose());
        }
        settings
    }

    /// Each node, with as whom it is asked.
    pub(super) fn infos(&self) -> Result<Vec<ConnectionInfo>, RedisError> {
        let info = |address: ConnectionAddr| Ok(address.into_connection_info()?.set_redis_settings(self.settings()));
        self.addresses().into_iter().map(info).collect()
    }

    /// Whom to trust, where that is not who usually is.
    pub(super) fn certificates(&self) -> Option<TlsCertificates> {
        let trusted = self.trusted.clone().filter(|_| self.tls);
        trusted.map(|root_cert| TlsCertificates { client_tls: None, root_cert: Some(root_cert) })
    }
}
