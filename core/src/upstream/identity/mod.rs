//! Shows an upstream who calls, where that is no fixed key: fetches tokens, keeps them while they last, signs requests.
//!
//! [`authorizer`] is the door, [`tokens`] what is kept, [`exchange`] how a token endpoint is asked; each kind of account
//! has its file.

pub mod authorizer;
#[cfg(feature = "aws")]
mod aws;
mod entra;
pub mod error;
mod exchange;
mod google;
mod ibm;
mod tokens;
