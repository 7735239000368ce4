//! Logins of command lines that are done: who signed in, until the command line fetches its key, once.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `SSO_LOGIN#<hash of the id>` | `LOGIN` | `user`; `taken`: 1 once the key was fetched. Ends with the login |

use super::command_line::Login;
use crate::store::item::{Item, Key};
use crate::store::table::{Freshness, ReadError, Table, WriteError};
use crate::store::write::{Change, Condition, Write};
use std::sync::Arc;

/// The logins that are done.
#[derive(Clone)]
pub struct DoneLogins {
    table: Arc<dyn Table>,
}

/// How a login stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has signed in yet.
    Pending,
    /// This user has.
    Done(String),
    /// Its key was fetched.
    Taken,
}

/// Why a login was not noted.
#[derive(Debug, thiserror::Error)]
pub enum LoginStoreError {
    /// It is done, or its key was fetched, already.
    #[error("this login is done already")]
    Done,
    /// The table could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The table could not be written.
    #[error(transparent)]
    Write(WriteError),
}

impl DoneLogins {
    /// Those of this table.
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table }
    }

    /// Notes that this user has signed in.
    ///
    /// # Errors
    /// [`LoginStoreError::Done`].
    pub async fn note(&self, login: &Login, user: &str) -> Result<(), LoginStoreError> {
        let item = Item::new(place(login)).with("user", user).with("taken", 0).expiring(login.ends);
        let put = Write::Put { item, when: vec![Condition::Absent] };
        self.table.write(put).await.map(drop).map_err(told)
    }

    /// How a login stands.
    ///
    /// # Errors
    /// [`LoginStoreError::Read`].
    pub async fn standing(&self, login: &Login) -> Result<Standing, LoginStoreError> {
        let item = self.table.get(&place(login), Freshness::Latest).await?;
        Ok(match item {
            None => Standing::Pending,
            Some(item) if item.number("taken") != Some(0) => Standing::Taken,
            Some(item) => Standing::Done(item.text("user").unwrap_or_default().to_owned()),
        })
    }

    /// Notes that its key is fetched: it is, once.
    ///
    /// # Errors
    /// [`LoginStoreError::Done`].
    pub async fn take(&self, login: &Login) -> Result<(), LoginStoreError> {
        let changes = vec![Change::Set("taken".to_owned(), 1.into())];
        let when = vec![Condition::Equals("taken".to_owned(), 0.into())];
        self.table.write(Write::Update { key: place(login), changes, when }).await.map(drop).map_err(told)
    }
}

fn told(error: WriteError) -> LoginStoreError {
    match error {
        WriteError::ConditionFailed { .. } | WriteError::Conflict => LoginStoreError::Done,
        error => LoginStoreError::Write(error),
    }
}

fn place(login: &Login) -> Key {
    Key::new(format!("SSO_LOGIN#{}", login.stored_as()), "LOGIN")
}
