//! What a wrapping key is called, in values and to operators.

use std::fmt;

/// What keeps a wrapping key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum System {
    /// AWS KMS: the key never leaves it.
    Kms,
    /// A file on this machine.
    File,
}

/// A wrapping key's name: it stands in every value that hangs on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyName {
    /// What keeps it.
    pub system: System,
    /// Its name there: letters, digits, `/`, `-`, `_` and `.`.
    pub id: String,
    /// Its version, counted by the operator. A new one makes maintenance seal everything anew.
    pub version: u32,
}

impl System {
    /// As values name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kms => "kms",
            Self::File => "file",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Kms, Self::File].into_iter().find(|system| system.name() == name)
    }
}

impl KeyName {
    pub(super) fn where_to_name_it(&self) -> &'static str {
        match self.system {
            System::Kms => "name it in POSTERN_KMS_KEY or POSTERN_OLD_KMS_KEYS",
            System::File => "put its line back into the file that POSTERN_KEY_FILE names",
        }
    }

    pub(super) fn what_it_needs(&self) -> &'static str {
        match self.system {
            System::Kms => "the role needs `kms:GenerateDataKey` and `kms:Decrypt` on it, and the key must be enabled",
            System::File => "the process must be able to read the file",
        }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}:{}` version {}", self.system.name(), self.id, self.version)
    }
}

/// Whether a key's id may stand in a value.
pub(super) fn is_key_id(id: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
    (1..=200).contains(&id.len()) && id.bytes().all(fits)
}
