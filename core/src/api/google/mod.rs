//! Google's dialect, as clients speak it: the one place that writes answers and pieces of streamed ones.
//!
//! [`answer`] is an answer or a piece of one, [`usage`] what it used, [`finish`] why it ended. [`asked`] is what a
//! request can use.
//!
//! Wire format: <https://ai.google.dev/api/generate-content>

pub mod answer;
pub mod asked;
pub mod finish;
pub mod usage;
