//! What the model drew, as a block of a message. Anthropic's own models draw nothing, so their API has no such block in
//! answers; this one is that of its requests, and goes back as it came.

use crate::api::completion::Image;
use crate::api::messages::answer::ImageSource;

/// The image, or where it is.
pub(super) fn source<'a>(image: &'a Image<'_>) -> ImageSource<'a> {
    match image.data() {
        Some((media_type, data)) => ImageSource::Base64 { media_type, data },
        None => ImageSource::Url { url: image.url() },
    }
}
