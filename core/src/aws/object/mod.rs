//! One object of S3, fetched: where a configuration file may lie. A signed request over the shared HTTP client, in
//! place of one more SDK; and a bucket that objects are kept in.

mod bucket;
mod fetch;
mod location;
mod request;

pub use bucket::{Bucket, BucketError, KEPT_BYTES_MAX};
pub use fetch::{OBJECT_BYTES_MAX, ObjectError, fetch_object};
pub use location::{InvalidLocation, ObjectLocation};
pub use request::{SignError, Signing, signed_get};
