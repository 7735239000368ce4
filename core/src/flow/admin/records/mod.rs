//! Teams with their members, users, organizations, shared budgets, end users and tags: one kind a file.
//!
//! [`record_admin`] is the part that all share, [`forms`] what each kind can be asked to be, [`render`] how each is
//! shown.

pub mod budgets;
pub mod bulk;
pub mod customers;
pub mod defaults;
pub mod documents;
pub mod forms;
pub mod invitations;
pub mod key_mappings;
pub mod members;
pub mod memberships;
pub mod organization_members;
pub mod organizations;
pub mod permissions;
pub mod person;
pub mod record_admin;
pub mod render;
mod rights;
mod search;
mod signed_in;
pub mod tags;
pub mod teams;
mod user_list;
pub mod users;
