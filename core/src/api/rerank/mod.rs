//! Reranking in Cohere's dialect, the one that clients speak: a query and documents, and how well each document answers
//! the query.
//!
//! [`request`] is what is asked, [`answer`] what is answered, for providers that say it in another way.

pub mod answer;
pub mod request;
