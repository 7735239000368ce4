//! Models that calls get whatever they name, or where they name none.

use super::lenient;
use serde::Deserialize;

/// The part of `general_settings` that names models.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct UsualModels {
    /// Of chats, in each dialect, and completions that name none.
    #[serde(rename = "completion_model", deserialize_with = "lenient::optional_text")]
    pub completion: Option<String>,
    /// Of embeddings, whatever they name.
    #[serde(rename = "embedding_model", deserialize_with = "lenient::optional_text")]
    pub embedding: Option<String>,
    /// Of images that are made, whatever they name.
    #[serde(rename = "image_generation_model", deserialize_with = "lenient::optional_text")]
    pub image_generation: Option<String>,
    /// Of moderations that name none.
    #[serde(rename = "moderation_model", deserialize_with = "lenient::optional_text")]
    pub moderation: Option<String>,
}
