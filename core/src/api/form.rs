//! A form with files (`multipart/form-data`), as clients send images and recordings: its fields in order, each as the
//! bytes that came. Pure; everything is in memory already, within the bound of a request's body.

use bytes::Bytes;
use futures_util::{FutureExt, stream};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::convert::Infallible;

/// Most fields of a form. The largest known request has some forty: sixteen images and all parameters.
const FIELDS_MAX: usize = 256;

/// Fields that say something to us and are JSON, where they can be read as such. All others are texts.
const JSON: [&str; 13] = [
    "stream",
    "n",
    "speed",
    "timeout",
    "drop_params",
    "modify_params",
    "additional_drop_params",
    "allowed_openai_params",
    "metadata",
    "litellm_metadata",
    "tags",
    "extra_body",
    "extra_headers",
];

/// The fields of a form.
#[derive(Clone, Debug, Default)]
pub struct Form {
    fields: Vec<Field>,
}

/// One field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name; lists end in `[]`.
    pub name: String,
    /// The file's name, where it is a file.
    pub file_name: Option<String>,
    /// The type of its content, as the client says.
    pub content_type: Option<String>,
    /// Its content.
    pub content: Bytes,
}

/// Why a body is no form.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// Its type is another.
    #[error("The request's body must be a form: send `multipart/form-data` with a boundary.")]
    OtherType,
    /// It ends early, or is not written as its boundary says.
    #[error("The request's form cannot be read: {0}")]
    Broken(#[from] multer::Error),
    /// A field that is no file is not text.
    #[error("The request's field `{0}` is not UTF-8.")]
    NoText(String),
    /// It has too many fields.
    #[error("The request's form has more than {FIELDS_MAX} fields.")]
    TooLong,
}

impl Form {
    /// Reads a body by its `content-type`.
    ///
    /// # Errors
    /// [`FormError`] says what is wrong.
    pub fn parse(content_type: &str, body: Bytes) -> Result<Self, FormError> {
        let boundary = multer::parse_boundary(content_type).map_err(|_| FormError::OtherType)?;
        let body = stream::iter([Ok::<_, Infallible>(body)]);
        // All of the body is there, so that there is nothing to wait for.
        read(multer::Multipart::new(body, boundary)).now_or_never().unwrap_or(Err(FormError::OtherType))
    }

    /// The fields in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The files under a name, whether or not it is written as a list's.
    pub fn files<'s>(&'s self, name: &str) -> impl Iterator<Item = &'s Field> {
        self.fields.iter().filter(move |field| field.file_name.is_some() && field.bare_name() == name)
    }

    /// The fields that are no files, as a JSON object. Of fields with one name the last counts.
    ///
    /// # Errors
    /// [`FormError::NoText`].
    pub fn to_json(&self) -> Result<Vec<u8>, FormError> {
        let mut object = Map::new();
        for field in self.fields.iter().filter(|field| field.file_name.is_none()) {
            object.insert(field.name.clone(), field.value()?);
        }
        Ok(Value::Object(object).to_string().into_bytes())
    }
}

impl Field {
    /// Its text.
    ///
    /// # Errors
    /// [`FormError::NoText`].
    pub fn text(&self) -> Result<&str, FormError> {
        std::str::from_utf8(&self.content).map_err(|_| FormError::NoText(self.name.clone()))
    }

    fn bare_name(&self) -> &str {
        self.name.strip_suffix("[]").unwrap_or(&self.name)
    }

    fn value(&self) -> Result<Value, FormError> {
        let text = self.text()?;
        let json = JSON.contains(&self.bare_name()).then(|| serde_json::from_str(text).ok()).flatten();
        Ok(json.unwrap_or_else(|| Value::from(text)))
    }
}

/// A member's value as the text of a field.
pub fn field_text(value: &RawValue) -> String {
    serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| value.get().to_owned())
}

async fn read(mut body: multer::Multipart<'_>) -> Result<Form, FormError> {
    let mut form = Form::default();
    while let Some(field) = body.next_field().await? {
        if form.fields.len() == FIELDS_MAX {
            return Err(FormError::TooLong);
        }
        form.fields.push(Field {
            name: field.name().unwrap_or_default().to_owned(),
            file_name: field.file_name().map(str::to_owned),
            content_type: field.content_type().map(ToString::to_string),
            content: field.bytes().await?,
        });
    }
    Ok(form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TYPE: &str = "multipart/form-data; boundary=b";
    const BODY: &str = "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n\
        --b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\ncontent-type: audio/wav\r\n\r\nRIFF\r\n\
        --b\r\ncontent-disposition: form-data; name=\"stream\"\r\n\r\ntrue\r\n\
        --b\r\ncontent-disposition: form-data; name=\"prompt\"\r\n\r\n5\r\n--b--\r\n";

    fn parse(body: &str) -> Result<Form, FormError> {
        Form::parse(TYPE, Bytes::copy_from_slice(body.as_bytes()))
    }

    #[test]
    fn fields_keep_their_order_their_file_names_and_their_types() {
        let form = parse(BODY).unwrap();
        let names: Vec<_> = form.fields().iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["model", "file", "stream", "prompt"]);
        let file = form.files("file").next().unwrap();
        assert_eq!((file.file_name.as_deref(), file.content_type.as_deref()), (Some("a.wav"), Some("audio/wav")));
        assert_eq!(&file.content[..], b"RIFF");
    }

    #[test]
    fn texts_stay_texts_and_what_speaks_to_us_is_read() {
        let json = parse(BODY).unwrap().to_json().unwrap();
        assert_eq!(json, br#"{"model":"whisper-1","stream":true,"prompt":"5"}"#);
    }

    #[test]
    fn a_body_that_is_no_form_says_so() {
        let other = Form::parse("application/json", Bytes::from_static(b"{}"));
        assert!(matches!(other, Err(FormError::OtherType)));
        assert!(matches!(parse(&BODY[..BODY.len() - 20]), Err(FormError::Broken(_))));
        assert!(matches!(parse(""), Err(FormError::Broken(_))));
    }

    #[test]
    fn a_form_of_countless_fields_is_refused() {
        let field = "--b\r\ncontent-disposition: form-data; name=\"x\"\r\n\r\n1\r\n";
        let body = format!("{}--b--\r\n", field.repeat(FIELDS_MAX + 1));
        assert!(matches!(parse(&body), Err(FormError::TooLong)));
    }

    proptest! {
        #[test]
        fn hostile_bytes_are_read_without_a_fault(pieces in prop::collection::vec(
            prop_oneof![Just("--b".to_owned()), Just("\r\n".into()), Just("--".into()),
                Just("content-disposition: form-data; name=\"a\"".into()), ".{0,4}"], 0..30)
        ) {
            let _ = parse(&pieces.concat()).map(|form| form.to_json());
        }
    }
}
