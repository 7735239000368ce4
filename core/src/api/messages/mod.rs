//! Anthropic's dialect, as clients speak it: what is read of a request, and the one place that writes answers and events.
//!
//! [`content`] is what a turn says, [`tool`] the tools that a request offers, [`answer`] a whole answer, [`event`] the
//! events of a streamed one, [`usage`] what either used, [`stop`] why it ended.
//!
//! Wire format: <https://docs.anthropic.com/en/api/messages>

pub mod answer;
pub mod content;
pub mod event;
pub mod stop;
pub mod tool;
pub mod usage;
