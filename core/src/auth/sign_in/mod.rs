//! People who sign in at an identity provider with a browser (OpenID Connect): sent there, and back with a code that the
//! gateway exchanges for what the provider says of them. Asks providers over a seam; makes no records and no keys, and
//! knows no HTTP status.
//!
//! [`provider`] is one provider as it is set up, [`endpoints`] where it is asked, [`attempt`] what the browser keeps
//! between going and coming back, [`exchange`] makes claims of a code, [`person`] somebody of claims. [`command_line`]
//! are sign-ins that a command line waits for, [`command_line_store`] how it gets to know that they are done, and
//! [`session_token`] is what a browser keeps of one. [`error`] says what can go wrong.

pub mod attempt;
pub mod command_line;
pub mod command_line_store;
pub mod endpoints;
pub mod error;
pub mod exchange;
pub mod person;
pub mod provider;
pub mod session_token;

#[cfg(test)]
mod tests;
