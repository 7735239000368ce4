//! Responses that the upstream keeps: read, deleted, cancelled, and what was asked for them.

use super::answer;
use super::renamed::Naming;
use crate::api::members::{Members, raw};
use crate::providers::openai::address;
use crate::providers::openai::post;
use crate::providers::provider::TransformError;
use crate::providers::target::Target;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request};

/// What is asked about a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptOperation {
    /// The response itself.
    Read,
    /// That it is kept no longer.
    Delete,
    /// What it was an answer to.
    InputItems,
    /// That one which is made in the background is given up.
    Cancel,
}

/// Parameters of the address that pass.
const PARAMETERS: [&str; 6] = ["after", "before", "include", "include[]", "limit", "order"];

impl KeptOperation {
    fn method(self) -> Method {
        match self {
            Self::Read | Self::InputItems => Method::GET,
            Self::Delete => Method::DELETE,
            Self::Cancel => Method::POST,
        }
    }

    fn below(self) -> &'static str {
        match self {
            Self::Read | Self::Delete => "",
            Self::InputItems => "/input_items",
            Self::Cancel => "/cancel",
        }
    }

    /// The upstream request about a response. `id` is the upstream's own, `query` what the client's address says.
    ///
    /// # Errors
    /// [`TransformError`]: the deployment's address is not valid, or a parameter asks for what is not answered here.
    pub fn request(self, target: &Target, id: &str, query: Option<&str>) -> Result<Request<Bytes>, TransformError> {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let mut passed = form_urlencoded::Serializer::new(String::new());
        for (name, value) in pairs {
            if name == "stream" && value == "true" {
                let reason = "A kept response is answered as a whole. Leave 'stream' out.".to_owned();
                return Err(TransformError::Member { member: "stream", reason });
            }
            if PARAMETERS.contains(&&*name) {
                passed.append_pair(&name, &value);
            }
        }
        let mut address = address::responses(target, &format!("/{id}{}", self.below()));
        let passed = passed.finish();
        if !passed.is_empty() {
            address.push(if address.contains('?') { '&' } else { '?' });
            address.push_str(&passed);
        }
        let mut request = post(&address, Vec::new(), target)?;
        *request.method_mut() = self.method();
        request.headers_mut().remove(CONTENT_TYPE);
        Ok(request)
    }

    /// The answer with the names that the client knows. What is no object passes as it is.
    pub fn told(self, naming: &Naming, name: &str, body: Bytes) -> Bytes {
        let told = match self {
            Self::InputItems => None,
            Self::Read | Self::Cancel => answer::of_kept(naming, &body),
            Self::Delete => deleted(name, &body),
        };
        told.unwrap_or(body)
    }
}

/// What tells that a response is deleted, with the name that the client knows.
fn deleted(name: &str, body: &[u8]) -> Option<Bytes> {
    let mut answer = Members::parse(body).ok()?;
    answer.replace("id", raw(&name).ok()?);
    Some(answer.to_json().into())
}

/// Which names the client knows.
pub fn naming(deployment: &str, model: &str) -> Naming {
    Naming { deployment: deployment.to_owned(), model: model.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::resolve::target_of;

    fn target() -> Target {
        let (model, api_base) = ("openai/m".to_owned(), Some("http://u/v1".to_owned()));
        target_of(&DeploymentParams { model, api_base, ..DeploymentParams::default() }, &Environment::default())
            .unwrap()
    }

    #[test]
    fn each_question_has_its_method_and_address() {
        let asked = |operation: KeptOperation, query| {
            let request = operation.request(&target(), "r1", query).unwrap();
            format!("{} {}", request.method(), request.uri())
        };
        assert_eq!(asked(KeptOperation::Read, None), "GET http://u/v1/responses/r1");
        assert_eq!(asked(KeptOperation::Delete, None), "DELETE http://u/v1/responses/r1");
        assert_eq!(asked(KeptOperation::Cancel, None), "POST http://u/v1/responses/r1/cancel");
        let items = asked(KeptOperation::InputItems, Some("limit=2&frob=1&order=asc"));
        assert_eq!(items, "GET http://u/v1/responses/r1/input_items?limit=2&order=asc");
        assert!(KeptOperation::Read.request(&target(), "r1", Some("stream=true")).is_err());
    }

    #[test]
    fn answers_have_the_names_that_the_client_knows() {
        let naming = naming("d", "mine");
        let told = |operation: KeptOperation, body: &'static str| {
            let told = operation.told(&naming, "resp_x", Bytes::from_static(body.as_bytes()));
            serde_json::from_slice::<serde_json::Value>(&told).unwrap()
        };
        let read = told(KeptOperation::Read, r#"{"id":"r1","model":"m","output":[]}"#);
        assert_eq!(read["id"], crate::api::responses::id::ResponseId::name("d", "mine", "r1"));
        assert_eq!(read["model"], "mine");
        assert_eq!(told(KeptOperation::Delete, r#"{"id":"r1","deleted":true}"#)["id"], "resp_x");
        assert_eq!(told(KeptOperation::InputItems, r#"{"first_id":"m1"}"#)["first_id"], "m1");
    }
}
