//! How many tokens a request's input can be, told from the body's bytes in one pass: no tokenizer, no parsing. Knows
//! nobody.
//!
//! | content | at most | estimate |
//! |---|---|---|
//! | text, schemas, all of the JSON | a token a byte | a token for 4 ASCII bytes, 2 bytes of other scripts, or `\u` escape |
//! | image, inline or by reference | [`IMAGE_TOKENS_MAX`] | [`IMAGE_TOKENS`] |
//! | audio, inline | a token for 8 bytes of base64 | one for 500 |
//! | file or video, inline | unbounded | a token for 8 bytes of base64 |
//! | file, audio or video by reference | unbounded | [`REFERENCE_TOKENS`] |

use memchr::memmem::{self, Finder};
use std::ops::Range;
use std::sync::LazyLock;

/// Most tokens that a provider counts for one image: gpt-4o-mini at eight tiles.
pub const IMAGE_TOKENS_MAX: u64 = 48_200;

/// Tokens of a large image at most providers.
pub const IMAGE_TOKENS: u64 = 1500;

/// Tokens that a file, an audio or a video by reference is taken for.
pub const REFERENCE_TOKENS: u64 = 10_000;

/// Tokens that the provider's own words around messages and tools can come to, at most.
const FRAME_TOKENS_MAX: u64 = 1024;

/// Base64 under the key `data` that is shorter than this counts as text.
const INLINE_BYTES_MIN: usize = 256;

/// What stands in a request, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputWeight {
    /// All bytes of the body without inline media.
    pub text_bytes: u64,
    /// Those of them that are not ASCII.
    pub wide_bytes: u64,
    /// Characters written as `\u` escapes.
    pub escapes: u64,
    /// Images, inline or by reference.
    pub images: u64,
    /// Parts that are audio.
    pub audios: u64,
    /// Bytes of base64 that are audio.
    pub audio_bytes: u64,
    /// Parts that are files.
    pub files: u64,
    /// Parts that are videos.
    pub videos: u64,
    /// Bytes of base64 of files and videos.
    pub file_bytes: u64,
    /// Letters written as escapes, which nobody needs and which can hide what a part is.
    pub hidden_letters: u64,
    /// Whether the provider may be asked to keep the input in its cache for an hour.
    pub hour_cache: bool,
}

/// Content whose tokens its bytes do not bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unbounded {
    /// A file: its pages are rendered and read by the provider.
    #[error("file")]
    File,
    /// A video.
    #[error("video")]
    Video,
    /// Audio that the provider fetches.
    #[error("audio by reference")]
    Audio,
    /// Letters written as `\\u` escapes: they can hide any of the others.
    #[error("ASCII letters written as \\u escapes")]
    Hidden,
    /// What an earlier response said, or what the provider keeps otherwise.
    #[error("what the provider keeps of earlier calls")]
    Kept,
    /// A tool that the provider runs.
    #[error("a tool that the provider runs")]
    Tool,
    /// An image whose price is counted in tokens.
    #[error("an image that is paid in tokens")]
    Image,
    /// A recording: only its provider knows how long it is.
    #[error("a recording")]
    Recording,
    /// Speech that is paid by its length.
    #[error("speech that is paid by its length")]
    Speech,
    /// A tool that searches the web as often as it likes.
    #[error("web search without `max_uses`")]
    Search,
}

impl InputWeight {
    /// Weighs a body. Anything but JSON is weighed as text.
    pub fn of(body: &[u8]) -> Self {
        let mut weight = Self { text_bytes: body.len() as u64, ..Self::default() };
        weight.hour_cache = FINDERS.hour.find(body).is_some();
        weight.count_parts(body);
        weight.weigh(body);
        weight
    }

    /// Weighs what is not a part's kind.
    fn weigh(&mut self, body: &[u8]) {
        (self.wide_bytes, self.escapes) = count_wide_and_escapes(body);
        if self.escapes > 0 {
            self.hidden_letters =
                FINDERS.escape.find_iter(body).filter(|at| is_hidden_letter(body, *at)).count() as u64;
        }
        self.count_inline(body);
    }

    /// Weighs a body in Google's dialect, whose parts say their kind by a media type.
    pub fn of_contents(body: &[u8]) -> Self {
        let mut weight = Self { text_bytes: body.len() as u64, ..Self::default() };
        for name in MIME_TYPES {
            for at in memmem::find_iter(body, name) {
                let Some(value) = value_at(body, at + name.len()) else { continue };
                weight.count_kind(body.get(value).unwrap_or_default());
            }
        }
        // What Google fetches, whatever it is said to be.
        weight.files += FILE_URIS.iter().map(|name| memmem::find_iter(body, name).count() as u64).sum::<u64>();
        weight.weigh(body);
        weight
    }

    fn count_kind(&mut self, kind: &[u8]) {
        match kind {
            _ if kind.starts_with(b"image/") => self.images += 1,
            _ if kind.starts_with(b"audio/") => self.audios += 1,
            _ if kind.starts_with(b"video/") => self.videos += 1,
            _ if kind.starts_with(b"text/") => {}
            _ => self.files += 1,
        }
    }

    /// A middling guess at the tokens: text in Latin letters comes out slightly high.
    pub fn estimate(&self) -> u64 {
        let ascii = self.text_bytes.saturating_sub(self.wide_bytes).saturating_sub(6 * self.escapes);
        let inline = self.audio_bytes / 500 + self.file_bytes / 8;
        let text = ascii.div_ceil(4) + self.wide_bytes.div_ceil(2) + self.escapes;
        text + self.images * IMAGE_TOKENS + inline + self.references() * REFERENCE_TOKENS
    }

    /// The most tokens that it can be.
    ///
    /// # Errors
    /// [`Unbounded`] names the content that has no most.
    pub fn most(&self) -> Result<u64, Unbounded> {
        match self {
            Self { files: 1.., .. } => return Err(Unbounded::File),
            Self { videos: 1.., .. } => return Err(Unbounded::Video),
            Self { audios: 1.., audio_bytes: 0, .. } => return Err(Unbounded::Audio),
            Self { hidden_letters: 1.., .. } => return Err(Unbounded::Hidden),
            _ => {}
        }
        // Inline data outside a part that says its kind is weighed like text.
        let inline = self.audio_bytes.div_ceil(8) + self.file_bytes;
        Ok(self.text_bytes + FRAME_TOKENS_MAX + self.images * IMAGE_TOKENS_MAX + inline)
    }

    /// Parts whose data is not in the body.
    fn references(&self) -> u64 {
        let files = if self.file_bytes == 0 { self.files + self.videos } else { 0 };
        files + if self.audio_bytes == 0 { self.audios } else { 0 }
    }

    /// A part of a message says what it is: `"type": "image_url"`.
    fn count_parts(&mut self, body: &[u8]) {
        for at in FINDERS.kind.find_iter(body) {
            let Some(value) = value_at(body, at + KIND.len()) else { continue };
            match body.get(value).unwrap_or_default() {
                b"image_url" | b"input_image" | b"image" => self.images += 1,
                b"input_audio" | b"audio" | b"audio_url" => self.audios += 1,
                b"file" | b"input_file" | b"document" => self.files += 1,
                b"video_url" | b"input_video" | b"video" => self.videos += 1,
                _ => {}
            }
        }
    }

    /// Takes inline data out of the text: `data:` URLs, and bare base64 under the key `data`.
    fn count_inline(&mut self, body: &[u8]) {
        let mut past = 0;
        for at in FINDERS.base64.find_iter(body) {
            if at < past {
                continue;
            }
            let Some(url) = data_url(body, at) else { continue };
            past = url.end;
            let kind = body.get(url.start..at).unwrap_or_default();
            let bytes = (url.end - url.start) as u64;
            self.text_bytes -= bytes;
            if kind.starts_with(b"data:audio") {
                self.audio_bytes += bytes;
            } else if !kind.starts_with(b"data:image") {
                self.file_bytes += bytes;
            }
        }
        if body.len() < INLINE_BYTES_MIN {
            return;
        }
        for at in FINDERS.data.find_iter(body) {
            let Some(value) = value_at(body, at + DATA.len()) else { continue };
            let text = body.get(value).unwrap_or_default();
            // A data URL has been taken out already; its colon is no base64.
            if text.len() < INLINE_BYTES_MIN || !text.iter().take(INLINE_BYTES_MIN).all(is_base64) {
                continue;
            }
            self.text_bytes -= text.len() as u64;
            match self {
                Self { audios: 1.., .. } => self.audio_bytes += text.len() as u64,
                Self { images: 1.., .. } => {}
                _ => self.file_bytes += text.len() as u64,
            }
        }
    }
}

const KIND: &[u8] = b"\"type\"";
const DATA: &[u8] = b"\"data\"";
const BASE64: &[u8] = b";base64,";
/// Where Google's parts say their kind.
const MIME_TYPES: [&[u8]; 2] = [b"\"mimeType\"", b"\"mime_type\""];
/// Where they name what stands elsewhere.
const FILE_URIS: [&[u8]; 2] = [b"\"fileUri\"", b"\"file_uri\""];

struct Finders {
    kind: Finder<'static>,
    data: Finder<'static>,
    base64: Finder<'static>,
    escape: Finder<'static>,
    hour: Finder<'static>,
}

/// Made once: building a finder costs as much as searching a small body.
static FINDERS: LazyLock<Finders> = LazyLock::new(|| Finders {
    kind: Finder::new(KIND),
    data: Finder::new(DATA),
    base64: Finder::new(BASE64),
    escape: Finder::new(b"\\u"),
    hour: Finder::new(b"\"1h\""),
});

/// Bytes that are not ASCII, and the `\u` in the body. Counted in small blocks, which the compiler turns into vector
/// instructions.
fn count_wide_and_escapes(body: &[u8]) -> (u64, u64) {
    const BLOCK: usize = 128;
    let (mut wide, mut escapes) = (0, 0);
    let next = body.get(1..).unwrap_or_default();
    for (block, next) in body.chunks(BLOCK).zip(next.chunks(BLOCK)) {
        let in_block =
            block.iter().zip(next).fold(0_u8, |sum, (this, next)| sum + u8::from(*this == b'\\' && *next == b'u'));
        escapes += u64::from(in_block);
    }
    for block in body.chunks(BLOCK) {
        wide += u64::from(block.iter().fold(0_u8, |sum, byte| sum + (byte >> 7)));
    }
    (wide, escapes)
}

/// Whether the `\u` at `at` is an escape for 0x40 to 0x7f (letters and the underscore) and not an escaped backslash.
fn is_hidden_letter(body: &[u8], at: usize) -> bool {
    let backslashes = body.get(..at).unwrap_or_default().iter().rev().take_while(|byte| **byte == b'\\').count();
    backslashes % 2 == 0 && matches!(body.get(at + 2..at + 5), Some([b'0', b'0', b'4'..=b'7']))
}

/// Where the string stands, without its quotes, that is the value of the key which ends at `end`.
fn value_at(body: &[u8], end: usize) -> Option<Range<usize>> {
    let rest = body.get(end..)?;
    let colon = end + rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let rest = body.get(colon..)?.strip_prefix(b":")?;
    let quote = colon + 1 + rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let rest = body.get(quote..)?.strip_prefix(b"\"")?;
    Some(quote + 1..quote + 1 + memchr::memchr(b'"', rest)?)
}

/// The whole of the data URL whose `;base64,` stands at `at`, where it is the value of a member that holds media. In a
/// text it is text, and is paid as such.
fn data_url(body: &[u8], at: usize) -> Option<Range<usize>> {
    /// No type of media has a longer name.
    const TYPE_BYTES_MAX: usize = 128;
    let before = body.get(at.saturating_sub(TYPE_BYTES_MAX)..at)?;
    let start = at - before.len() + memchr::memrchr(b'"', before)? + 1;
    body.get(start..at)?.strip_prefix(b"data:")?;
    let key = body.get(..start - 1)?.trim_ascii_end().strip_suffix(b":")?.trim_ascii_end();
    let media = [&b"\"url\""[..], b"\"image_url\"", b"\"file_data\"", b"\"data\"", b"\"file_url\"", b"\"video_url\""];
    if !media.iter().any(|name| key.ends_with(name)) {
        return None;
    }
    Some(start..at + memchr::memchr(b'"', body.get(at..)?)?)
}

fn is_base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_' | b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(body: &str) -> InputWeight {
        InputWeight::of(body.as_bytes())
    }

    #[test]
    fn plain_text_is_about_four_bytes_a_token_and_at_most_one() {
        let body = r#"{"model":"m","messages":[{"role":"user","content":"The quick brown fox jumps"}]}"#;
        assert_eq!(of(body).estimate(), (body.len() as u64).div_ceil(4));
        assert_eq!(of(body).most(), Ok(body.len() as u64 + FRAME_TOKENS_MAX));
    }

    #[test]
    fn other_scripts_weigh_more_whether_escaped_or_not() {
        assert_eq!(of("東京").estimate(), 3);
        assert_eq!(of(r"\u6771\u4eac").estimate(), 2);
    }

    #[test]
    fn an_image_weighs_the_same_inline_and_by_reference() {
        let image = |url: &str| format!(r#"[{{"type" : "image_url","image_url":{{"url": "{url}","detail":"low"}}}}]"#);
        let frame = of(&image("")).text_bytes;
        let inline = of(&image(&format!("data:image/png;base64,{}", "A".repeat(100_000))));
        assert_eq!((inline.images, inline.text_bytes, inline.file_bytes), (1, frame, 0));
        assert_eq!(of(&image("https://a.test/x.png")).estimate(), inline.estimate() + 5);
        assert_eq!(inline.most(), Ok(frame + FRAME_TOKENS_MAX + IMAGE_TOKENS_MAX));
    }

    #[test]
    fn a_data_url_in_a_text_is_text() {
        let body = format!(r#"{{"type":"text","text":"data:image/png;base64,{}"}}"#, "A".repeat(5000));
        assert_eq!(of(&body).text_bytes, body.len() as u64);
    }

    #[test]
    fn inline_audio_is_bounded_by_its_bytes_wherever_its_type_stands() {
        let data = "B".repeat(8000);
        for part in [
            format!(r#"{{"type":"input_audio","input_audio":{{"data":"{data}","format":"wav"}}}}"#),
            format!(r#"{{"input_audio":{{"data":"{data}","format":"wav"}},"type":"input_audio"}}"#),
        ] {
            assert_eq!((of(&part).audios, of(&part).audio_bytes), (1, 8000));
            assert_eq!(of(&part).most(), Ok(part.len() as u64 - 8000 + 1000 + FRAME_TOKENS_MAX));
        }
    }

    #[test]
    fn what_bytes_do_not_bound_is_named() {
        let most = |kind: &str| of(&format!(r#"{{"type":"{kind}"}}"#)).most();
        assert_eq!(most("file"), Err(Unbounded::File));
        assert_eq!(most("video_url"), Err(Unbounded::Video));
        assert_eq!(most("audio_url"), Err(Unbounded::Audio));
        assert!(of(r#"{"type":"file","file":{"file_id":"f"}}"#).estimate() > REFERENCE_TOKENS);
    }

    #[test]
    fn googles_parts_say_their_kind_by_a_media_type() {
        let of = |part: &str| InputWeight::of_contents(format!(r#"{{"contents":[{{"parts":[{part}]}}]}}"#).as_bytes());
        let inline = |kind: &str| format!(r#"{{"inlineData":{{"mimeType":"{kind}","data":"{}"}}}}"#, "A".repeat(8000));
        let image = of(&inline("image/png"));
        assert_eq!((image.images, image.file_bytes, image.text_bytes < 100), (1, 0, true));
        assert_eq!(of(&inline("audio/mp3")).audio_bytes, 8000);
        assert_eq!(of(&inline("video/mp4")).most(), Err(Unbounded::Video));
        assert_eq!(of(&inline("application/pdf")).most(), Err(Unbounded::File));
        assert!(of(&inline("text/plain")).most().unwrap() > 8000);
        assert_eq!(of(r#"{"file_data":{"file_uri":"https://youtu.be/x"}}"#).most(), Err(Unbounded::File));
        assert!(of(r#"{"text":"Hi"}"#).most().is_ok());
    }

    #[test]
    fn a_part_cannot_hide_its_kind_behind_escapes() {
        assert_eq!(of(r#"{"typ\u0065":"image_url"}"#).most(), Err(Unbounded::Hidden));
        assert!(of(r#"{"content":"a \u003c b \u00e9, C:\\u0065"}"#).most().is_ok());
    }

    #[test]
    fn a_schema_that_speaks_of_images_holds_none() {
        let schema = r#"{"properties":{"image_url":{"type":"string"},"type":{"enum":["type","image"]}}}"#;
        assert_eq!((of(schema).images, of(schema).most().is_ok()), (0, true));
    }

    proptest! {
        #[test]
        fn hostile_bytes_are_weighed_without_a_fault(body in prop::collection::vec(
            prop_oneof![Just("\"type\"".to_owned()), Just("\"data\"".into()), Just(";base64,".into()), Just(":".into()),
                Just("\"".into()), Just("data:".into()), Just("\"url\":\"data:image/png".into()), Just("A".repeat(300)),
                ".{0,3}"], 0..30)
        ) {
            let body = body.concat();
            let weight = of(&body);
            prop_assert!(weight.text_bytes <= body.len() as u64);
            weight.estimate();
        }
    }
}
