//! One use case a file: what happens between a request that the surface has read and the answer it will write.

pub mod model_info;
pub mod models;
