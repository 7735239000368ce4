//! Which addresses a client may have this gateway call: those of the public internet, and what the operator allows.
//! Also networks that addresses are in ([`network`]). Pure: judges hosts and addresses; whoever connects asks for each address that a name stands for.

mod address;
pub mod network;
mod policy;

pub use address::is_public;
pub use policy::{Destination, Egress, Forbidden};
