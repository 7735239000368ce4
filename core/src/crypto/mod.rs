//! Hashes and ciphers. Knows no store and no configuration; of networks only the key service behind one seam.
//!
//! [`key_hash`] turns a virtual key into what is stored of it, and makes new keys. [`sealer`] is what the rest of the
//! house seals and opens with: values in Postern's own form ([`envelope`]: under a data key that a [`key_wrapper`]
//! wraps and a [`key_name`] names, bound to their [`place`]) and in LiteLLM's two ([`litellm_value`]). [`subject`] is the seam to keys that
//! belong to one person and die with them.

mod cipher;
mod data_keys;
mod envelope;
mod error;
pub mod key_file;
mod key_file_error;
pub mod key_hash;
pub mod key_name;
pub mod key_wrapper;
#[cfg(feature = "aws")]
pub mod kms_wrapper;
pub mod litellm_value;
pub mod place;
pub mod resealed;
pub mod sealer;
pub mod subject;

pub use cipher::CipherKey;
pub use error::SealError;
pub use key_file_error::KeyFileError;
pub use place::Place;
pub use sealer::{Opened, Sealer};
