//! Parameters and answers that several operations have in common.

use crate::flow::admin::body::{Field, Kind};

/// Which page, and in which order.
pub(super) const SORTED_PAGE: &[Field] = &[
    ("page", Kind::Integer),
    ("page_size", Kind::Integer),
    ("sort_by", Kind::Text),
    ("sort_order", Kind::OneOf(&["asc", "desc"])),
];

/// What a page of a list tells besides.
pub(super) const PAGES: [Field; 4] =
    [("total", Kind::Integer), ("page", Kind::Integer), ("page_size", Kind::Integer), ("total_pages", Kind::Integer)];

/// A sentence.
pub(super) const MESSAGE: &[Field] = &[("message", Kind::Text)];

/// A sentence, and how it went.
pub(super) const STATUS: &[Field] = &[("message", Kind::Text), ("status", Kind::Text)];
