//! What a model draws or says aloud, as LiteLLM's clients read it.

use serde::Serialize;

/// A picture that the model made.
#[derive(Debug, Serialize)]
pub struct AnswerImage {
    image_url: ImageUrl,
    index: usize,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Debug, Serialize)]
struct ImageUrl {
    url: String,
    detail: &'static str,
}

impl AnswerImage {
    /// The picture at a place among those of the answer; `data` in base64.
    pub fn new(index: usize, media_type: &str, data: &str) -> Self {
        let image_url = ImageUrl { url: format!("data:{media_type};base64,{data}"), detail: "auto" };
        Self { image_url, index, kind: "image_url" }
    }
}

/// What the model says aloud.
#[derive(Debug, Serialize)]
pub struct AnswerAudio<'a> {
    /// Names it.
    pub id: String,
    /// The recording in base64.
    pub data: &'a str,
    /// Until when the name may be used, in seconds since the Unix epoch.
    pub expires_at: i64,
    /// Its words, where they are known.
    pub transcript: &'a str,
}
