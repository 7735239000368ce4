//! The seam of state: a small algebra of DynamoDB, and the stores that speak it. Knows only time.
//!
//! [`table`] is the trait, [`item`] what it stores, [`write`] what it is asked to change. Two stores implement it,
//! and one conformance suite holds both to the same behaviour.

#[cfg(feature = "aws")]
pub mod dynamo;
pub mod item;
pub mod table;
pub mod write;
