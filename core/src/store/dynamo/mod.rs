//! The table on DynamoDB. Translates the algebra of the seam into requests and answers back; decides nothing.
//!
//! | file | what it does |
//! |---|---|
//! | `table` | [`DynamoTable`], which implements [`super::table::Table`] |
//! | `transaction` | several writes at once, with an idempotency token |
//! | `attribute` | items ↔ DynamoDB's attribute maps |
//! | `expression` | conditions and changes → expressions |
//! | `prepared` | one write → what a request is made of |
//! | `ended` | what a write means where the stored item is past its end |
//! | `key_range` | a query's range → a key condition |
//! | `size` | an item too large, found before it is sent |
//! | `failure` | the SDK's errors → the seam's |
//! | `token` | when each idempotency token was first used |
//! | `create` | [`create_table_if_missing`] |

mod attribute;
mod create;
mod ended;
mod expression;
mod failure;
mod key_range;
mod prepared;
mod size;
mod table;
mod token;
mod transaction;

pub use create::{CreateError, TableState, create_table_if_missing};
pub use table::{DynamoTable, Timeouts};
