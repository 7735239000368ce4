//! Which parameters a model takes, and what becomes of the others: refused by name, or dropped and reported.
//!
//! [`set`] has the parameters' names, [`table`], `openai`, `own` and `google` what each provider takes and how it differs from `plain` (data
//! only; [`row`] is what it can say), [`profile`] what follows from that for one model, [`policy`] what the operator and the client
//! want, and [`admit`] applies it all to a request's members.

pub mod admit;
mod google;
mod openai;
mod own;
mod plain;
pub mod policy;
pub mod profile;
pub mod row;
pub mod set;
pub mod table;
