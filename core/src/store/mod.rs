//! The seam of state: a small algebra of DynamoDB, and the stores that speak it. Knows only time, and how a field is
//! sealed.
//!
//! [`table`] is the trait, [`item`] what it stores, [`write`] what it is asked to change, [`rules`] what it refuses,
//! [`silence`] how long it may say nothing. [`documents`] are lists of JSON in a table, [`sealed_documents`] those with
//! a sealed field. Two stores implement it, and one conformance suite holds both to the same behaviour.

#[cfg(any(test, feature = "testing"))]
pub mod conformance;
pub mod documents;
#[cfg(feature = "aws")]
pub mod dynamo;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod expiry;
#[cfg(any(test, feature = "testing"))]
pub mod faulty;
pub mod item;
pub mod rules;
pub mod sealed_documents;
pub mod silence;
pub mod table;
pub mod write;
