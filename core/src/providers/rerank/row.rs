//! How each provider reranks. Data only.

/// How one provider reranks.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) provider: &'static str,
    pub(super) dialect: Dialect,
    pub(super) address: Address,
    /// The name of the most results that are wanted.
    pub(super) top_n: &'static str,
    /// Members that are not known there and change little: they are left out and reported.
    pub(super) left_out: &'static [&'static str],
    /// Members that are not known there and mean something: they are refused by name, unless they may be dropped.
    pub(super) refused: &'static [&'static str],
    pub(super) tokens: TokensTold,
}

/// In which words a request is said, and an answer read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Cohere,
    DeepInfra,
    Nvidia,
}

/// Where a reranker is called.
#[derive(Clone, Copy, Debug)]
pub(super) enum Address {
    /// At a path below the base.
    Below(&'static str),
    /// At a path of the base's host: the base is that of another API of theirs. LiteLLM reads it so.
    OfHost(&'static str),
    /// Below the base, in the version that the base names or the request needs.
    Versions,
}

/// Which counts of tokens answers tell beside what was billed, as LiteLLM's clients see them.
#[derive(Clone, Copy, Debug)]
pub(super) enum TokensTold {
    Absent,
    None,
    Input,
    Both,
}

/// The row of a provider, where it has one.
pub(super) fn row(provider: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.provider == provider)
}

/// Cohere's dialect at `/rerank`.
pub(super) static PLAIN: Row = Row {
    provider: "",
    dialect: Dialect::Cohere,
    address: Address::Below("/rerank"),
    top_n: "top_n",
    left_out: &[],
    refused: &[],
    tokens: TokensTold::Both,
};

static ROWS: &[Row] = &[
    Row { provider: "cohere", address: Address::Versions, ..PLAIN },
    Row { provider: "cohere_chat", address: Address::Versions, ..PLAIN },
    Row { provider: "azure_ai", address: Address::Below("/v1/rerank"), left_out: &["max_tokens_per_doc"], ..PLAIN },
    Row {
        provider: "jina_ai",
        address: Address::OfHost("/v1/rerank"),
        left_out: &["max_chunks_per_doc", "max_tokens_per_doc", "rank_fields"],
        tokens: TokensTold::None,
        ..PLAIN
    },
    Row {
        provider: "voyage",
        top_n: "top_k",
        left_out: &["max_chunks_per_doc", "max_tokens_per_doc", "rank_fields"],
        ..PLAIN
    },
    Row {
        provider: "together_ai",
        left_out: &["max_tokens_per_doc"],
        refused: &["max_chunks_per_doc"],
        tokens: TokensTold::None,
        ..PLAIN
    },
    Row {
        provider: "hosted_vllm",
        left_out: &["max_tokens_per_doc"],
        refused: &["max_chunks_per_doc"],
        tokens: TokensTold::Input,
        ..PLAIN
    },
    Row { provider: "infinity", left_out: &["max_tokens_per_doc"], ..PLAIN },
    Row {
        provider: "deepinfra",
        dialect: Dialect::DeepInfra,
        left_out: &["max_chunks_per_doc", "max_tokens_per_doc", "rank_fields"],
        ..PLAIN
    },
    Row {
        provider: "nvidia_nim",
        dialect: Dialect::Nvidia,
        top_n: "top_k",
        left_out: &["max_chunks_per_doc", "max_tokens_per_doc", "rank_fields"],
        tokens: TokensTold::Absent,
        ..PLAIN
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::catalog;

    #[test]
    fn every_row_is_a_providers() {
        for row in ROWS {
            assert!(catalog::find(row.provider).is_some(), "{}", row.provider);
        }
    }
}
