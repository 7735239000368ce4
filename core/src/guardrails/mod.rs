//! Guardrails: services of the operator's that look at what goes to models and at what comes back, and may change or refuse
//! it. [`guardrail`] is one of them, whatever its kind, [`choice`] says which are asked about a call, [`question`] is what they
//! are asked and [`verdict`] what they say. Each kind is a file that implements [`question::Judge`]: [`generic_api`] is the one
//! that there is. [`texts`] finds the words in requests, answers and streams, and puts others in their place.
//!
//! No network here: kinds ask through [`calls::Calls`].

pub mod calls;
pub mod choice;
pub mod generic_api;
pub mod guardrail;
pub mod question;
mod shown_headers;
pub mod texts;
pub mod verdict;
