//! An error and what it comes from, in one line. Knows no error of this crate.

use std::error::Error;
use std::fmt::Write;

/// The error with all its causes, outermost first; for logs, reports and start-up messages, where an error's own
/// `Display` often says only what failed.
pub fn error_text(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in causes(error).skip(1) {
        let _ = write!(text, ": {cause}");
    }
    text
}

/// The error, and each cause below it.
pub fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("it failed")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("there was no room")]
    struct Inner;

    #[test]
    fn an_error_is_told_with_its_causes() {
        assert_eq!(error_text(&Outer(Inner)), "it failed: there was no room");
        assert_eq!(error_text(&Inner), "there was no room");
    }
}
