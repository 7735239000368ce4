//! What this gateway promises its callers, as an OpenAPI document and as a page. Made from what the code goes by: the
//! tables of routes, and the fields that bodies are checked against.
//!
//! [`described`] is one operation, the files beside it say what each does, [`document`] writes all of them as OpenAPI,
//! [`page`] as HTML, [`routes`] serves both.

mod answers;
mod calls;
mod described;
mod document;
mod everything;
mod health;
mod identity;
mod keys;
mod models;
mod operator;
mod page;
mod people;
mod reports;
pub(super) mod routes;
mod schema;
mod shared;
mod spend;
mod teams;
