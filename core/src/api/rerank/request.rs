//! What a rerank asks: read once from the body's members.

use crate::api::chat::invalid::{InvalidMember, elements, read};
use crate::api::chat::text::Text;
use crate::api::members::Members;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A rerank request. Members that are `null` count as absent.
#[derive(Debug)]
pub struct RerankRequest<'a> {
    /// What is looked for.
    pub query: Text<'a>,
    /// Where it is looked for, in the client's order; the place is the index that answers speak of.
    pub documents: Vec<Document<'a>>,
    /// The most results that are wanted.
    pub top_n: Option<u64>,
    /// Whether results hold their documents; `None`: the client does not say.
    pub return_documents: Option<bool>,
    /// Every other member but the model, in order.
    pub rest: Vec<(&'a str, &'a RawValue)>,
}

/// A document: a text, or an object of fields.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// The document as the client wrote it.
    pub whole: &'a RawValue,
}

impl<'a> RerankRequest<'a> {
    /// Reads a request.
    ///
    /// # Errors
    /// [`InvalidMember`] names the member that is missing or cannot be read.
    pub fn read(members: &'a Members<'_>) -> Result<Self, InvalidMember> {
        let present = |name: &str| members.get(name).filter(|value| value.get() != "null");
        let plain = |name: &'static str| present(name).map(|value| (value, name));
        let query = present("query").ok_or_else(|| InvalidMember::whole("query", "it is missing"))?;
        let documents = present("documents").ok_or_else(|| InvalidMember::whole("documents", "it is missing"))?;
        let documents = elements(documents, "documents", "documents")?;
        let known = ["model", "query", "documents", "top_n", "return_documents"];
        Ok(Self {
            query: read(query, "query", || "query".to_owned())?,
            documents: documents.into_iter().map(|whole| Document { whole }).collect(),
            top_n: plain("top_n").map(|(value, name)| read(value, name, || name.to_owned())).transpose()?,
            return_documents: plain("return_documents")
                .map(|(value, name)| read(value, name, || name.to_owned()))
                .transpose()?,
            rest: members.iter().filter(|(name, value)| value.get() != "null" && !known.contains(name)).collect(),
        })
    }
}

impl<'a> Document<'a> {
    /// Its text: all of it, or its field `text`. `None` for an object that has none.
    pub fn text(self) -> Option<Text<'a>> {
        #[derive(Deserialize)]
        struct Fields<'a> {
            #[serde(borrow, default)]
            text: Option<Text<'a>>,
        }
        if self.whole.get().starts_with('"') {
            return serde_json::from_str(self.whole.get()).ok();
        }
        serde_json::from_str::<Fields<'a>>(self.whole.get()).ok()?.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(body: &str) -> String {
        RerankRequest::read(&Members::parse(body.as_bytes()).unwrap()).unwrap_err().to_string()
    }

    #[test]
    fn documents_are_texts_or_fields() {
        let body = r#"{"model":"m","query":"q","documents":["a",{"text":"b","x":1},{"x":1}],"top_n":null,"frob":1}"#;
        let members = Members::parse(body.as_bytes()).unwrap();
        let request = RerankRequest::read(&members).unwrap();
        let texts: Vec<_> = request.documents.iter().map(|document| document.text().map(|text| text.0)).collect();
        assert_eq!(texts, [Some("a".into()), Some("b".into()), None]);
        assert_eq!((request.top_n, request.rest.len()), (None, 1));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        assert_eq!(fault(r#"{"query":"q"}"#), "'documents' cannot be used: it is missing");
        assert_eq!(fault(r#"{"query":"q","documents":"a"}"#), "'documents' cannot be used: it must be a list");
        assert!(fault(r#"{"query":1,"documents":[]}"#).starts_with("'query' cannot be used"));
    }
}
