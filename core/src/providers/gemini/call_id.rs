//! The id of a tool call. A model of the third generation wants the signature of the thoughts behind a call back with it,
//! and clients of the OpenAI dialect keep nothing of a call but its id, name and arguments: so the signature travels in the
//! id, as LiteLLM writes it.

use crate::id::RequestId;
use std::fmt::Write;

const SIGNED: &str = "__thought__";
/// Digits of the answer's own id that a call's id is made of.
const DIGITS: usize = 26;

/// The id for the client: the model's own, else one made of the answer's id and the call's place in it.
pub(super) fn id_for(own: Option<&str>, answer: RequestId, place: u32, signature: Option<&str>) -> String {
    let mut id = String::new();
    match own.filter(|own| !own.is_empty()) {
        Some(own) => id.push_str(own),
        None => {
            id.push_str("call_");
            id.extend(answer.to_string().chars().filter(|character| *character != '-').take(DIGITS));
            // Writing to a text cannot fail.
            let _ = write!(id, "{:02x}", place % 256);
        }
    }
    if let Some(signature) = signature {
        id.push_str(SIGNED);
        id.push_str(signature);
    }
    id
}

/// The model's id and the signature, of an id that a client sends back.
pub(super) fn parts_of(id: &str) -> (&str, Option<&str>) {
    id.split_once(SIGNED).map_or((id, None), |(id, signature)| (id, Some(signature)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn a_signature_comes_back_with_its_call() {
        let answer = RequestId::at(Timestamp::from_seconds(1), &[7; 10]);
        let id = id_for(Some("fc_1"), answer, 0, Some("c2ln"));
        assert_eq!((id.as_str(), parts_of(&id)), ("fc_1__thought__c2ln", ("fc_1", Some("c2ln"))));
        let (one, other) = (id_for(None, answer, 0, None), id_for(None, answer, 1, None));
        assert_ne!(one, other);
        assert_eq!((one.len(), parts_of(&one)), (33, (one.as_str(), None)));
    }
}
