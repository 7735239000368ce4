//! Parameters and answers that several operations have in common.

use crate::flow::admin::body::{Field, Kind};

/// Which page, the first being 1.
pub(super) const PAGE: Field = ("page", Kind::Integer);

/// How much a page has.
pub(super) const PAGE_SIZE: Field = ("page_size", Kind::Integer);

/// How many there are on all pages.
pub(super) const TOTAL: Field = ("total", Kind::Integer);

/// How many pages there are.
pub(super) const TOTAL_PAGES: Field = ("total_pages", Kind::Integer);

/// Which way a list goes.
pub(super) const SORT_ORDER: Field = ("sort_order", Kind::OneOf(&["asc", "desc"]));

/// Which page, and in which order.
pub(super) const SORTED_PAGE: &[Field] = &[PAGE, PAGE_SIZE, ("sort_by", Kind::Text), SORT_ORDER];

/// A sentence.
pub(super) const MESSAGE: &[Field] = &[("message", Kind::Text)];

/// A sentence, and how it went.
pub(super) const STATUS: &[Field] = &[("message", Kind::Text), ("status", Kind::Text)];
