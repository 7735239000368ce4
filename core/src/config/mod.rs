//! What the operator asked for: LiteLLM's `config.yaml`, read into documented structs. Pure: no file, network or
//! environment access; whoever calls brings texts, the environment as a map and resolved references.
//!
//! The way of a file: [`Document::parse`] → [`Document::next_include`] → [`Document::references`] →
//! [`Config::from_document`].

mod account;
pub mod aliases;
mod budgets;
mod cache;
pub mod cost_rules;
mod credential;
pub mod custom_auth;
pub mod deployment;
mod document;
mod environment;
pub mod failing;
mod general;
pub mod guardrails;
pub mod health;
mod identity;
mod key_management;
mod key_rules;
mod known_models;
pub mod ledger;
mod lenient;
mod load;
mod models;
mod named_manager;
mod names;
pub mod pass_through;
mod problem;
pub mod proxied;
mod reading;
mod references;
mod report;
pub mod required_fields;
pub mod routing;
mod scalar;
pub mod schema;
pub mod settings;
mod shown;
pub mod sso;
pub mod stored;
pub mod tls;
mod tree;
pub mod usual_models;
mod variables;
mod yaml;

pub use account::AccountParams;
pub use budgets::{BudgetSetting, RecordDefaults};
pub use cache::{CachePlace, CacheSettings, CacheShare, RedisSettings, S3Settings, SemanticSettings};
pub use credential::ConfiguredCredential;
pub use deployment::{DeploymentParams, ModelEntry};
pub use document::{Document, text_of};
pub use environment::{Environment, NotABool};
pub use general::GeneralSettings;
pub use identity::{InternalRole, JwtAuth, RoleMapping, ScopeMapping, Unregistered, UserRole, UserRoleMapping};
pub use key_management::{AccessMode, KeyManagement, KeyManagementSettings, KeyManagementSystem};
pub use key_rules::{KeyGenerationSettings, KeyParams, PersonalKeyGeneration, TeamKeyGeneration};
pub use load::{Loaded, Sources};
pub use models::{ProviderCheck, Uncallable};
pub use problem::{ConfigError, Problem};
pub use references::{Resolved, resolve_environment};
pub use settings::{Config, LitellmSettings};
