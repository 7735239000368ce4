//! OpenAI's responses, as far as they are read and written here.
//!
//! [`id`] names a response so that its name leads back to whoever made it. [`item`] reads what a client says, [`tool`] what
//! it offers; [`echo`] is what an answer repeats of it. [`answer`] writes a whole answer, [`event`] a streamed one, and
//! [`usage`] what either used.
//!
//! Wire format: <https://platform.openai.com/docs/api-reference/responses>

pub mod answer;
pub mod echo;
pub mod event;
pub mod id;
pub mod item;
pub mod tool;
pub mod usage;
