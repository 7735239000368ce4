//! Files that a client names by their addresses, for upstreams that take bytes alone.

use super::guarded::{FetchError, Fetched, GuardedClient};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::HashMap;

/// Most bytes of one file: what providers take in a request.
pub const FILE_BYTES_MAX: usize = 20 << 20;
/// Most files of one request.
pub const FILES_MAX: usize = 32;
/// Most bytes of all files of one request.
const ALL_BYTES_MAX: usize = 64 << 20;
/// Files that are fetched at once.
const AT_ONCE: usize = 4;

/// Fetches files, several at once. By address, each as a `data:` address of base64.
///
/// # Errors
/// The first address that gives no file, and why.
pub async fn files(
    client: &GuardedClient,
    addresses: &[String],
) -> Result<HashMap<String, String>, (String, FetchError)> {
    let fetched = stream::iter(addresses.iter().cloned()).map(|address| async move {
        match client.fetch(&address, FILE_BYTES_MAX).await.and_then(|file| told(&address, &file)) {
            Ok(data) => Ok((address, data)),
            Err(error) => Err((address, error)),
        }
    });
    let mut fetched = fetched.buffer_unordered(AT_ONCE);
    let (mut files, mut bytes) = (HashMap::new(), 0);
    while let Some((address, data)) = fetched.try_next().await? {
        bytes += data.len();
        if bytes > ALL_BYTES_MAX {
            return Err((address, FetchError::TooLarge(ALL_BYTES_MAX)));
        }
        files.insert(address, data);
    }
    Ok(files)
}

fn told(address: &str, file: &Fetched) -> Result<String, FetchError> {
    let kind = kind_of(address, file)?;
    Ok(format!("data:{kind};base64,{}", STANDARD.encode(&file.bytes)))
}

/// Types of documents that models read.
const DOCUMENTS: [&str; 10] = [
    "application/pdf",
    "application/json",
    "application/msword",
    "application/rtf",
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/x-javascript",
    "application/xml",
];

/// The media type of a file: its server's word, or what its first bytes and its name say where the server has none.
fn kind_of(address: &str, file: &Fetched) -> Result<String, FetchError> {
    let told =
        file.kind.as_deref().and_then(|kind| kind.split(';').next()).map(|kind| kind.trim().to_ascii_lowercase());
    let told = told.filter(|kind| !matches!(kind.as_str(), "" | "application/octet-stream" | "binary/octet-stream"));
    let kind = match told {
        Some(kind) => kind,
        None => beginning(&file.bytes).or_else(|| ending(address)).unwrap_or("application/octet-stream").to_owned(),
    };
    let family = kind.split('/').next().unwrap_or_default();
    let is_read = matches!(family, "image" | "audio" | "video" | "text") || DOCUMENTS.contains(&kind.as_str());
    let is_plain = kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/.+-_".contains(&byte));
    if is_read && is_plain { Ok(kind) } else { Err(FetchError::Kind(kind.chars().take(60).collect())) }
}

/// What files of a kind begin with.
fn beginning(bytes: &[u8]) -> Option<&'static str> {
    const BEGINNINGS: [(&[u8], &str); 6] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"%PDF-", "application/pdf"),
        (b"BM", "image/bmp"),
    ];
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    BEGINNINGS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, kind)| *kind)
}

fn ending(address: &str) -> Option<&'static str> {
    const ENDINGS: [(&str, &str); 9] = [
        (".png", "image/png"),
        (".jpg", "image/jpeg"),
        (".jpeg", "image/jpeg"),
        (".gif", "image/gif"),
        (".webp", "image/webp"),
        (".pdf", "application/pdf"),
        (".csv", "text/csv"),
        (".txt", "text/plain"),
        (".md", "text/markdown"),
    ];
    let path = address.split(['?', '#']).next().unwrap_or(address).to_ascii_lowercase();
    ENDINGS.iter().find(|(ending, _)| path.ends_with(ending)).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn kind(told: Option<&str>, bytes: &'static [u8], address: &str) -> Result<String, String> {
        let file = Fetched { kind: told.map(str::to_owned), bytes: Bytes::from_static(bytes) };
        kind_of(address, &file).map_err(|error| error.to_string())
    }

    #[test]
    fn a_type_is_what_the_server_says_or_else_what_the_file_shows() {
        assert_eq!(kind(Some("Image/PNG; x=y"), b"", "u").unwrap(), "image/png");
        assert_eq!(kind(None, b"\xff\xd8\xff\xe0", "u").unwrap(), "image/jpeg");
        assert_eq!(kind(Some("application/octet-stream"), b"RIFF....WEBPVP8 ", "u").unwrap(), "image/webp");
        assert_eq!(kind(Some("binary/octet-stream"), b"x", "https://a.test/x.PDF?y=.png").unwrap(), "application/pdf");
    }

    #[test]
    fn what_no_model_reads_is_not_taken() {
        for told in ["application/x-msdownload", "multipart/mixed", "image/png\"", "application/zip"] {
            assert!(kind(Some(told), b"", "u").unwrap_err().contains("which is no image"), "{told}");
        }
        assert!(kind(None, b"??", "https://a.test/").is_err());
    }
}
