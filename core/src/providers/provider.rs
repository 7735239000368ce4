//! The seam between one dialect and the rest: request → upstream request. Pure and synchronous.
