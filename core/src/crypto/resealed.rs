//! What came of sealing stored values anew, or of counting those that it would be done with, a page at a time. Knows
//! only how a value can fail to open.

use super::error::SealError;

/// What is done with an entry that is sealed otherwise than it would be now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// It is counted, and nothing is written.
    Count,
    /// It is sealed anew.
    Seal,
}

/// How a value stands that opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It is sealed as it would be now.
    Current,
    /// It is sealed otherwise, and stays so.
    Old,
    /// It was sealed otherwise; this is to stand in its place.
    Anew(String),
}

/// What a page of work came to, in entries: a credential with all of its values is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Entries looked at.
    pub examined: u64,
    /// Entries that are sealed otherwise than they would be now, and were only counted.
    pub old: u64,
    /// Entries sealed anew.
    pub done: u64,
    /// Entries that hold something that is not sealed at all.
    pub plain: u64,
    /// Entries that none of the keys of now opens; the log says why.
    pub closed: u64,
    /// Entries that were not opened, sealed or stored for another reason, such as a key service that does not answer;
    /// the log says why.
    pub failed: u64,
    /// The last that was looked at; `None`: there are no more.
    pub next: Option<String>,
}

impl Resealed {
    /// Entries left alone that should have been sealed anew.
    pub fn passed_over(&self) -> u64 {
        self.plain + self.closed + self.failed
    }

    /// Counts an entry that could not be opened or sealed.
    pub fn refuse(&mut self, error: &SealError) {
        match error {
            SealError::NotSealed(_) => self.plain += 1,
            SealError::NoKey | SealError::Unavailable { .. } | SealError::NoEntropy(_) => self.failed += 1,
            SealError::WrongKey(_)
            | SealError::UnknownKey { .. }
            | SealError::Tampered(_)
            | SealError::Denied { .. }
            | SealError::KeyFile(_) => self.closed += 1,
        }
    }

    /// Adds what another page came to; where to go on is the other's.
    pub fn add(&mut self, page: Self) {
        self.examined += page.examined;
        self.old += page.old;
        self.done += page.done;
        self.plain += page.plain;
        self.closed += page.closed;
        self.failed += page.failed;
        self.next = page.next;
    }
}
