//! Text that must not be seen: keys and tokens. It cannot be printed, logged or serialised, and is wiped when dropped.

use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use zeroize::Zeroize;

/// A secret text. `Debug` shows `[REDACTED]`; there is no `Display` and no `Serialize`.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the text over. Of a text that was given away no copy stays behind.
    pub fn new(text: impl Into<String>) -> Self {
        let mut text = text.into();
        // Giving back room that is left over would move the text and leave the old place as it was.
        let exact: Box<str> =
            if text.capacity() == text.len() { std::mem::take(&mut text).into() } else { (*text).into() };
        text.zeroize();
        Self(SecretString::from(exact))
    }

    /// The text itself. Call this only where the secret leaves for the place it is meant for.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Does not compile where the type has the trait: how a secret type is held to what it must never be able to do.
#[cfg(test)]
macro_rules! assert_not_impl {
    ($type:ty: $trait:path) => {
        const _: fn() = || {
            trait AmbiguousIfImplemented<A> {
                fn here() {}
            }
            impl<T: ?Sized> AmbiguousIfImplemented<()> for T {}
            #[allow(dead_code)]
            struct Implemented;
            impl<T: ?Sized + $trait> AmbiguousIfImplemented<Implemented> for T {}
            let _ = <$type as AmbiguousIfImplemented<_>>::here;
        };
    };
}

#[cfg(test)]
pub(crate) use assert_not_impl;

#[cfg(test)]
mod tests {
    use super::*;

    // A line here that does not compile is a way out for secrets.
    assert_not_impl!(Secret: fmt::Display);
    assert_not_impl!(Secret: serde::Serialize);
    assert_not_impl!(Secret: Into<String>);
    assert_not_impl!(Secret: AsRef<str>);
    assert_not_impl!(Secret: std::ops::Deref);
    assert_not_impl!(Secret: PartialEq);

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_eq!(format!("{:?}", Secret::new("sk-1234")), "[REDACTED]");
    }
}
