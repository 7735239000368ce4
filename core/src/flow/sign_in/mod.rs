//! Single sign-on: somebody is sent to an identity provider, comes back, is found among the users or made one, and gets a
//! key for the session, in the browser or on a command line that waits for it.
//!
//! [`settings`] is what the operator says, [`browser`] the way there and back, [`command_lines`] those that wait,
//! [`sealing_key`] the key that all processes seal with what browsers and command lines keep, [`error`] what can go wrong.

pub mod browser;
pub mod command_lines;
pub mod error;
pub mod sealing_key;
pub mod settings;
