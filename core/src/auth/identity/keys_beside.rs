//! Virtual keys, where somebody is asked about tokens.

/// What is made of what has the form of a virtual key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysBeside {
    /// It is one: nobody is asked about it.
    Apart,
    /// It is asked about where it is none.
    First,
    /// It is asked about: virtual keys do not count.
    Ignored,
}
