//! What the operator asked for: LiteLLM's `config.yaml`, read into documented structs. Pure: no file, network or
//! environment access; whoever calls brings texts, the environment as a map and resolved references.
//!
//! The way of a file: [`Document::parse`] → [`Document::next_include`] → [`Document::references`] →
//! [`Config::from_document`].

mod account;
mod budgets;
mod cache;
mod credential;
pub mod deployment;
mod document;
mod environment;
pub mod failing;
pub mod health;
mod key_management;
mod ledger;
mod lenient;
mod load;
mod models;
mod named_manager;
mod names;
mod problem;
mod reading;
mod references;
mod report;
pub mod routing;
mod scalar;
pub mod settings;
pub mod tls;
mod tree;
mod yaml;

pub use account::AccountParams;
pub use budgets::{BudgetSetting, RecordDefaults};
pub use cache::{CachePlace, CacheSettings, CacheShare, RedisSettings, S3Settings};
pub use credential::ConfiguredCredential;
pub use deployment::{DeploymentParams, ModelEntry};
pub use document::Document;
pub use environment::{Environment, NotABool};
pub use key_management::{AccessMode, KeyManagement, KeyManagementSettings, KeyManagementSystem};
pub use load::{Loaded, Sources};
pub use models::ProviderCheck;
pub use problem::{ConfigError, Problem};
pub use references::{Resolved, environment_references, resolve_environment};
pub use settings::{Config, GeneralSettings, LitellmSettings};
