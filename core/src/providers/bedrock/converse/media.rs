//! Images, films and documents: their bytes in base64, with a format by its short name.
//!
//! Wire format: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html>

use super::blocks::{Block, Document, Picture, Source};
use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::part::{FilePart, Media, data_url};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// How many characters of a document's base64 go into its name.
const NAMED_BYTES_MAX: usize = 64 * 1024;

/// Media types of documents, and their short names.
const DOCUMENTS: [(&str, &str); 9] = [
    ("application/pdf", "pdf"),
    ("text/csv", "csv"),
    ("application/msword", "doc"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("text/html", "html"),
    ("text/plain", "txt"),
    ("text/markdown", "md"),
];

/// The block for an image part: an image, or whatever else its `data:` address holds.
///
/// # Errors
/// [`InvalidMember`]: it stands at an address.
pub(super) fn image<'a>(image: &'a Media<'_>) -> Result<Block<'a>, InvalidMember> {
    let (kind, data) = data_url(&image.url).ok_or_else(|| elsewhere("an image"))?;
    Ok(of(image.format.as_deref().unwrap_or(kind), "image/png", data))
}

/// The block for a file part.
///
/// # Errors
/// [`InvalidMember`]: it is an upload, or stands at an address.
pub(super) fn file<'a>(file: &'a FilePart<'_>) -> Result<Block<'a>, InvalidMember> {
    let (kind, data) = match (&file.file_data, &file.file_id) {
        (Some(data), _) => data_url(data).unwrap_or(("", data)),
        (None, Some(id)) => data_url(id).ok_or_else(|| elsewhere("a file"))?,
        (None, None) => return Err(InvalidMember::whole("messages", "a file needs 'file_data'")),
    };
    Ok(of(file.format.as_deref().unwrap_or(kind), "application/pdf", data))
}

fn elsewhere(what: &str) -> InvalidMember {
    InvalidMember::whole("messages", format!("{what} must be sent as a `data:` address of base64 to this model"))
}

fn of<'a>(kind: &'a str, likeliest: &'static str, data: &'a str) -> Block<'a> {
    let kind = if kind.is_empty() { likeliest } else { kind };
    let source = Source { bytes: data };
    let (family, format) = kind.split_once('/').unwrap_or(("", kind));
    match family {
        "image" => {
            Block::Image(Picture { format: Cow::Borrowed(if format == "jpg" { "jpeg" } else { format }), source })
        }
        "video" => Block::Video(Picture { format: video(format), source }),
        _ => {
            let known = DOCUMENTS.iter().find(|(name, _)| *name == kind).map(|(_, short)| *short);
            let format = known.unwrap_or(format);
            Block::Document(Document { format: Cow::Borrowed(format), name: name(data, format), source })
        }
    }
}

fn video(format: &str) -> Cow<'_, str> {
    Cow::Borrowed(match format {
        "quicktime" => "mov",
        "x-matroska" => "mkv",
        "3gpp" => "three_gp",
        other => other,
    })
}

/// A name that says nothing of the document, as the model reads it too, and is the same for the same document, so that
/// the prompt can be kept. LiteLLM's.
fn name(data: &str, format: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(data.as_bytes().get(..NAMED_BYTES_MAX).unwrap_or(data.as_bytes()));
    hash.update(data.len().to_string());
    let hash = hex::encode(hash.finalize());
    format!("DocumentPDFmessages_{}_{format}", hash.get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::chat::text::Text;
    use serde_json::{Value, json};

    fn said(url: &str) -> Value {
        let media = Media { url: Text::from(url), detail: None, format: None };
        serde_json::to_value(image(&media).unwrap()).unwrap()
    }

    #[test]
    fn what_a_data_address_holds_becomes_the_block_of_its_kind() {
        let image = json!({"image": {"format": "jpeg", "source": {"bytes": "QQ=="}}});
        assert_eq!(said("data:image/jpg;base64,QQ=="), image);
        assert_eq!(said("data:video/mp4;base64,QQ==")["video"]["format"], json!("mp4"));
        let document = said("data:application/pdf;base64,JVBERi0xLjQgdGlueQ==");
        assert_eq!(document["document"]["name"], json!("DocumentPDFmessages_4b38aa3410dc5509_pdf"));
        assert_eq!(said("data:text/plain;base64,QQ==")["document"]["format"], json!("txt"));
    }

    #[test]
    fn what_stands_elsewhere_is_refused() {
        let media = Media { url: Text::from("https://images.test/a.png"), detail: None, format: None };
        assert!(image(&media).unwrap_err().to_string().contains("`data:` address"));
    }
}
