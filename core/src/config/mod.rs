//! What the operator asked for: LiteLLM's `config.yaml`, read into documented structs. Pure: no file, network or
//! environment access; whoever calls brings texts, the environment as a map and resolved references.

pub mod deployment;
pub mod settings;
