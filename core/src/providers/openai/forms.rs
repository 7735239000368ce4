//! The upstream request of an operation whose body is a form: the client's fields in their order, files as they came,
//! with the model's own name and the deployment's additions.

use super::address::endpoint;
use super::request::{model_name, post};
use crate::api::form::{Field, Form, field_text};
use crate::api::members::Members;
use crate::providers::outgoing::{self, member};
use crate::providers::parameters::admit::admit;
use crate::providers::provider::{Call, TransformError};
use crate::providers::target::Target;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request};
use memchr::memmem;

/// How a boundary begins. Numbers are tried behind it until no field holds it.
const BOUNDARY: &str = "postern-form-boundary-";

/// Builds the upstream request.
pub(super) fn build(mut call: Call<'_, '_>, form: &Form, target: &Target) -> Result<Request<Bytes>, TransformError> {
    let extra_body = call.members.take("extra_body");
    call.members.take("extra_headers");
    outgoing::fill_in(call.members, target)?;
    admit(&mut call, &target.profile, &target.model)?;
    let Call { operation, members, .. } = call;
    members.set("model", member(&model_name(operation, target), "model")?);
    outgoing::add_extra_body(members, target, extra_body)?;
    let boundary = boundary(form, members);
    let content_type = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"));
    let content_type = content_type.map_err(|error| TransformError::Unsayable { reason: error.to_string() })?;
    let mut request = post(&endpoint(target, operation.path()), write(form, members, &boundary), target)?;
    request.headers_mut().insert(CONTENT_TYPE, content_type);
    Ok(request)
}

/// A boundary that no content holds.
fn boundary(form: &Form, members: &Members<'_>) -> String {
    let holds = |boundary: &str| {
        let held = |content: &[u8]| memmem::find(content, boundary.as_bytes()).is_some();
        form.fields().iter().any(|field| held(&field.content))
            || members.iter().any(|(_, value)| held(value.get().as_bytes()))
    };
    // A form is finite, so that one of the numbers is free.
    let free = (0_u64..).map(|number| format!("{BOUNDARY}{number}")).find(|boundary| !holds(boundary));
    free.unwrap_or_else(|| BOUNDARY.to_owned())
}

/// Files and lists are written as they came, texts as the members say; members that the form does not have follow.
fn write(form: &Form, members: &Members<'_>, boundary: &str) -> Vec<u8> {
    let bytes = form.fields().iter().map(|field| field.content.len() + 256).sum::<usize>();
    let mut body = Vec::with_capacity(bytes + 1024);
    for field in form.fields() {
        let others = form.fields().iter().filter(|other| other.name == field.name).count();
        match (&field.file_name, members.get(&field.name)) {
            (Some(_), _) => part(&mut body, boundary, field, &field.content),
            (None, Some(_)) if others > 1 => part(&mut body, boundary, field, &field.content),
            (None, Some(value)) => part(&mut body, boundary, field, field_text(value).as_bytes()),
            // It was ours, or is dropped.
            (None, None) => {}
        }
    }
    for (name, value) in members.iter().filter(|(name, _)| form.fields().iter().all(|field| field.name != *name)) {
        let field = Field { name: name.to_owned(), file_name: None, content_type: None, content: Bytes::new() };
        part(&mut body, boundary, &field, field_text(value).as_bytes());
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    body
}

fn part(body: &mut Vec<u8>, boundary: &str, field: &Field, content: &[u8]) {
    let mut head = format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{}\"", quoted(&field.name));
    if let Some(file_name) = &field.file_name {
        head.push_str(&format!("; filename=\"{}\"", quoted(file_name)));
    }
    if let Some(kind) = media_type(field) {
        head.push_str(&format!("\r\ncontent-type: {kind}"));
    }
    head.push_str("\r\n\r\n");
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n");
}

/// A name within quotes: <https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data>
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// The type of a file: what its name says where a name says one type of sound, as OpenAI's clients send it, else what
/// the client says.
fn media_type(field: &Field) -> Option<&str> {
    let extension = field.file_name.as_deref().and_then(|name| name.rsplit_once('.')).map(|(_, end)| end);
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("wav") => Some("audio/x-wav"),
        Some("mp3" | "mpga") => Some("audio/mpeg"),
        Some("flac") => Some("audio/flac"),
        Some("ogg" | "oga") => Some("audio/ogg"),
        _ => field.content_type.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::operation::Operation;
    use crate::providers::resolve::target_of;
    use serde_json::json;

    fn field(name: &str, content: &str) -> String {
        format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
    }

    fn sent(fields: &[String], params: DeploymentParams) -> String {
        let body = format!("{}--b--\r\n", fields.concat());
        let form = Form::parse("multipart/form-data; boundary=b", body.into()).unwrap();
        let json = form.to_json().unwrap();
        let mut members = Members::parse(&json).unwrap();
        let params = DeploymentParams {
            model: "openai/whisper-1".to_owned(),
            api_base: Some("http://u/v1".to_owned()),
            ..params
        };
        let target = target_of(&params, &Environment::default()).unwrap();
        let (policy, dropped) = (&target.policy, &mut Vec::new());
        let call = Call { operation: Operation::Transcription, members: &mut members, stream: false, policy, dropped };
        let request = build(call, &form, &target).unwrap();
        assert_eq!(request.uri(), "http://u/v1/audio/transcriptions");
        String::from_utf8(request.body().to_vec()).unwrap().replace("postern-form-boundary-0", "b")
    }

    fn file(name: &str, kind: &str) -> String {
        let disposition = format!("content-disposition: form-data; name=\"file\"; filename=\"{name}\"");
        format!("--b\r\n{disposition}\r\ncontent-type: {kind}\r\n\r\nsound\r\n")
    }

    #[test]
    fn fields_go_out_in_their_order_with_the_models_own_name() {
        let fields = [file("a b.webm", "audio/webm"), field("model", "mine"), field("temperature", "0.20")];
        let wanted = [file("a b.webm", "audio/webm"), field("model", "whisper-1"), field("temperature", "0.20")];
        assert_eq!(sent(&fields, DeploymentParams::default()), format!("{}--b--\r\n", wanted.concat()));
    }

    #[test]
    fn lists_stay_lists_and_the_deployments_members_follow() {
        let list = [field("timestamp_granularities[]", "word"), field("timestamp_granularities[]", "segment")];
        let mut params = DeploymentParams::default();
        params.rest.insert("language".into(), json!("en"));
        let wanted = [list.to_vec(), vec![field("language", "en"), field("model", "whisper-1")]].concat().concat();
        assert_eq!(sent(&list, params), format!("{wanted}--b--\r\n"));
    }

    #[test]
    fn the_name_of_a_file_says_its_type_and_cannot_end_its_own_quotes() {
        let sent = sent(
            &[file("a\u{22}b.WAV".replace('"', "%22").as_str(), "application/octet-stream")],
            DeploymentParams::default(),
        );
        assert!(sent.contains("filename=\"a%22b.WAV\"\r\ncontent-type: audio/x-wav\r\n"), "{sent}");
        assert_eq!(quoted("a\"\r\nb"), "a%22%0D%0Ab");
    }

    #[test]
    fn no_content_holds_the_boundary() {
        let form = Form::parse(
            "multipart/form-data; boundary=b",
            format!("{}--b--\r\n", field("prompt", "postern-form-boundary-0")).into(),
        );
        assert_eq!(boundary(&form.unwrap(), &Members::default()), "postern-form-boundary-1");
    }
}
