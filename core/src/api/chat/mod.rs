//! A chat request of the OpenAI dialect as types: the one shape that translating providers read. Providers of the same
//! dialect never build it.
//!
//! [`request`] is the whole, [`message`] and [`part`] what was said, [`tool`] the functions and the choice among them,
//! [`format`] the form of the answer, [`reasoning`] how long the model may think. [`text`] are strings that borrow from
//! the body, [`invalid`] is what is wrong with a member.

pub mod format;
pub mod invalid;
pub mod message;
pub mod part;
pub mod reasoning;
pub mod request;
pub mod text;
pub mod tool;
